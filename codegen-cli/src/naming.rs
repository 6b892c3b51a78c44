//! Names: from the wire to identifiers and tool names, unique and the same on every run.

use std::collections::BTreeSet;

/// Names given out in one scope.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    taken: BTreeSet<String>,
}

impl Scope {
    /// A scope in which these are taken already.
    pub(crate) fn reserving(names: &[&str]) -> Self {
        Self {
            taken: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// `wanted`, or the first of `wanted_2`, `wanted_3`, .. that is free.
    pub(crate) fn claim(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2_u32;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }
}

/// Whether the text is an identifier of JavaScript as it stands (keywords aside). Names that start with `$` are ours.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
        && chars.all(unicode_ident::is_xid_continue)
}

/// An identifier for a member: the name itself if it is one, otherwise its words in camel case.
pub(crate) fn member_ident(wire: &str) -> String {
    if is_identifier(wire) {
        wire.to_owned()
    } else {
        join_words(wire, false)
    }
}

/// An identifier for a type: the name itself if it is one, otherwise its words in Pascal case.
pub(crate) fn type_ident(wire: &str) -> String {
    if is_identifier(wire) {
        wire.to_owned()
    } else {
        join_words(wire, true)
    }
}

/// The words of a name, in Pascal case (`fail_after_write` to `FailAfterWrite`).
pub(crate) fn pascal(wire: &str) -> String {
    let mut text = String::new();
    for word in wire.split(|char| char == '_' || !unicode_ident::is_xid_continue(char)) {
        push_capitalised(&mut text, word);
    }
    text
}

fn join_words(wire: &str, capital: bool) -> String {
    let mut text = String::new();
    for word in wire.split(|char| !unicode_ident::is_xid_continue(char)) {
        if text.is_empty() && !capital {
            text.push_str(word);
        } else {
            push_capitalised(&mut text, word);
        }
    }
    if !is_identifier(&text) {
        text.insert(0, '_');
    }
    text
}

fn push_capitalised(text: &mut String, word: &str) {
    let mut chars = word.chars();
    if let Some(first) = chars.next() {
        text.push(first.to_ascii_uppercase());
        text.push_str(chars.as_str());
    }
}

/// The longest tool name that every vendor and every client accepts.
const TOOL_NAME: usize = 64;

/// A tool's name: `class_action`, of `[A-Za-z0-9_-]` only, starting with a letter or `_`, at most 64 characters. Where
/// that loses something, a digest of the full name keeps it apart from others.
pub(crate) fn tool_name(class: &str, action: &str) -> String {
    let plain = tool_name_plain(class, action);
    // Kebab case to snake case, and a mixin's dot, are the normal course and cost no digest.
    let expected = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    if plain.len() <= TOOL_NAME && expected(class) && expected(action) {
        plain
    } else {
        tool_name_digest(class, action)
    }
}

/// The name with a digest, for those that are too long, unusual or not unique.
pub(crate) fn tool_name_digest(class: &str, action: &str) -> String {
    let mut name = tool_name_plain(class, action);
    name.truncate(TOOL_NAME - 9);
    format!("{name}_{:08x}", digest(&format!("{class}/{action}")))
}

fn tool_name_plain(class: &str, action: &str) -> String {
    let mut name = String::new();
    for char in class.chars().chain(['_']).chain(action.chars()) {
        name.push(if char.is_ascii_alphanumeric() {
            char
        } else {
            '_'
        });
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        name.insert(0, '_');
    }
    name
}

/// FNV-1a folded to 32 bits: a digest to tell names apart, not to keep secrets.
fn digest(text: &str) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    u32::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_stay_and_others_become_camel_case() {
        for (wire, member, typed) in [
            ("fail_after_write", "fail_after_write", "fail_after_write"),
            ("chat-room", "chatRoom", "ChatRoom"),
            ("größe", "größe", "größe"),
            ("2fast", "_2fast", "_2fast"),
            ("", "_", "_"),
            ("$mine", "mine", "Mine"),
            ("a*/b", "aB", "AB"),
        ] {
            assert_eq!(
                (member_ident(wire), type_ident(wire)),
                (member.into(), typed.into()),
                "{wire}"
            );
        }
        assert_eq!(pascal("fail_after_write"), "FailAfterWrite");
    }

    #[test]
    fn a_taken_name_is_numbered() {
        let mut scope = Scope::reserving(&["Promise"]);
        assert_eq!(scope.claim("Promise"), "Promise_2");
        assert_eq!(scope.claim("A"), "A");
        assert_eq!(scope.claim("A"), "A_2");
    }

    #[test]
    fn tool_names_keep_every_vendor_s_rule() {
        assert_eq!(
            tool_name("chat-room", "presence.list"),
            "chat_room_presence_list"
        );
        let long = "x".repeat(80);
        for (class, action) in [
            ("counter", long.as_str()),
            ("größe", "lösche"),
            ("9", "a b"),
            ("", ""),
        ] {
            let name = tool_name(class, action);
            assert!(name.len() <= 64, "{name}");
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
                "{name}"
            );
            assert!(
                !name.starts_with(|first: char| first.is_ascii_digit()),
                "{name}"
            );
        }
        assert_ne!(tool_name("a", "ö"), tool_name("a", "ü"));
    }
}
