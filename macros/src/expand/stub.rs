//! The methods by which other code calls an object's actions.
//!
//! ```ignore
//! /// Posts a message.
//! pub fn say(&self, text: impl __rt::Arg<String>) -> __rt::CallOf<Result<u64, RoomError>> {
//!     __rt::Stub::core(self).call("say", __rt::Mode::Write, (__rt::Arg::<String>::into_arg(text),))
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::allows;
use crate::model::action::{Action, Mode};
use crate::model::block::Block;
use crate::syntax::types::without_self;

/// The impl of the stub.
pub(crate) fn methods(block: &Block) -> TokenStream {
    if block.actions.is_empty() {
        return TokenStream::new();
    }
    let (stub, allows) = (&block.stub_path, allows());
    let methods = block.actions.iter().map(|action| method(action, block));
    quote! {
        #[automatically_derived]
        #allows
        impl #stub { #(#methods)* }
    }
}

fn method(action: &Action, block: &Block) -> TokenStream {
    let (cfgs, ident, name) = (&action.cfgs, &action.ident, &action.name);
    let docs = action.docs.attrs_or(&format!("Calls `{name}`."));
    let names: Vec<_> = action.params.iter().map(|param| &param.ident).collect();
    let types: Vec<_> = action
        .params
        .iter()
        .map(|param| without_self(&param.ty, &block.self_path))
        .collect();
    let output = without_self(&action.output.ty, &block.self_path);
    let output = match (&action.job, action.output.streams, action.output.fallible) {
        (Some(_), ..) => quote!(__rt::Call<__rt::Accepted, __rt::JobError>),
        (None, true, true) => quote!(__rt::StreamCallOf<#output>),
        (None, true, false) => quote!(__rt::StreamCall<#output>),
        (None, false, true) => quote!(__rt::CallOf<#output>),
        (None, false, false) => quote!(__rt::Call<#output, ::core::convert::Infallible>),
    };
    let mode = match action.mode {
        // What a call does is to note the job.
        _ if action.job.is_some() => quote!(Write),
        Mode::Query => quote!(Read),
        Mode::Command => quote!(Write),
        Mode::Process => quote!(Free),
    };
    // A type that cannot travel is told of where it stands.
    let span = action
        .params
        .first()
        .map_or_else(Span::mixed_site, |param| param.ty.span());
    let args = quote_spanned!(span=> (#(__rt::Arg::<#types>::into_arg(#names),)*));
    quote! {
        #cfgs
        #docs
        pub fn #ident(&self #(, #names: impl __rt::Arg<#types>)*) -> #output {
            __rt::Stub::core(self).call(
                #name,
                __rt::Mode::#mode,
                #args,
            )
        }
    }
}
