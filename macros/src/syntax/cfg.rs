//! The conditions of an item, to be put on everything generated for it.

use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt as _, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// `#[cfg(..)]`, and the `cfg` inside `#[cfg_attr(condition, cfg(..))]`.
#[derive(Clone, Default)]
pub(crate) struct Cfgs(Vec<TokenStream>);

impl Cfgs {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut cfgs = Vec::new();
        for attr in attrs {
            if attr.path().is_ident("cfg") {
                cfgs.push(attr.to_token_stream());
            } else if attr.path().is_ident("cfg_attr")
                && let Meta::List(list) = &attr.meta
                && let Ok((condition, metas)) = split.parse2(list.tokens.clone())
            {
                let kept = metas.iter().filter(|meta| meta.path().is_ident("cfg"));
                cfgs.extend(kept.map(|meta| quote!(#[cfg_attr(#condition, #meta)])));
            }
        }
        Self(cfgs)
    }

    /// Whether the item is always there.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn split(input: ParseStream<'_>) -> syn::Result<(Meta, Vec<Meta>)> {
    let condition = input.parse()?;
    input.parse::<Token![,]>()?;
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated(input)?;
    Ok((condition, metas.into_iter().collect()))
}

impl ToTokens for Cfgs {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.0);
    }
}
