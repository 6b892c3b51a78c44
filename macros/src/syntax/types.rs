//! The little that macros may know of a type: its last segment, whether it borrows, where it says `Self`.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Path, Type};

/// A type without the invisible groups that `macro_rules` leaves around it.
pub(crate) fn ungroup(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungroup(&group.elem),
        Type::Paren(paren) => ungroup(&paren.elem),
        other => other,
    }
}

/// The name of the type, without its path and arguments.
pub(crate) fn last_segment(ty: &Type) -> Option<String> {
    match ungroup(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The type in the brackets, of a type with that name and one argument.
pub(crate) fn argument_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let named = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)?;
    let syn::PathArguments::AngleBracketed(brackets) = &named.arguments else {
        return None;
    };
    match brackets.args.first() {
        Some(syn::GenericArgument::Type(inner)) if brackets.args.len() == 1 => Some(inner),
        _ => None,
    }
}

/// The first type in the brackets.
pub(crate) fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let syn::PathArguments::AngleBracketed(brackets) = &path.path.segments.last()?.arguments else {
        return None;
    };
    match brackets.args.first() {
        Some(syn::GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

/// The first lifetime other than `'static` or the first `&` in a type.
pub(crate) fn borrow_in(tokens: &impl ToTokens) -> Option<TokenTree> {
    let mut trees = tokens.to_token_stream().into_iter().peekable();
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Punct(punct) if punct.as_char() == '&' => return Some(tree),
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match trees.peek() {
                Some(TokenTree::Ident(ident)) if ident == "static" => {}
                _ => return Some(tree),
            },
            TokenTree::Group(group) => {
                if let Some(found) = borrow_in(&group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// An `impl Trait` type, or a type that has one inside.
pub(crate) fn impl_trait_in(ty: &Type) -> Option<&Type> {
    match ungroup(ty) {
        Type::ImplTrait(_) => Some(ty),
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .filter_map(|segment| match &segment.arguments {
                syn::PathArguments::AngleBracketed(list) => Some(list),
                _ => None,
            })
            .flat_map(|list| list.args.iter())
            .find_map(|arg| match arg {
                syn::GenericArgument::Type(ty) => impl_trait_in(ty),
                _ => None,
            }),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(impl_trait_in),
        _ => None,
    }
}

/// The tokens with `Self` written out, for code that stands in another impl.
pub(crate) fn without_self(tokens: &impl ToTokens, path: &Path) -> TokenStream {
    let mut out = TokenStream::new();
    for tree in tokens.to_token_stream() {
        match tree {
            TokenTree::Ident(ident) if ident == "Self" => path.to_tokens(&mut out),
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_self(&group.stream(), path));
                inner.set_span(group.span());
                TokenTree::from(inner).to_tokens(&mut out);
            }
            other => other.to_tokens(&mut out),
        }
    }
    out
}
