//! A whole object against collections of the standard library, under random actions, nested
//! attempts, failures, commits and wake-ups.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::Live;
use crate::state::FieldCache;

#[derive(Debug, Clone)]
enum Step {
    Topic(String),
    Joins(u64),
    Push(String),
    Edit(u64, String),
    Drop(u64),
    Truncate(u64),
    ClearLog,
    Insert(String, i64),
    Set(String, i64),
    Update(String, i64),
    Remove(String),
    Discard(String),
    ClearMap,
    Join(i32, String),
    Leave(i32, String),
    ClearSet,
    Begin,
    Keep,
    Undo,
    Commit,
    Fail,
    Wake,
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b", "ab", "\0", "\u{1}", "a\0", "/", "é"])
        .prop_map(str::to_owned)
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0_u64..12;
    prop_oneof![
        2 => name().prop_map(Step::Topic),
        2 => (0_u64..3).prop_map(Step::Joins),
        12 => name().prop_map(Step::Push),
        2 => (id.clone(), name()).prop_map(|(id, text)| Step::Edit(id, text)),
        3 => id.clone().prop_map(Step::Drop),
        1 => id.prop_map(Step::Truncate),
        1 => Just(Step::ClearLog),
        6 => (name(), -3..3_i64).prop_map(|(key, value)| Step::Insert(key, value)),
        3 => (name(), -3..3_i64).prop_map(|(key, value)| Step::Set(key, value)),
        3 => (name(), -3..3_i64).prop_map(|(key, value)| Step::Update(key, value)),
        3 => name().prop_map(Step::Remove),
        1 => name().prop_map(Step::Discard),
        1 => Just(Step::ClearMap),
        6 => (-1..2, name()).prop_map(|(room, name)| Step::Join(room, name)),
        3 => (-1..2, name()).prop_map(|(room, name)| Step::Leave(room, name)),
        1 => Just(Step::ClearSet),
        3 => Just(Step::Begin),
        2 => Just(Step::Keep),
        2 => Just(Step::Undo),
        3 => Just(Step::Commit),
        1 => Just(Step::Fail),
        1 => Just(Step::Wake),
    ]
}

/// What the room should be.
#[derive(Debug, Clone, Default)]
struct Model {
    topic: String,
    joins: u64,
    last: u64,
    log: BTreeMap<u64, String>,
    map: BTreeMap<String, i64>,
    set: BTreeSet<(i32, String)>,
}

/// A room and its model, and where both go back to.
struct Pair {
    live: Live,
    model: Model,
    committed: (Model, FieldCache),
    attempts: Vec<(Model, FieldCache)>,
}

impl Pair {
    #[expect(clippy::too_many_lines, reason = "one arm a step")]
    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (room, model) = (&mut self.live.room, &mut self.model);
        match step {
            Step::Topic(topic) => {
                room.topic.clone_from(&topic);
                model.topic = topic;
            }
            Step::Joins(joins) => (room.presence.joins, model.joins) = (joins, joins),
            Step::Push(text) => {
                model.last += 1;
                prop_assert_eq!(room.messages.push(text.clone()), model.last);
                model.log.insert(model.last, text);
            }
            Step::Edit(id, text) => {
                let old = room
                    .messages
                    .update(id, |item| std::mem::replace(item, text.clone()));
                let expected = model.log.get_mut(&id);
                prop_assert_eq!(old, expected.map(|item| std::mem::replace(item, text)));
            }
            Step::Drop(id) => {
                prop_assert_eq!(room.messages.remove(id), model.log.remove(&id).is_some());
            }
            Step::Truncate(id) => {
                let kept = model.log.split_off(&id);
                let gone = std::mem::replace(&mut model.log, kept);
                prop_assert_eq!(room.messages.truncate_before(id), gone.len() as u64);
            }
            Step::ClearLog => {
                room.messages.clear();
                model.log.clear();
            }
            Step::Insert(key, value) => {
                let old = room.scores.insert(key.clone(), value);
                prop_assert_eq!(old, model.map.insert(key, value));
            }
            Step::Set(key, value) => {
                room.scores.set(&key, &value);
                model.map.insert(key, value);
            }
            Step::Update(key, by) => {
                let new = room.scores.update(&key, |value| {
                    *value += by;
                    *value
                });
                let expected = model.map.get_mut(&key).map(|value| {
                    *value += by;
                    *value
                });
                prop_assert_eq!(new, expected);
            }
            Step::Remove(key) => prop_assert_eq!(room.scores.remove(&key), model.map.remove(&key)),
            Step::Discard(key) => {
                prop_assert_eq!(room.scores.discard(&key), model.map.remove(&key).is_some());
            }
            Step::ClearMap => {
                room.scores.clear();
                model.map.clear();
            }
            Step::Join(at, name) => {
                let member = (at, name);
                prop_assert_eq!(
                    room.presence.members.insert(&member),
                    model.set.insert(member)
                );
            }
            Step::Leave(at, name) => {
                let member = (at, name);
                prop_assert_eq!(
                    room.presence.members.remove(&member),
                    model.set.remove(&member)
                );
            }
            Step::ClearSet => {
                room.presence.members.clear();
                model.set.clear();
            }
            Step::Begin => {
                self.live.save();
                self.attempts
                    .push((self.model.clone(), self.live.cache.clone()));
                self.live.records.begin();
            }
            Step::Keep => {
                self.live.records.keep();
                self.attempts.pop();
            }
            Step::Undo => {
                let to = self
                    .attempts
                    .pop()
                    .unwrap_or_else(|| self.committed.clone());
                self.go_back(to);
            }
            Step::Commit => {
                self.live.commit();
                self.attempts.clear();
                self.committed = (self.model.clone(), self.live.cache.clone());
                prop_assert_eq!(self.live.commit(), 0);
            }
            Step::Fail => {
                while self.live.records.depth() > 0 {
                    self.live.records.undo();
                }
                self.attempts.clear();
                self.go_back(self.committed.clone());
            }
            Step::Wake => {
                self.live = Live::wake(&self.live.store);
                self.attempts.clear();
                self.committed.1 = self.live.cache.clone();
                self.model = self.committed.0.clone();
            }
        }
        Ok(())
    }

    fn go_back(&mut self, (model, cache): (Model, FieldCache)) {
        self.live.cache = cache;
        self.model = model;
        self.live.fail();
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (room, model) = (&self.live.room, &self.model);
        prop_assert_eq!(
            (&room.topic, room.presence.joins),
            (&model.topic, model.joins)
        );

        let log: Vec<_> = model.log.clone().into_iter().collect();
        prop_assert_eq!(room.messages.len(), log.len() as u64);
        prop_assert_eq!(room.messages.iter().collect::<Vec<_>>(), log.clone());
        let last = log.iter().rev().take(4).rev().map(|(_, text)| text.clone());
        prop_assert_eq!(room.messages.last(4), last.collect::<Vec<_>>());
        let page: Vec<_> = log
            .iter()
            .filter(|(id, _)| *id >= 3)
            .take(4)
            .cloned()
            .collect();
        prop_assert_eq!(room.messages.range(3.., 4), page);
        prop_assert_eq!(room.messages.first_id(), log.first().map(|(id, _)| *id));
        prop_assert_eq!(room.messages.last_id(), log.last().map(|(id, _)| *id));
        prop_assert_eq!(room.messages.get(3), model.log.get(&3).cloned());

        let map: Vec<_> = model.map.clone().into_iter().collect();
        prop_assert_eq!(room.scores.iter().collect::<Vec<_>>(), map.clone());
        let backwards: Vec<_> = map.iter().rev().cloned().collect();
        prop_assert_eq!(room.scores.iter().rev().collect::<Vec<_>>(), backwards);
        prop_assert_eq!(room.scores.len(), map.len() as u64);
        prop_assert_eq!(room.scores.is_empty(), map.is_empty());
        prop_assert_eq!(room.scores.last(), map.last().cloned());
        let from_a: Vec<_> = model.map.range("a".to_owned()..).map(|(_, v)| *v).collect();
        let range = room.scores.range("a".to_owned()..).map(|(_, value)| value);
        prop_assert_eq!(range.collect::<Vec<_>>(), from_a);

        let members = &room.presence.members;
        prop_assert_eq!(members.iter().collect::<BTreeSet<_>>(), model.set.clone());
        let zero: Vec<_> = model
            .set
            .iter()
            .filter(|(at, _)| *at == 0)
            .cloned()
            .collect();
        prop_assert_eq!(members.prefix(&0).collect::<Vec<_>>(), zero);
        prop_assert_eq!(self.live.records.fault(), None);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn a_room_behaves_like_its_model(steps in prop::collection::vec(step(), 1..120)) {
        let live = Live::new();
        let committed = (Model::default(), live.cache.clone());
        let mut pair = Pair { live, model: Model::default(), committed, attempts: Vec::new() };
        for step in steps {
            pair.take(step)?;
            pair.check()?;
        }
    }
}
