//! Whatever is edited at once, in whatever order it arrives: all come to the same text.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong in a test fails it"
)]

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;
use stayput::prelude::*;
use stayput::testing::Harness;

use crate::change::{Change, apply, difference, moved, transform, units};
use crate::{Document, DocumentError, Edited, Outgoing, Replica, app};

const KEPT: u64 = crate::KEPT as u64;

fn put(at: u32, insert: &str) -> Change {
    Change {
        at,
        remove: 0,
        insert: insert.to_owned(),
    }
}

fn cut(at: u32, remove: u32) -> Change {
    Change {
        at,
        remove,
        insert: String::new(),
    }
}

fn replace(at: u32, remove: u32, insert: &str) -> Change {
    Change {
        remove,
        ..put(at, insert)
    }
}

fn after(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    assert!(apply(&mut text, changes), "{changes:?} do not fit {text:?}");
    text
}

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

/// A change that fits, made of three numbers.
fn fitting(text: &str, (at, remove, word): (u16, u16, usize)) -> Change {
    let mut places: Vec<u32> = vec![0];
    for char in text.chars() {
        places.push(places.last().unwrap() + units(char.encode_utf8(&mut [0; 4])));
    }
    let at = usize::from(at) % places.len();
    // Mostly short, now and then all there is.
    let most = if remove % 7 == 0 { places.len() } else { 5 };
    let end = (at + usize::from(remove) % most).min(places.len() - 1);
    let insert = ["", "a", "bc", "😀", "é\n", "long enough"][word % 6].to_owned();
    Change {
        at: places[at],
        remove: places[end] - places[at],
        insert,
    }
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

type Seed = (u16, u16, usize);

fn seed() -> impl Strategy<Value = Seed> {
    (any::<u16>(), any::<u16>(), 0_usize..6)
}

fn base() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        proptest::sample::select(vec!['a', 'b', '\n', 'é', '😀']),
        0..20,
    )
    .prop_map(String::from_iter)
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

/// What happens next in a random run, and to whom.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody changes their text.
    Change(Seed),
    /// Somebody sends what they have.
    Send,
    /// What somebody sent arrives.
    Arrive,
    /// Somebody hears so many of the edits that they have not heard.
    Hear(usize),
    /// Somebody's connection is lost, with all that was on its way; they come back at once.
    Cut,
    /// Somebody was away for too long and begins from the text as it is.
    Resync,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => seed().prop_map(Step::Change),
        3 => Just(Step::Send),
        3 => Just(Step::Arrive),
        3 => (0_usize..4).prop_map(Step::Hear),
        1 => Just(Step::Cut),
        1 => Just(Step::Resync),
    ]
}

/// The object without the object: the one order of all edits.
#[derive(Default)]
struct Order {
    text: String,
    edits: Vec<Edited>,
}

impl Order {
    fn edit(&mut self, Outgoing { base, id, changes }: Outgoing) {
        let since = &self.edits[base as usize..];
        if since.iter().any(|made| made.id == id) {
            return;
        }
        let since = since.iter().flat_map(|made| made.changes.clone()).collect();
        let (_, changes) = transform(since, changes).unwrap();
        assert!(
            apply(&mut self.text, &changes),
            "{changes:?} do not fit {:?}",
            self.text
        );
        let version = self.edits.len() as u64 + 1;
        self.edits.push(Edited {
            version,
            id,
            by: String::new(),
            changes,
        });
    }
}

#[derive(Default)]
struct Author {
    replica: Replica,
    on_its_way: VecDeque<Outgoing>,
    heard: usize,
}

impl Author {
    /// In the wrong order, and twice: a connection that is made anew tells what the old one told.
    fn hear(&mut self, order: &Order, count: usize) {
        let end = self.heard.saturating_add(count).min(order.edits.len());
        let from = self.heard.saturating_sub(1);
        for edited in order.edits[from..end].iter().rev() {
            self.replica.receive(edited.clone());
        }
        self.heard = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_clients_come_to_the_text_of_the_object(
        authors in 2_usize..6,
        steps in proptest::collection::vec((any::<usize>(), step()), 1..120),
    ) {
        let mut order = Order::default();
        let mut authors: Vec<Author> = (0..authors).map(|_| Author::default()).collect();
        let count = authors.len();
        let mut ids = 0..;
        let mut next = || ids.next().unwrap_or(0).to_string();
        for (who, step) in steps {
            let author = &mut authors[who % count];
            match step {
                Step::Change(seed) => {
                    let change = fitting(author.replica.text(), seed);
                    prop_assert!(author.replica.change(change));
                }
                Step::Send => author.on_its_way.extend(author.replica.send(&mut next)),
                Step::Arrive => author.on_its_way.pop_front().into_iter().for_each(|sent| order.edit(sent)),
                Step::Hear(count) => author.hear(&order, count),
                Step::Cut => {
                    // What is lost may have arrived or not, and arrives again.
                    author.hear(&order, usize::MAX);
                    author.on_its_way.extend(author.replica.send_again());
                }
                Step::Resync => {
                    // Of an edit that is on its way nobody would know whether it is in that text.
                    if author.on_its_way.is_empty() {
                        author.hear(&order, usize::MAX);
                        author.replica.resync(&order.text, order.edits.len() as u64);
                    }
                }
            }
        }
        // At last everything arrives.
        for _ in 0..3 * count {
            for author in &mut authors {
                author.hear(&order, usize::MAX);
                author.on_its_way.extend(author.replica.send(&mut next));
                for sent in author.on_its_way.drain(..) {
                    order.edit(sent);
                }
                author.hear(&order, usize::MAX);
            }
        }
        for author in &authors {
            prop_assert!(author.replica.is_settled());
            prop_assert_eq!(author.replica.text(), &order.text);
        }
        let ids: BTreeSet<_> = order.edits.iter().map(|made| &made.id).collect();
        prop_assert_eq!(ids.len(), order.edits.len(), "made twice");
    }
}

/// Nobody's words are lost, whatever others remove around them.
#[test]
fn a_client_that_begins_anew_keeps_what_it_has_not_sent() {
    let mut replica = Replica::default();
    replica.resync("one two three", 7);
    assert!(replica.change(put(7, ", and a half,")));
    replica.resync("ONE two three", 2_000);
    assert_eq!(replica.text(), "ONE two, and a half, three");
    let sent = replica.send(|| "1".to_owned()).unwrap();
    assert_eq!(
        (sent.base, after("ONE two three", &sent.changes)),
        (2_000, replica.text().to_owned())
    );
}

#[stayput::test]
async fn edits_are_fitted_in_and_told(t: &Harness) {
    let notes = Document::named(t, "notes");
    notes
        .edit(0u64, "a", vec![put(0, "hello world")])
        .await
        .unwrap();
    let ann = t.connect(&notes).await.unwrap();
    ann.subscribe(&["edited", "joined", "left", "selected"])
        .await
        .unwrap();
    let hers = Document::named(&ann, "notes");
    let welcome = hers.join("ann", None).await.unwrap();
    assert_eq!(
        (welcome.version, welcome.text.as_deref()),
        (1, Some("hello world"))
    );
    hers.select(1u64, 6, 11).await.unwrap();

    let ben = t.connect(&notes).await.unwrap();
    ben.subscribe(&["edited", "selected"]).await.unwrap();
    let his = Document::named(&ben, "notes");
    let welcome = his.join("ben", 0u64).await.unwrap();
    assert_eq!((welcome.text, welcome.edits.len()), (None, 1));
    assert_eq!(
        welcome
            .people
            .iter()
            .map(|it| (&*it.name, it.anchor, it.head))
            .collect::<Vec<_>>(),
        [("ann", 6, 11), ("ben", 0, 0)]
    );
    t.settle().await;
    assert_eq!(ann.next::<crate::Joined>().unwrap().person.name, "ben");

    // Both at once, for the same version; the second one without a connection.
    assert_eq!(
        his.edit(1u64, "b", vec![replace(0, 5, "Hi")])
            .await
            .unwrap(),
        2
    );
    assert_eq!(notes.edit(1u64, "c", vec![put(5, ",")]).await.unwrap(), 3);
    assert_eq!(notes.read().await.unwrap().text, "Hi, world");
    t.settle().await;
    for author in [&ann, &ben] {
        let told: Vec<_> = std::iter::from_fn(|| author.next::<Edited>())
            .map(|it| (it.version, it.id))
            .collect();
        assert_eq!(told, [(2, "b".to_owned()), (3, "c".to_owned())]);
    }
    // The selection went with its word, the author's cursor stands behind what they wrote.
    let people = notes.people().await.unwrap();
    assert_eq!(
        people
            .iter()
            .map(|it| (it.anchor, it.head))
            .collect::<Vec<_>>(),
        [(4, 9), (2, 2)]
    );

    // Sent again, it is made once; and what does not fit changes nothing.
    assert_eq!(notes.edit(1u64, "c", vec![put(5, ",")]).await.unwrap(), 3);
    for (changes, id) in [
        (vec![put(99, "x")], "d"),
        (vec![], "e"),
        (vec![put(0, "\r\n")], "f"),
    ] {
        assert!(notes.edit(3u64, id, changes).await.is_err(), "{id}");
    }
    t.restart().await;
    assert_eq!(
        notes.read().await.unwrap(),
        crate::Text {
            text: "Hi, world".to_owned(),
            version: 3
        }
    );
    assert_eq!(notes.people().await.unwrap(), []);
}

#[stayput::test]
async fn an_edit_of_a_text_that_is_too_old_is_refused(t: &Harness) {
    let notes = Document::named(t, "notes");
    let changes = |count: u64| (0..count).map(|_| put(0, "x"));
    for (id, change) in changes(KEPT + 1).enumerate() {
        notes
            .edit(id as u64, id.to_string(), vec![change])
            .await
            .unwrap();
    }
    let stale = notes.edit(0u64, "late", vec![put(0, "y")]).await;
    assert!(
        matches!(
            stale,
            Err(CallError::Failed(DocumentError::Stale {
                base: 0,
                oldest: 1
            }))
        ),
        "{stale:?}"
    );
    let unknown = notes.edit(KEPT + 2, "early", vec![put(0, "y")]).await;
    assert!(
        matches!(
            unknown,
            Err(CallError::Failed(DocumentError::Unknown { .. }))
        ),
        "{unknown:?}"
    );
    assert_eq!(
        notes
            .edit(1u64, "in time", vec![put(1, "y")])
            .await
            .unwrap(),
        KEPT + 2
    );
    let ann = t.connect(&notes).await.unwrap();
    let welcome = Document::named(&ann, "notes")
        .join("ann", 0u64)
        .await
        .unwrap();
    assert_eq!((welcome.edits.len(), welcome.version), (0, KEPT + 2));
    assert_eq!(welcome.text.map(|text| units(&text)), Some(crate::KEPT + 2));
}
