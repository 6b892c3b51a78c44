//! Writing a pattern for the `regex` crate, with every character spelt out.

use std::fmt::Write as _;

use super::{Node, Set};

pub(super) fn print(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

// Writing to a String cannot fail.
fn write(node: &Node, out: &mut String) {
    match node {
        Node::One(set) => write_set(set, out),
        Node::Start => out.push('^'),
        Node::End => out.push('$'),
        Node::Boundary => out.push_str("(?-u:\\b)"),
        Node::Sequence(nodes) => nodes.iter().for_each(|node| match node {
            Node::Choice(_) => write_group(node, out),
            node => write(node, out),
        }),
        Node::Choice(branches) => {
            for (index, branch) in branches.iter().enumerate() {
                if index > 0 {
                    out.push('|');
                }
                write(branch, out);
            }
        }
        Node::Repeat { node, min, max } => {
            match &**node {
                Node::One(_) => write(node, out),
                node => write_group(node, out),
            }
            let _ = match (min, max) {
                (0, None) => write!(out, "*"),
                (1, None) => write!(out, "+"),
                (0, Some(1)) => write!(out, "?"),
                (min, None) => write!(out, "{{{min},}}"),
                (min, Some(max)) if min == max => write!(out, "{{{min}}}"),
                (min, Some(max)) => write!(out, "{{{min},{max}}}"),
            };
        }
    }
}

fn write_group(node: &Node, out: &mut String) {
    out.push_str("(?:");
    write(node, out);
    out.push(')');
}

fn write_set(set: &Set, out: &mut String) {
    if let [(first, last)] = set.ranges()
        && first == last
    {
        return write_char(*first, out);
    }
    out.push('[');
    for (first, last) in set.ranges() {
        write_char(*first, out);
        if first < last {
            out.push('-');
            write_char(*last, out);
        }
    }
    out.push(']');
}

fn write_char(code: u32, out: &mut String) {
    match char::from_u32(code) {
        Some(char) if char.is_ascii_alphanumeric() => out.push(char),
        _ => {
            let _ = write!(out, "\\x{{{code:x}}}");
        }
    }
}
