//! Sets of characters.

/// Characters, as sorted ranges that do not touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set(Vec<(u32, u32)>);

/// What ends a line for `.`.
const LINE_ENDS: &[(u32, u32)] = &[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)];
const DIGITS: &[(u32, u32)] = &[(0x30, 0x39)];
const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
const SPACE: &[(u32, u32)] = &[
    (0x09, 0x0d),
    (0x20, 0x20),
    (0xa0, 0xa0),
    (0x1680, 0x1680),
    (0x2000, 0x200a),
    (0x2028, 0x2029),
    (0x202f, 0x202f),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
    (0xfeff, 0xfeff),
];
const SURROGATES: (u32, u32) = (0xd800, 0xdfff);
const LAST: u32 = 0x0010_ffff;

impl Set {
    pub(crate) fn one(char: char) -> Self {
        Self(vec![(char.into(), char.into())])
    }

    pub(crate) fn range(first: char, last: char) -> Self {
        Self(vec![(first.into(), last.into())])
    }

    /// `.`
    pub(crate) fn any() -> Self {
        Self(LINE_ENDS.to_vec()).inverse()
    }

    /// The set of `\d`, `\w`, `\s` and their opposites.
    pub(crate) fn class(letter: char) -> Option<Self> {
        let ranges = match letter.to_ascii_lowercase() {
            'd' => DIGITS,
            'w' => WORD,
            's' => SPACE,
            _ => return None,
        };
        let set = Self(ranges.to_vec());
        Some(if letter.is_ascii_uppercase() {
            set.inverse()
        } else {
            set
        })
    }

    pub(crate) fn union(sets: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<_> = sets.into_iter().flat_map(|set| set.0).collect();
        all.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in all {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// All other characters. A text has no surrogates.
    pub(crate) fn inverse(&self) -> Self {
        let taken = Self::union([self.clone(), Self(vec![SURROGATES])]);
        let mut free = Vec::new();
        let mut next = 0;
        for (first, last) in taken.0 {
            if next < first {
                free.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            free.push((next, LAST));
        }
        Self(free)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().any(|(first, last)| {
            let mut others = other.0.iter();
            others.any(|(from, to)| first <= to && from <= last)
        })
    }

    pub(crate) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }
}
