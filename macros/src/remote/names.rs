//! Rust names for what another app calls as it likes.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};

use crate::syntax::names::snake;

/// Names given out in one scope.
#[derive(Default)]
pub(super) struct Scope(BTreeSet<String>);

impl Scope {
    /// `wanted`, or the first of `wanted2`, `wanted3`, .. that is free.
    pub(super) fn claim(&mut self, wanted: &str) -> Ident {
        let mut name = wanted.to_owned();
        let mut number = 2_u32;
        while !self.0.insert(name.clone()) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        ident(&name)
    }
}

/// An identifier, raw where it is a keyword.
pub(super) fn ident(text: &str) -> Ident {
    let parsed = syn::parse_str::<Ident>(text).or_else(|_| syn::parse_str(&format!("r#{text}")));
    parsed.unwrap_or_else(|_| {
        let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let plain: String = text.chars().filter(|&char| plain(char)).collect();
        let ident = match plain.chars().next() {
            Some(first) if !first.is_ascii_digit() && plain.chars().any(|char| char != '_') => {
                format!("{plain}_")
            }
            _ => format!("_{plain}_"),
        };
        Ident::new(&ident, Span::call_site())
    })
}

/// `chat-room` and `chat_room` become `ChatRoom`; what is that already stays.
pub(super) fn pascal(wire: &str) -> String {
    let mut name = String::new();
    for word in wire.split(|char: char| !char.is_alphanumeric()) {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, 'T');
    }
    if name.is_empty() {
        "Unnamed".to_owned()
    } else {
        name
    }
}

/// `maxWait` and `max-wait` become `max_wait`.
pub(super) fn member(wire: &str) -> String {
    let plain: String = wire
        .chars()
        .map(|char| if char.is_alphanumeric() { char } else { '_' })
        .collect();
    let name = snake(&plain);
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return format!("_{name}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_an_identifier() {
        for (wire, typed, field) in [
            ("chat-room", "ChatRoom", "chat_room"),
            ("maxWait", "MaxWait", "max_wait"),
            ("type", "Type", "r#type"),
            ("self", "Self_", "self_"),
            ("2fast", "T2fast", "_2fast"),
            ("", "Unnamed", "___"),
            ("a*/b", "AB", "a_b"),
            ("größe", "Größe", "größe"),
            ("x²", "X_", "x_"),
        ] {
            assert_eq!(ident(&pascal(wire)).to_string(), typed, "{wire}");
            assert_eq!(ident(&member(wire)).to_string(), field, "{wire}");
        }
        let mut scope = Scope::default();
        let names = ["a", "a", "match"].map(|name| scope.claim(name).to_string());
        assert_eq!(names, ["a", "a2", "r#match"]);
    }
}
