//! The derives that `#[data]` and `#[event]` add, less what the user derives already.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Path, Token};

use crate::paths::Rt;

/// `#[derive(..)]` and the paths that the derived code needs.
pub(crate) fn data_derives(attrs: &[Attribute], rt: &Rt) -> TokenStream {
    let present = derived(attrs);
    let private = rt.private();
    let wanted = [
        ("Debug", quote!(::core::fmt::Debug)),
        ("Clone", quote!(::core::clone::Clone)),
        ("Serialize", quote!(#private::serde::Serialize)),
        ("Deserialize", quote!(#private::serde::Deserialize)),
        ("JsonSchema", quote!(#private::schemars::JsonSchema)),
    ];
    let missing: Vec<&(&str, TokenStream)> = wanted
        .iter()
        .filter(|(name, _)| !present.iter().any(|have| have == name))
        .collect();
    let adds = |name: &str| missing.iter().any(|(have, _)| *have == name);
    let paths = missing.iter().map(|(_, path)| path);
    let mut out = quote!(#[derive(#(#paths),*)]);
    if (adds("Serialize") || adds("Deserialize")) && !names_crate(attrs, "serde") {
        let path = rt.text_of("serde");
        out.extend(quote!(#[serde(crate = #path)]));
    }
    if adds("JsonSchema") && !names_crate(attrs, "schemars") {
        let path = rt.text_of("schemars");
        out.extend(quote!(#[schemars(crate = #path)]));
    }
    if missing.is_empty() {
        TokenStream::new()
    } else {
        out
    }
}

/// The last segments of everything in `#[derive(..)]`.
fn derived(attrs: &[Attribute]) -> Vec<String> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("derive"))
        .filter_map(|attr| {
            attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .filter_map(|path| {
            path.segments
                .last()
                .map(|segment| segment.ident.to_string())
        })
        .collect()
}

/// Whether `#[serde(crate = ..)]` is there already.
fn names_crate(attrs: &[Attribute], helper: &str) -> bool {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident(helper))
        .any(|attr| {
            let mut found = false;
            // Keys that are not of the form `key = value` end the search early; they are not ours to judge.
            let _ = attr.parse_nested_meta(|meta| {
                found |= meta.path.is_ident("crate");
                if meta.input.peek(Token![=]) {
                    meta.value()?.parse::<syn::Expr>()?;
                }
                Ok(())
            });
            found
        })
}
