//! Clients and the one order of all edits, without the object.

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;

use super::{Seed, after, fitting, put, seed};
use crate::change::{apply, transform};
use crate::{Edited, Outgoing, Replica};

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
