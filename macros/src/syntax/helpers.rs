//! Finding our attributes among the user's, and taking them off the item before it is given back.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, Meta};

use crate::diag::Diag;
use crate::paths::Rt;

/// Every attribute of ours that stands inside an item, with where it belongs.
const HELPERS: &[(&str, &str)] = &[
    (
        "action",
        "on a method of a `#[durable_object]` or `#[mixin]` impl",
    ),
    (
        "event",
        "on a method of a `#[durable_object]` or `#[mixin]` impl, or on an event type",
    ),
    ("param", "on a parameter of an action"),
    ("state", "on a field of a durable object or mixin"),
    ("transient", "on a field of a durable object or mixin"),
    (
        "mixin",
        "on a field of a durable object, on a struct or on its impl",
    ),
    ("durable_object", "on a struct and on its impl"),
];

/// Where an attribute of ours belongs.
pub(crate) fn belongs(name: &str) -> &'static str {
    HELPERS
        .iter()
        .find(|(helper, _)| *helper == name)
        .map_or("elsewhere", |(_, at)| *at)
}

/// The name of our attribute that this is, if it is one.
fn helper_name(attr: &Attribute, rt: &Rt) -> Option<&'static str> {
    let mut segments = attr.path().segments.iter();
    let (first, last) = (segments.next()?, attr.path().segments.last()?);
    let ours = attr.path().segments.len() == 1 || rt.is_runtime(&first.ident.to_string());
    let (name, _) = HELPERS.iter().find(|(helper, _)| last.ident == helper)?;
    ours.then_some(*name)
}

/// Our attributes, taken off a place.
#[derive(Default)]
pub(crate) struct Taken(Vec<(&'static str, Attribute)>);

impl Taken {
    /// Takes every attribute of ours out of `attrs`.
    pub(crate) fn from(attrs: &mut Vec<Attribute>, rt: &Rt, diag: &mut Diag) -> Self {
        let mut taken = Vec::new();
        let mut rest = Vec::with_capacity(attrs.len());
        for attr in attrs.drain(..) {
            match helper_name(&attr, rt) {
                Some(name) => taken.push((name, attr)),
                None if hides_helper(&attr) => {
                    diag.error(&attr, "our attributes cannot stand in `cfg_attr`")
                        .help(
                            "put `#[cfg(..)]` on the whole item and write the attribute as it is",
                        );
                }
                None => rest.push(attr),
            }
        }
        *attrs = rest;
        Self(taken)
    }

    /// Takes one attribute; a second of the same name is reported.
    pub(crate) fn one(&mut self, name: &str, diag: &mut Diag) -> Option<Attribute> {
        let mut found: Option<Attribute> = None;
        let mut rest = Vec::with_capacity(self.0.len());
        for (helper, attr) in self.0.drain(..) {
            if helper != name {
                rest.push((helper, attr));
            } else if found.is_none() {
                found = Some(attr);
            } else {
                diag.error(&attr, format!("`#[{name}]` is given twice"))
                    .help(format!("gather the keys in one `#[{name}(..)]`"));
            }
        }
        self.0 = rest;
        found
    }

    /// Reports what nobody took: it stands at a place where it means nothing.
    pub(crate) fn refuse_rest(self, place: &str, diag: &mut Diag) {
        for (name, attr) in self.0 {
            diag.error(&attr, format!("`#[{name}]` means nothing on {place}"))
                .help(format!("it belongs {}", belongs(name)));
        }
    }
}

/// Whether a `cfg_attr` carries one of our attributes.
fn hides_helper(attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else {
        return false;
    };
    if !attr.path().is_ident("cfg_attr") {
        return false;
    }
    let mut after_comma = false;
    let mut trees = list.tokens.clone().into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == ',' => after_comma = true,
            TokenTree::Ident(ident) if after_comma => {
                after_comma = false;
                // `state` and the like are words of other attributes as well; ours stand alone or take a list.
                let alone = match trees.peek() {
                    None | Some(TokenTree::Group(_)) => true,
                    Some(TokenTree::Punct(punct)) => punct.as_char() == ',',
                    Some(_) => false,
                };
                if alone && HELPERS.iter().any(|(helper, _)| ident == helper) {
                    return true;
                }
            }
            _ => after_comma = false,
        }
    }
    false
}

/// Takes our attributes off tokens that could not be parsed, so that no second error follows.
pub(crate) fn strip_tokens(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for tree in tokens {
        if let TokenTree::Group(group) = &tree {
            let after_pound =
                matches!(out.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
            if after_pound && group.delimiter() == Delimiter::Bracket {
                let first = group.stream().into_iter().next();
                let ours = matches!(&first, Some(TokenTree::Ident(ident))
                    if HELPERS.iter().any(|(helper, _)| ident == helper));
                if ours {
                    out.pop();
                } else {
                    out.push(tree);
                }
                continue;
            }
            let mut inner =
                proc_macro2::Group::new(group.delimiter(), strip_tokens(group.stream()));
            inner.set_span(group.span());
            out.push(inner.into());
        } else {
            out.push(tree);
        }
    }
    out.into_iter()
        .map(quote::ToTokens::into_token_stream)
        .collect()
}
