//! Patterns of texts: the part of regular expressions that schemas (ECMA-262 with the flag `u`), the `regex` crate and
//! other linear engines read alike. What is outside of it is refused here, with what to write instead.
//!
//! Natively the `regex` crate matches, on Workers the platform's `RegExp`. The two differ in what `.`, `\d`, `\w`, `\s`
//! and classes mean, so the native form spells the characters out.

mod ambiguity;
mod parse;
mod print;
mod set;

pub(crate) use set::Set;

/// How many characters a pattern may stand for when its counts are written out.
const MAX_POSITIONS: usize = 2_000;

/// A pattern, as a tree.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// One character.
    One(Set),
    Start,
    End,
    Boundary,
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: usize,
        max: Option<usize>,
    },
}

/// Why a pattern is refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

impl Refused {
    fn new(message: impl Into<String>, help: &'static str) -> Self {
        Self {
            message: message.into(),
            help,
        }
    }
}

/// The same pattern as the `regex` crate writes it, if both engines read it alike.
pub(crate) fn translate(source: &str) -> Result<String, Refused> {
    let node = parse::parse(source)?;
    if positions(&node).is_none_or(|count| count > MAX_POSITIONS) {
        return Err(Refused::new(
            format!("the pattern stands for more than {MAX_POSITIONS} characters"),
            "repeat with `*` or `+`, and bound the length by `max_length`",
        ));
    }
    ambiguity::check(&node)?;
    Ok(print::print(&node))
}

/// How many characters it stands for with its counts written out.
fn positions(node: &Node) -> Option<usize> {
    match node {
        Node::One(_) => Some(1),
        Node::Start | Node::End | Node::Boundary => Some(0),
        Node::Sequence(nodes) | Node::Choice(nodes) => nodes
            .iter()
            .try_fold(0_usize, |sum, node| sum.checked_add(positions(node)?)),
        Node::Repeat { node, min, max } => {
            let times = max.unwrap_or(*min).max(1);
            positions(node)?.checked_mul(times)
        }
    }
}

#[cfg(test)]
mod tests;
