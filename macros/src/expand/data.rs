//! `#[event]` on a type: what the runtime knows of it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::paths::Rt;
use crate::syntax::docs::Docs;

/// ```ignore
/// impl __rt::Event for Said { const NAME: &'static str = "said"; const DOCS: &'static str = ".."; }
/// ```
pub(crate) fn event(ident: &Ident, name: &str, docs: &Docs, rt: &Rt) -> TokenStream {
    let (import, docs) = (rt.import(), docs.expr());
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            impl __rt::Event for #ident {
                const NAME: &'static str = #name;
                const DOCS: &'static str = #docs;
            }
        };
    }
}
