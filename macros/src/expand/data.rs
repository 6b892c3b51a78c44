//! `#[event]` on a type: what the runtime knows of it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::attrs::action::Auth;
use crate::paths::Rt;
use crate::syntax::docs::Docs;

/// ```ignore
/// impl __rt::Event for Said { const NAME: &'static str = "said"; const DOCS: &'static str = ".."; }
/// ```
pub(crate) fn event(ident: &Ident, name: &str, auth: &Auth, docs: &Docs, rt: &Rt) -> TokenStream {
    let (import, docs) = (rt.import(), docs.expr());
    let auth = match auth {
        Auth::Public => Some(quote!(__rt::Auth::Public)),
        Auth::Scope(scope) => Some(quote!(__rt::Auth::Scope(#scope))),
        Auth::Caller | Auth::Internal => None,
    };
    let auth = auth.map(|auth| quote!(const AUTH: __rt::Auth = #auth;));
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            impl __rt::Event for #ident {
                const NAME: &'static str = #name;
                const DOCS: &'static str = #docs;
                #auth
            }
        };
    }
}
