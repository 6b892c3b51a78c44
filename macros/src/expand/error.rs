//! `#[derive(ActionError)]`: text, wire form and back.
//!
//! ```ignore
//! const __E0: __rt::ErrorInfo = __rt::ErrorInfo { code: "room.full", status: 409, .. };
//! impl Display for RoomError { .. }  impl Error for RoomError {}
//! impl __rt::ActionError for RoomError { const ERRORS = &[__E0, ..]; fn to_wire; fn from_wire }
//! ```

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::{Ident, Member};

use super::local;
use crate::model::error::{Errors, Variant};
use crate::syntax::names::unraw;

/// The implementations.
pub(crate) fn expand(errors: &Errors) -> TokenStream {
    let ident = &errors.ident;
    let import = errors.rt.import();
    let details = errors
        .variants
        .iter()
        .enumerate()
        .map(|(index, it)| details(errors, index, it));
    let infos = errors
        .variants
        .iter()
        .enumerate()
        .map(|(index, variant)| info(index, variant));
    let list = errors.variants.iter().enumerate().map(|(index, variant)| {
        let (cfgs, info) = (&variant.cfgs, info_ident(index));
        quote!(#cfgs #info)
    });
    let display = errors.variants.iter().map(display);
    let to_wire = errors
        .variants
        .iter()
        .enumerate()
        .map(|(index, it)| to_wire(index, it));
    let from_wire = errors
        .variants
        .iter()
        .enumerate()
        .map(|(index, it)| from_wire(index, it));
    // The code that schemars derives leans on these two being in scope.
    let traits = errors
        .variants
        .iter()
        .any(|variant| !variant.fields.is_empty())
        .then(|| {
            quote! {
                #[allow(unused_imports, reason = "in the prelude, where there is one")]
                use ::core::convert::From as _;
                #[allow(unused_imports, reason = "in the prelude, where there is one")]
                use ::core::convert::Into as _;
            }
        });
    // A match on the reference to an enum without variants has to be on the value.
    let this = if errors.variants.is_empty() {
        quote!(*self)
    } else {
        quote!(self)
    };
    quote! {
        const _: () = {
            #import
            #traits
            #(#details)*
            #(#infos)*
            #[automatically_derived]
            impl ::core::fmt::Display for #ident {
                fn fmt(&self, __out: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match #this { #(#display)* }
                }
            }
            #[automatically_derived]
            impl ::core::error::Error for #ident {}
            #[automatically_derived]
            impl __rt::ActionError for #ident {
                const ERRORS: &'static [__rt::ErrorInfo] = &[#(#list),*];
                fn to_wire(&self) -> __rt::WireError {
                    match #this { #(#to_wire)* }
                }
                fn from_wire(wire: &__rt::WireError) -> ::core::option::Option<Self> {
                    match &*wire.code {
                        #(#from_wire)*
                        _ => ::core::option::Option::None,
                    }
                }
            }
        };
    }
}

fn info_ident(index: usize) -> Ident {
    format_ident!("__E{index}")
}

fn details_ident(index: usize) -> Ident {
    format_ident!("__Details{index}")
}

/// `Self::Full`, or `Self` for a struct.
fn constructor(variant: &Variant) -> TokenStream {
    variant
        .ident
        .as_ref()
        .map_or_else(|| quote!(Self), |ident| quote!(Self::#ident))
}

/// `{ max: __f0, 1: __f1 }` with the fields of the given indices.
fn pattern(variant: &Variant, used: &[usize]) -> TokenStream {
    let members = used.iter().filter_map(|&index| {
        let (field, binding) = (variant.fields.get(index)?, binding(index));
        let member = &field.member;
        Some(quote!(#member: #binding,))
    });
    let rest = (used.len() < variant.fields.len()).then(|| quote!(..));
    let constructor = constructor(variant);
    quote!(#constructor { #(#members)* #rest })
}

fn binding(index: usize) -> Ident {
    local(&format!("__f{index}"))
}

fn all(variant: &Variant) -> Vec<usize> {
    (0..variant.fields.len()).collect()
}

/// A struct of the fields, generic so that it serves for writing by reference and for reading.
fn details(errors: &Errors, index: usize, variant: &Variant) -> TokenStream {
    if variant.fields.is_empty() {
        return TokenStream::new();
    }
    let (cfgs, name) = (&variant.cfgs, details_ident(index));
    let generics: Vec<_> = all(variant)
        .iter()
        .map(|index| format_ident!("__T{index}"))
        .collect();
    let members = all(variant).into_iter().map(binding);
    let names = variant.fields.iter().map(|field| &field.name);
    let title = format!(
        "{}{}",
        unraw(&errors.ident),
        variant.ident.as_ref().map(unraw).unwrap_or_default()
    );
    let (serde, schemars) = (errors.rt.text_of("serde"), errors.rt.text_of("schemars"));
    quote! {
        #cfgs
        #[derive(__rt::serde::Serialize, __rt::serde::Deserialize, __rt::schemars::JsonSchema)]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars, rename = #title)]
        struct #name<#(#generics),*> { #(#[serde(rename = #names)] #members: #generics),* }
    }
}

fn info(index: usize, variant: &Variant) -> TokenStream {
    let (cfgs, info, code, status) = (
        &variant.cfgs,
        info_ident(index),
        &variant.code,
        variant.status,
    );
    let retryable = variant.retryable;
    let docs = if variant.docs.is_empty() {
        variant.message.text.to_token_stream()
    } else {
        variant.docs.expr()
    };
    let describer = local("describer");
    let describe = if variant.fields.is_empty() {
        quote!(|_| {})
    } else {
        let (details, types) = (
            details_ident(index),
            variant.fields.iter().map(|field| &field.ty),
        );
        quote!(|#describer| #describer.details_of::<#details<#(#types),*>>())
    };
    quote! {
        #cfgs
        const #info: __rt::ErrorInfo = __rt::ErrorInfo {
            code: #code,
            status: #status,
            retryable: #retryable,
            docs: #docs,
            details: #describe,
        };
    }
}

fn display(variant: &Variant) -> TokenStream {
    let (cfgs, format) = (&variant.cfgs, &variant.message.format);
    let pattern = pattern(variant, &variant.message.used);
    let args = variant.message.used.iter().map(|&index| {
        let binding = binding(index);
        quote!(, #binding = #binding)
    });
    quote!(#cfgs #pattern => ::core::write!(__out, #format #(#args)*),)
}

fn to_wire(index: usize, variant: &Variant) -> TokenStream {
    let (cfgs, info, pattern) = (
        &variant.cfgs,
        info_ident(index),
        pattern(variant, &all(variant)),
    );
    let details = if variant.fields.is_empty() {
        quote!(())
    } else {
        let (details, members) = (details_ident(index), all(variant).into_iter().map(binding));
        quote!(#details { #(#members),* })
    };
    quote! {
        #cfgs
        #pattern => __rt::failure(&#info, ::std::string::ToString::to_string(self), &#details),
    }
}

fn from_wire(index: usize, variant: &Variant) -> TokenStream {
    let (cfgs, code, constructor) = (&variant.cfgs, &variant.code, constructor(variant));
    if variant.fields.is_empty() {
        return quote!(#cfgs #code => ::core::option::Option::Some(#constructor {}),);
    }
    let (details, types) = (
        details_ident(index),
        variant.fields.iter().map(|field| &field.ty),
    );
    let members: Vec<&Member> = variant.fields.iter().map(|field| &field.member).collect();
    let bindings: Vec<Ident> = all(variant).into_iter().map(binding).collect();
    quote! {
        #cfgs
        #code => __rt::details::<#details<#(#types),*>>(wire)
            .map(|#details { #(#bindings),* }| #constructor { #(#members: #bindings),* }),
    }
}
