//! Changes by themselves: what two of them come to, in either order.

use proptest::prelude::*;

use super::{after, base, cut, fitting, put, replace, seed};
use crate::change::{Change, apply, difference, moved, transform, units};

/// Both ways; they must be one.
fn both(text: &str, first: &[Change], second: &[Change]) -> String {
    let (one, other) = transform(first.to_vec(), second.to_vec()).unwrap();
    let merged = after(&after(text, first), &other);
    assert_eq!(
        after(&after(text, second), &one),
        merged,
        "{text:?}: {first:?} and {second:?}"
    );
    merged
}

#[test]
fn what_both_meant_is_done() {
    let merge = |one: Change, other: Change| both("0123456789", &[one], &[other]);
    assert_eq!(merge(put(3, "a"), put(3, "b")), "012ab3456789");
    assert_eq!(merge(cut(2, 4), cut(4, 4)), "0189");
    assert_eq!(merge(cut(2, 6), cut(4, 1)), "0189");
    assert_eq!(merge(cut(4, 1), cut(2, 6)), "0189");
    // What is typed within what another one removes stays.
    assert_eq!(merge(cut(1, 8), put(5, "new")), "0new9");
    assert_eq!(merge(put(5, "new"), cut(1, 8)), "0new9");
    assert_eq!(merge(replace(0, 5, "A"), replace(3, 5, "B")), "AB89");
    assert_eq!(merge(replace(3, 5, "B"), replace(0, 5, "A")), "AB89");
    assert_eq!(merge(replace(0, 9, "A"), replace(3, 2, "B")), "AB9");
    assert_eq!(merge(replace(3, 2, "A"), replace(3, 2, "B")), "012AB56789");
    assert_eq!(merge(replace(3, 2, "A"), put(3, "B")), "012AB56789");
    assert_eq!(both("a😀b", &[put(3, "x")], &[put(1, "é")]), "aé😀xb");
}

#[test]
fn positions_are_utf16_units() {
    assert_eq!(units("a😀é"), 4);
    assert_eq!(after("a😀b", &[cut(1, 2)]), "ab");
    for (at, remove) in [(2, 0), (1, 1), (4, 1), (5, 0), (u32::MAX, 1)] {
        assert!(
            !apply(&mut "a😀b".to_owned(), &[cut(at, remove)]),
            "{at} {remove}"
        );
    }
    assert_eq!(difference("a😀b", "a😁b"), [replace(1, 2, "😁")]);
}

#[test]
fn cursors_go_with_the_text() {
    assert_eq!(moved(5, &[put(2, "ab")]), 7);
    assert_eq!(moved(5, &[put(5, "ab")]), 5);
    assert_eq!(moved(5, &[cut(3, 4)]), 3);
    assert_eq!(moved(5, &[replace(3, 4, "x")]), 4);
    assert_eq!(moved(5, &[cut(0, 2), put(0, "x")]), 4);
}

fn edits(text: &str, seeds: &[(u16, u16, usize)]) -> Vec<Change> {
    let mut text = text.to_owned();
    let made = seeds.iter().map(|seed| {
        let change = fitting(&text, *seed);
        text = after(&text, std::slice::from_ref(&change));
        change
    });
    made.collect()
}

/// What the merge of two single changes is by its definition: which characters are left, and what stands before each.
fn merged(text: &str, first: &Change, second: &Change) -> String {
    let mut result = String::new();
    let mut at = 0;
    let gone = |of: &Change, at| of.at <= at && at < of.at + of.remove;
    for char in text.chars().map(Some).chain([None]) {
        for change in [first, second].into_iter().filter(|change| change.at == at) {
            result.push_str(&change.insert);
        }
        if let Some(char) = char {
            if !gone(first, at) && !gone(second, at) {
                result.push(char);
            }
            at += units(char.encode_utf8(&mut [0; 4]));
        }
    }
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_changes_merge_as_defined(text in base(), one in seed(), other in seed()) {
        let (one, other) = (fitting(&text, one), fitting(&text, other));
        let merge = both(&text, std::slice::from_ref(&one), std::slice::from_ref(&other));
        prop_assert_eq!(merge, merged(&text, &one, &other));
    }

    #[test]
    fn lists_of_changes_come_to_the_same_text(
        text in base(),
        first in proptest::collection::vec(seed(), 0..6),
        second in proptest::collection::vec(seed(), 0..6),
    ) {
        both(&text, &edits(&text, &first), &edits(&text, &second));
    }

    #[test]
    fn differences_lead_there(from in base(), to in base()) {
        prop_assert_eq!(after(&from, &difference(&from, &to)), to);
    }

    /// What a stranger sends may be any numbers.
    #[test]
    fn nothing_panics(numbers in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<bool>()), 2..12)) {
        let changes = numbers.into_iter().map(|(at, remove, put)| {
            replace(at, remove, if put { "x" } else { "" })
        });
        let mut changes: Vec<_> = changes.collect();
        let others = changes.split_off(changes.len() / 2);
        moved(others[0].at, &changes);
        transform(changes, others);
    }
}
