//! `#[event]` on a type: what the runtime knows of it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::attrs::action::Auth;
use crate::attrs::event::Kept;
use crate::model::event::Event;
use crate::paths::Rt;

/// ```ignore
/// impl __rt::Event for Said { const NAME: &'static str = "said"; const DOCS: &'static str = ".."; }
/// ```
pub(crate) fn event(event: &Event<'_>, rt: &Rt) -> TokenStream {
    let Event {
        ident,
        name,
        args,
        docs,
        key,
    } = event;
    let (import, docs) = (rt.import(), docs.expr());
    let auth = match &args.auth {
        Auth::Public => Some(quote!(__rt::Auth::Public)),
        Auth::Scope(scope) => Some(quote!(__rt::Auth::Scope(#scope))),
        Auth::Caller | Auth::Internal => None,
    };
    let auth = auth.map(|auth| quote!(const AUTH: __rt::Auth = #auth;));
    let kept = match &args.kept {
        Kept::Nothing => None,
        Kept::Latest(_) => Some(quote!(__rt::Kept::Latest)),
        Kept::Log(keep, hours) => {
            let keep = keep.as_ref().map_or_else(
                || quote!(__rt::Kept::COUNT),
                quote::ToTokens::to_token_stream,
            );
            let hours = hours.as_ref().map_or_else(
                || quote!(::std::option::Option::None),
                |hours| quote!(::std::option::Option::Some(#hours)),
            );
            Some(quote!(__rt::Kept::log(#keep, #hours)))
        }
    };
    let kept = kept.map(|kept| quote!(const KEPT: __rt::Kept = #kept;));
    let objects = (args.objects).then(|| {
        quote!(
            const OBJECTS: bool = true;
        )
    });
    let for_objects = (args.objects).then(|| {
        quote! {
            #[automatically_derived]
            impl __rt::ForObjects for #ident {}
        }
    });
    let can_subscribe = args.can_subscribe.as_ref().map(|function| {
        quote! {
            const CAN_SUBSCRIBE: ::std::option::Option<fn(&__rt::Subscriber<'_>) -> bool> =
                ::std::option::Option::Some(#function);
        }
    });
    let view = args.view.as_ref().map(|function| {
        quote! {
            const VIEW: ::std::option::Option<fn(&Self, &__rt::Connection) -> ::std::option::Option<Self>> =
                ::std::option::Option::Some(#function);
        }
    });
    let key = key.as_ref().map(|field| {
        quote_spanned! {field.span()=>
            fn key(&self) -> ::std::string::String {
                ::std::string::ToString::to_string(&self.#field)
            }
        }
    });
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            impl __rt::Event for #ident {
                const NAME: &'static str = #name;
                const DOCS: &'static str = #docs;
                #auth
                #kept
                #objects
                #can_subscribe
                #view
                #key
            }
            #for_objects
        };
    }
}
