//! Text of others inside our source: comments and literals that nothing can break out of.

use std::fmt::Write as _;

/// A string literal. Nothing in it can end the literal, a line, or a script element that holds the source.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            '<' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(literal, "\\u{:04x}", u32::from(char));
            }
            char if char.is_control() => {
                let _ = write!(literal, "\\u{:04x}", u32::from(char));
            }
            char => literal.push(char),
        }
    }
    literal.push('"');
    literal
}

/// The name of a member, quoted if need be.
pub(super) fn key(name: &str) -> String {
    if crate::naming::is_identifier(name) {
        name.to_owned()
    } else {
        string(name)
    }
}

/// A doc comment at this depth, or nothing for an empty text.
pub(super) fn doc(text: &str, indent: &str) -> String {
    let safe = comment(text.trim());
    let lines: Vec<&str> = safe.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let mut comment = format!("{indent}/**\n");
            for line in lines {
                let _ = writeln!(
                    comment,
                    "{indent} *{}{line}",
                    if line.is_empty() { "" } else { " " }
                );
            }
            let _ = writeln!(comment, "{indent} */");
            comment
        }
    }
}

/// A text for a comment of one line.
pub(super) fn one_line(text: &str) -> String {
    comment(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Takes from a text what would end the comment it stands in, or be an order to a compiler or a browser.
fn comment(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => safe.push(char),
            '\u{2028}' | '\u{2029}' | '\u{85}' => safe.push('\n'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
            char if char.is_control() => {}
            char => safe.push(char),
        }
    }
    safe.replace("*/", "*\\/")
        .replace("</", "<\\/")
        .replace("@ts-", "&#64;ts-")
        .replace("sourceMappingURL", "source mapping URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_holds_whatever_it_is_given() {
        assert_eq!(
            string("a\"\\\n\u{2028}</script>\u{7}"),
            r#""a\"\\\n\u2028\u003c/script>\u0007""#
        );
        assert_eq!(key("by"), "by");
        assert_eq!(key("a b"), "\"a b\"");
        assert_eq!(key("$id"), "\"$id\"");
    }

    #[test]
    fn a_comment_ends_where_it_should() {
        assert_eq!(
            doc("a */ b </script> @ts-ignore", ""),
            "/** a *\\/ b <\\/script> &#64;ts-ignore */\n"
        );
        assert_eq!(
            doc("a\u{2028}*\u{7}/ b", "  "),
            "  /**\n   * a\n   * *\\/ b\n   */\n"
        );
        assert_eq!(doc(" \n", ""), "");
        assert_eq!(one_line("a\nb"), "a b");
        // What is left when one pair is escaped must not make another.
        assert!(!doc("**//*/", "").trim_end_matches("*/\n").contains("*/"));
    }
}
