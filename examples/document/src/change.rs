//! Changes of a text, and what becomes of them when others were made at the same time.
//!
//! Positions and lengths are in UTF-16 code units, as in JavaScript and in browsers' text fields. A list of changes is made one
//! after the other: each position is one in the text that the changes before it have left.

use stayput::prelude::*;

/// One change: some units are removed, and a text takes their place. With `remove` 0 it is an insertion, without `insert` a
/// deletion, with both a replacement.
#[data]
#[derive(PartialEq)]
pub struct Change {
    /// Where, in UTF-16 units.
    pub at: u32,
    /// How many units are removed there.
    #[serde(default)]
    pub remove: u32,
    /// What is put there.
    #[serde(default)]
    pub insert: String,
}

/// Where a change is that has been made, and how long: all that others need to know of it.
#[derive(Clone, Copy)]
struct Shape {
    at: u32,
    end: u32,
    added: u32,
}

fn width(char: char) -> u32 {
    1 + u32::from(char > '\u{ffff}')
}

/// How long a text is, in UTF-16 units.
pub fn units(text: &str) -> u32 {
    let units = text.chars().map(width);
    units.fold(0, u32::saturating_add)
}

/// The byte at which a unit begins; `None` beyond the end and between the two halves of a character.
fn byte(text: &str, unit: u32) -> Option<usize> {
    let mut at = 0;
    for (byte, char) in text.char_indices() {
        if at >= unit {
            return (at == unit).then_some(byte);
        }
        at += width(char);
    }
    (at == unit).then_some(text.len())
}

/// Makes changes, one after the other; `false` at one that does not fit the text, which is then half changed.
pub fn apply(text: &mut String, changes: &[Change]) -> bool {
    changes.iter().all(|change| {
        let end = change.at.checked_add(change.remove);
        let range = byte(text, change.at).zip(end.and_then(|end| byte(text, end)));
        if let Some((start, end)) = range {
            text.replace_range(start..end, &change.insert);
        }
        range.is_some()
    })
}

/// Where a position is after changes. What is put right at it comes behind it.
pub fn moved(position: u32, changes: &[Change]) -> u32 {
    changes.iter().fold(position, |at, change| {
        let shape = change.shape();
        if at <= shape.at {
            at
        } else {
            let past = at.saturating_sub(shape.end);
            shape.at.saturating_add(shape.added).saturating_add(past)
        }
    })
}

/// How much work a transformation may be. Real ones take some hundreds of steps.
pub(crate) const MAX_STEPS: usize = 100_000;

/// Two lists of changes were made to the same text. Answers each as it is to be made after the other, so that
/// `first, then second's answer` and `second, then first's answer` come to the same text: what neither removed stays, what one
/// inserted stays even where the other removed everything around it, and of two texts that are put at one place that of `first`
/// stands before the other.
///
/// `None` if that takes more than 100,000 steps.
pub fn transform(first: Vec<Change>, second: Vec<Change>) -> Option<(Vec<Change>, Vec<Change>)> {
    pairs(first, second, &mut { MAX_STEPS })
}

fn pairs(
    mut first: Vec<Change>,
    mut second: Vec<Change>,
    steps: &mut usize,
) -> Option<(Vec<Change>, Vec<Change>)> {
    if first.is_empty() || second.is_empty() {
        return Some((first, second));
    }
    if first.len() > 1 {
        let rest = first.split_off(first.len() / 2);
        let (mut first, second) = pairs(first, second, steps)?;
        let (rest, second) = pairs(rest, second, steps)?;
        first.extend(rest);
        return Some((first, second));
    }
    if second.len() > 1 {
        let rest = second.split_off(second.len() / 2);
        let (first, mut second) = pairs(first, second, steps)?;
        let (first, rest) = pairs(first, rest, steps)?;
        second.extend(rest);
        return Some((first, second));
    }
    let (first, second) = (first.pop()?, second.pop()?);
    // The length of what is inserted is counted anew each time.
    *steps = steps.checked_sub(1 + (first.insert.len() + second.insert.len()) / 64)?;
    let (one, other) = (first.shape(), second.shape());
    Some((first.after(other, true), second.after(one, false)))
}

impl Change {
    fn shape(&self) -> Shape {
        Shape {
            at: self.at,
            end: self.at.saturating_add(self.remove),
            added: units(&self.insert),
        }
    }

    /// This change as it is to be made where another one has been made already: nothing, one, or two where the other's text has
    /// come to stand within what this one removes.
    fn after(self, other: Shape, is_first: bool) -> Vec<Self> {
        let Shape { at, end, added } = self.shape();
        let beyond = |at: u32| {
            other
                .at
                .saturating_add(other.added)
                .saturating_add(at - other.end)
        };
        // Where its own text goes.
        let place = if at < other.at || (at == other.at && is_first) {
            at
        } else {
            beyond(at.max(other.end))
        };
        // What is left to remove before the other change, and behind it.
        let before = end.min(other.at).saturating_sub(at);
        let from = at.max(other.end);
        let behind = end.saturating_sub(from);
        let from = beyond(from);
        if from == place.saturating_add(before) {
            let remove = before + behind;
            return Self {
                at: place,
                remove,
                ..self
            }
            .unless_nothing()
            .into_iter()
            .collect();
        }
        let rest = Self {
            at: (from - before).saturating_add(added),
            remove: behind,
            insert: String::new(),
        };
        let whole = Self {
            at: place,
            remove: before,
            ..self
        };
        whole
            .unless_nothing()
            .into_iter()
            .chain(rest.unless_nothing())
            .collect()
    }

    fn unless_nothing(self) -> Option<Self> {
        (self.remove > 0 || !self.insert.is_empty()).then_some(self)
    }
}

/// The one change that leads from a text to another: what both begin and end with is left alone.
pub fn difference(from: &str, to: &str) -> Vec<Change> {
    let same = |one: char, other: char| (one == other).then_some(one);
    let start: usize = from
        .chars()
        .zip(to.chars())
        .map_while(|(one, other)| same(one, other))
        .map(char::len_utf8)
        .sum();
    let (from, to, before) = (&from[start..], &to[start..], &from[..start]);
    let end: usize = from
        .chars()
        .rev()
        .zip(to.chars().rev())
        .map_while(|(one, other)| same(one, other))
        .map(char::len_utf8)
        .sum();
    let change = Change {
        at: units(before),
        remove: units(&from[..from.len() - end]),
        insert: to[..to.len() - end].to_owned(),
    };
    change.unless_nothing().into_iter().collect()
}
