//! Records without a field, and attempts that fail alone: both against a model.

use std::collections::BTreeMap;

use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

/// Records, in order.
type Pairs = Vec<(String, i64)>;

/// A change of the records.
#[data]
pub enum Step {
    Put(String, i64),
    Delete(String),
    DeletePrefix(String),
    /// From the first key on, up to the second.
    DeleteRange(String, String),
    /// Steps that are all undone, if it says so.
    Attempt(Vec<Self>, bool),
}

#[derive(Debug, ActionError)]
#[error(prefix = "shelf")]
pub enum ShelfError {
    /// On purpose.
    #[error(code = "undone", status = 409)]
    Undone,
}

/// Something was done.
#[event]
pub struct Done {
    pub step: u64,
}

#[mixin]
struct Side {
    count: u64,
}

#[mixin]
impl Side {
    #[action(internal)]
    fn add(&mut self, cx: &mut Context<Self>) -> u64 {
        let _ = cx.attempt(self, |side, cx| {
            side.count += 100;
            cx.records_mut().put("side", &1);
            Err::<(), _>(ShelfError::Undone)
        });
        let _ = cx.attempt(self, |side, cx| {
            side.count += 1;
            cx.records_mut().put("side", &side.count);
            Ok::<_, ShelfError>(())
        });
        self.count
    }

    #[action(public)]
    fn seen(&self, cx: &Context<Self>) -> (u64, Option<u64>) {
        (self.count, cx.records().get("side"))
    }
}

#[durable_object(events(Done))]
struct Shelf {
    steps: u64,
    done: Vec<u64>,
    notes: Map<String, i64>,
    #[mixin]
    side: Side,
}

impl Shelf {
    fn walk(&mut self, cx: &mut Context<Self>, steps: Vec<Step>) {
        for step in steps {
            self.steps += 1;
            cx.emit(Done { step: self.steps });
            match step {
                Step::Put(key, value) => {
                    cx.records_mut().put(&key, &value);
                    self.notes.insert(key, value);
                }
                Step::Delete(key) => {
                    let gone = cx.records_mut().delete(&key);
                    assert_eq!(gone, self.notes.remove(&key).is_some());
                }
                Step::DeletePrefix(prefix) => {
                    let keys = self.notes.keys().filter(|key| key.starts_with(&prefix));
                    let keys: Vec<String> = keys.collect();
                    let gone = cx.records_mut().delete_prefix(&prefix);
                    assert_eq!(gone, keys.len() as u64);
                    for key in keys {
                        self.notes.discard(&key);
                    }
                }
                Step::DeleteRange(from, to) => {
                    let keys = self.notes.keys().filter(|key| *key >= from && *key < to);
                    let keys: Vec<String> = keys.collect();
                    let gone = cx.records_mut().delete_range(&*from..&*to);
                    assert_eq!(gone, keys.len() as u64);
                    for key in keys {
                        self.notes.discard(&key);
                    }
                }
                Step::Attempt(steps, undone) => {
                    let outcome = cx.attempt(self, |shelf, cx| {
                        shelf.walk(cx, steps);
                        if undone {
                            Err(ShelfError::Undone)
                        } else {
                            Ok(())
                        }
                    });
                    assert_eq!(outcome.is_err(), undone);
                }
            }
        }
    }
}

#[durable_object]
impl Shelf {
    #[action]
    fn change(
        &mut self,
        cx: &mut Context<Self>,
        steps: Vec<Step>,
        fail: bool,
    ) -> Result<(), ShelfError> {
        self.walk(cx, steps);
        if fail {
            Err(ShelfError::Undone)
        } else {
            Ok(())
        }
    }

    #[action]
    fn add_side(&mut self, cx: &mut Context<Self>) -> u64 {
        self.side.add(&mut cx.side())
    }

    #[action]
    fn all(&self, cx: &Context<Self>) -> (u64, Vec<u64>, Pairs, Pairs) {
        let records = cx.records().list().into_iter().collect();
        (
            self.steps,
            self.done.clone(),
            records,
            self.notes.iter().collect(),
        )
    }

    #[action]
    fn list(
        &self,
        cx: &Context<Self>,
        prefix: String,
        after: String,
        end: String,
        limit: usize,
        reverse: bool,
    ) -> Vec<(String, i64)> {
        let list = cx
            .records()
            .list()
            .prefix(&prefix)
            .start_after(&after)
            .end(&end)
            .limit(limit);
        let list = if reverse { list.reverse() } else { list };
        list.into_iter().collect()
    }

    #[action]
    fn wrong(&self, cx: &Context<Self>, key: String) -> Option<String> {
        cx.records().get(&key)
    }

    #[action]
    fn panics_within(&mut self, cx: &mut Context<Self>) {
        let _ = cx.attempt(self, |shelf, _| -> Result<(), ShelfError> {
            shelf.steps = 1_000;
            panic!("within an attempt")
        });
    }

    #[event(Done)]
    fn on_done(&mut self, done: Done) {
        self.done.push(done.step);
    }
}

stayput::app!(Shelf);

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn key(&mut self) -> String {
        let letters = ["", "a", "b", "é", "/", "\u{10ffff}"];
        let length = 1 + self.throw(3);
        (0..length)
            .map(|_| letters[self.throw(6) as usize])
            .collect()
    }

    fn steps(&mut self, depth: u64) -> Vec<Step> {
        let count = 1 + self.throw(5);
        let step = |dice: &mut Self| match dice.throw(if depth < 3 { 10 } else { 8 }) {
            0..=4 => Step::Put(dice.key(), i64::from(dice.throw(1_000))),
            5 => Step::Delete(dice.key()),
            6 => Step::DeletePrefix(dice.key()),
            7 => {
                let (one, other) = (dice.key(), dice.key());
                Step::DeleteRange(one.clone().min(other.clone()), one.max(other))
            }
            _ => Step::Attempt(dice.steps(depth + 1), dice.throw(2) == 0),
        };
        (0..count).map(|_| step(self)).collect()
    }
}

/// What there should be: records, steps, and which were told.
#[derive(Clone, Default)]
struct Model {
    records: BTreeMap<String, i64>,
    steps: u64,
    told: Vec<u64>,
}

impl Model {
    fn walk(&mut self, steps: &[Step]) {
        for step in steps {
            self.steps += 1;
            self.told.push(self.steps);
            match step {
                Step::Put(key, value) => {
                    self.records.insert(key.clone(), *value);
                }
                Step::Delete(key) => {
                    self.records.remove(key);
                }
                Step::DeletePrefix(prefix) => {
                    self.records.retain(|key, _| !key.starts_with(prefix));
                }
                Step::DeleteRange(from, to) => {
                    self.records.retain(|key, _| !(*key >= *from && *key < *to));
                }
                Step::Attempt(steps, undone) => {
                    let mut inner = self.clone();
                    inner.walk(steps);
                    if !undone {
                        *self = inner;
                    }
                }
            }
        }
    }
}

#[test]
fn records_and_attempts_behave_like_their_model() {
    for seed in 0..12 {
        testing::run(app(), async |t| {
            let (mut dice, mut model) = (Dice(seed), Model::default());
            let shelf = Shelf::named(t, "left");
            for round in 0..25 {
                let (steps, fails) = (dice.steps(0), dice.throw(4) == 0);
                let outcome = shelf.change(steps.clone(), fails).await;
                assert_eq!(
                    outcome.is_err(),
                    fails,
                    "seed {seed}, round {round}: {outcome:?}"
                );
                if !fails {
                    model.walk(&steps);
                }
                match dice.throw(12) {
                    0 => t.evict().await,
                    1 => t.restart().await,
                    _ => {}
                }
                let (count, told, records, notes) = shelf.all().await.unwrap();
                let expected: Vec<_> = model.records.clone().into_iter().collect();
                assert_eq!(
                    (count, &told),
                    (model.steps, &model.told),
                    "seed {seed}, round {round}"
                );
                assert_eq!(records, expected, "seed {seed}, round {round}");
                assert_eq!(notes, expected, "seed {seed}, round {round}");
            }
            for _ in 0..40 {
                let (prefix, after, end) = (dice.key(), dice.key(), dice.key());
                let (limit, reverse) = (dice.throw(9), dice.throw(2) == 0);
                let is_in = |key: &String| key.starts_with(&prefix) && *key > after && *key < end;
                let all = model.records.clone().into_iter();
                let mut expected: Vec<_> = all.filter(|(key, _)| is_in(key)).collect();
                if reverse {
                    expected.reverse();
                }
                expected.truncate(limit as usize);
                let listed = shelf
                    .list(&*prefix, &*after, &*end, limit as usize, reverse)
                    .await;
                assert_eq!(listed.unwrap(), expected, "seed {seed}");
            }
        });
    }
}

#[test]
fn a_mixins_attempts_and_records_are_its_own() {
    testing::run(app(), async |t| {
        let shelf = Shelf::named(t, "left");
        assert_eq!(shelf.add_side().await.unwrap(), 1);
        assert_eq!(shelf.add_side().await.unwrap(), 2);
        t.restart().await;
        assert_eq!(shelf.side().seen().await.unwrap(), (2, Some(2)));
        assert_eq!(shelf.all().await.unwrap().2, []);
    });
}

#[test]
fn a_panic_in_an_attempt_undoes_the_whole_action() {
    testing::run(app(), async |t| {
        let shelf = Shelf::named(t, "left");
        shelf
            .change(vec![Step::Put("a".to_owned(), 1)], false)
            .await
            .unwrap();
        assert_eq!(code(shelf.panics_within().await), "internal");
        let (steps, ..) = shelf.all().await.unwrap();
        assert_eq!(steps, 1);
        shelf
            .change(vec![Step::Put("b".to_owned(), 2)], false)
            .await
            .unwrap();
        assert_eq!(shelf.all().await.unwrap().2.len(), 2);
    });
}

#[test]
fn a_value_of_another_type_and_a_key_too_long_are_told() {
    testing::run(app(), async |t| {
        let shelf = Shelf::named(t, "left");
        shelf
            .change(vec![Step::Put("a".to_owned(), 1)], false)
            .await
            .unwrap();
        assert_eq!(code(shelf.wrong("a").await), "state.unreadable");
        let long = "x".repeat(2_048);
        assert_eq!(
            code(shelf.change(vec![Step::Put(long, 1)], false).await),
            "state.unstorable"
        );
    });
}
