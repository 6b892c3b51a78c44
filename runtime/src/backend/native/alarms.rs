//! When which object of a shard is to be woken.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use tokio::sync::Notify;

use crate::backend::AlarmChange;
use crate::object::{ObjectId, Target, Timestamp};

/// The alarms of one shard: as stored, plus retries of those that could not be begun.
#[derive(Default)]
pub(super) struct Alarms {
    at: HashMap<ObjectId, Timestamp>,
    queue: BTreeMap<(Timestamp, ObjectId), Target>,
    /// Told when the earliest alarm may have become an earlier one.
    changed: Rc<Notify>,
}

impl Alarms {
    pub(super) fn set(&mut self, target: Target, at: Timestamp) {
        self.clear(target.id);
        self.at.insert(target.id, at);
        self.queue.insert((at, target.id), target);
        self.changed.notify_one();
    }

    pub(super) fn change(&mut self, target: Target, change: AlarmChange) {
        match change {
            AlarmChange::Set(at) => self.set(target, at),
            AlarmChange::Clear => self.clear(target.id),
        }
    }

    /// Sets an alarm unless the object has one.
    pub(super) fn retry(&mut self, target: Target, at: Timestamp) {
        if !self.at.contains_key(&target.id) {
            self.set(target, at);
        }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// Takes the objects whose alarm is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<Target> {
        let mut due = Vec::new();
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let target = entry.remove();
            self.at.remove(&target.id);
            due.push(target);
        }
        due
    }

    pub(super) fn forget(&mut self, which: impl Fn(&Target) -> bool) {
        let ids: Vec<ObjectId> = self
            .queue
            .values()
            .filter(|target| which(target))
            .map(|target| target.id)
            .collect();
        for id in ids {
            self.clear(id);
        }
    }

    pub(super) fn changed(&self) -> Rc<Notify> {
        self.changed.clone()
    }

    fn clear(&mut self, id: ObjectId) {
        if let Some(at) = self.at.remove(&id) {
            self.queue.remove(&(at, id));
        }
    }
}
