//! Doc comments: as attributes for generated items, and as the text that descriptions are made of.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, Expr, Lit, Meta};

use crate::attrs::literal;

/// The doc comment of one item.
#[derive(Clone, Default)]
pub(crate) struct Docs {
    attrs: Vec<Attribute>,
    lines: Vec<Line>,
}

#[derive(Clone)]
enum Line {
    Text(String),
    /// `#[doc = include_str!(..)]` and the like, kept as it is.
    Macro(TokenStream),
}

impl Docs {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut docs = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
            let Meta::NameValue(pair) = &attr.meta else {
                continue;
            };
            match (literal(&pair.value), &pair.value) {
                (Some(Lit::Str(text)), _) => {
                    let text = text.value();
                    docs.lines.extend(text.split('\n').map(|line| {
                        Line::Text(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned())
                    }));
                }
                (None, Expr::Macro(call)) => docs.lines.push(Line::Macro(call.to_token_stream())),
                _ => continue,
            }
            docs.attrs.push(attr.clone());
        }
        docs
    }

    /// Docs that are one given text.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            attrs: Vec::new(),
            lines: vec![Line::Text(text.to_owned())],
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The attributes as the user wrote them, or one that says `fallback`.
    pub(crate) fn attrs_or(&self, fallback: &str) -> TokenStream {
        if self.attrs.is_empty() {
            let fallback = format!(" {fallback}");
            return quote!(#[doc = #fallback]);
        }
        self.attrs
            .iter()
            .map(quote::ToTokens::to_token_stream)
            .collect()
    }

    /// The whole text as an expression: a literal, or `concat!` where a macro is part of it.
    pub(crate) fn expr(&self) -> TokenStream {
        let mut parts: Vec<TokenStream> = Vec::new();
        let mut text = String::new();
        let mut has_macro = false;
        for (index, line) in self.lines.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            match line {
                Line::Text(line) => text.push_str(line),
                Line::Macro(call) => {
                    has_macro = true;
                    if !text.is_empty() {
                        let before = std::mem::take(&mut text);
                        parts.push(quote!(#before));
                    }
                    parts.push(call.clone());
                }
            }
        }
        if !has_macro {
            let text = text.trim_matches('\n');
            return quote!(#text);
        }
        if !text.is_empty() {
            parts.push(quote!(#text));
        }
        quote!(::core::concat!(#(#parts),*))
    }

    /// The first paragraph as one line, if it is plain text.
    pub(crate) fn summary(&self) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        for line in &self.lines {
            match line {
                Line::Text(line) if line.trim().is_empty() && words.is_empty() => {}
                Line::Text(line) if line.trim().is_empty() => break,
                Line::Text(line) => words.push(line.trim()),
                Line::Macro(_) => return None,
            }
        }
        (!words.is_empty()).then(|| words.join(" "))
    }
}
