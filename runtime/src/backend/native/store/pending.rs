//! What an object has accepted but the disk has not: commits on their way and gates that wait for them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::reader::{Change, Overlay};
use crate::backend::{AlarmChange, Commit, Record, Scan, Seq, StorageFault};

/// Called once the commit that a gate waits for is on disk, or never will be.
pub(super) type Release = Box<dyn FnOnce(Result<(), StorageFault>)>;

/// Only busy objects have one: an idle object must stay small.
#[derive(Default)]
pub(super) struct Pending {
    /// Oldest first.
    commits: VecDeque<(Seq, Arc<Commit>)>,
    /// In the order they were handed over.
    gates: VecDeque<(Seq, Release)>,
    /// Why nothing of this will be written any more.
    fault: Option<StorageFault>,
}

impl Pending {
    pub(super) fn push(&mut self, seq: Seq, commit: Arc<Commit>) {
        self.commits.push_back((seq, commit));
    }

    pub(super) fn push_gate(&mut self, seq: Seq, release: Release) {
        self.gates.push_back((seq, release));
    }

    pub(super) fn has_gates(&self) -> bool {
        !self.gates.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty() && self.gates.is_empty()
    }

    /// Drops the commit `seq`, which is in the file now, and says what it changed of the alarm.
    pub(super) fn settle(&mut self, seq: Seq) -> Option<AlarmChange> {
        let (front, commit) = self.commits.front()?;
        let alarm = commit.alarm;
        if *front <= seq {
            self.commits.pop_front();
            return alarm;
        }
        None
    }

    pub(super) fn fail(&mut self, fault: StorageFault) {
        self.commits.clear();
        self.fault.get_or_insert(fault);
    }

    /// The next gate to release, if its turn has come.
    pub(super) fn next_release(
        &mut self,
        durable: Seq,
    ) -> Option<(Release, Result<(), StorageFault>)> {
        let result = match (&self.fault, self.gates.front()?.0) {
            (_, seq) if seq <= durable => Ok(()),
            (Some(fault), _) => Err(fault.clone()),
            (None, _) => return None,
        };
        self.gates.pop_front().map(|(_, release)| (release, result))
    }

    /// What the pending commits last did to `key`.
    pub(super) fn get(&self, key: &str) -> Option<Change<'_>> {
        self.of_this_life()
            .rev()
            .find_map(|(_, commit)| find(commit, key))
    }

    /// The pending commits since the object last ceased to exist.
    fn of_this_life(&self) -> impl DoubleEndedIterator<Item = &(Seq, Arc<Commit>)> {
        let end = self.commits.iter().rposition(|(_, commit)| commit.destroy);
        self.commits.range(end.map_or(0, |end| end + 1)..)
    }

    /// What the pending commits change of the alarm.
    pub(super) fn alarm(&self) -> Option<AlarmChange> {
        self.commits
            .iter()
            .rev()
            .find_map(|(_, commit)| commit.alarm)
    }

    /// Everything the pending commits say of the range.
    pub(super) fn overlay<'a>(&'a self, scan: &Scan<'_>) -> Overlay<'a> {
        let of = |commit: &'a Commit| {
            let puts = within(&commit.puts, scan, |record| &record.key).iter();
            let puts = puts.map(|record| (record.key.as_str(), Change::Put(&record.value)));
            let deletes = within(&commit.deletes, scan, |key| key).iter();
            puts.chain(deletes.map(|key| (key.as_str(), Change::Delete)))
        };
        // Sorted at once, of which most is: of one key the last change stays, as if one were put in after the other.
        let commits = self.of_this_life();
        commits.flat_map(|(_, commit)| of(commit)).collect()
    }
}

fn find<'a>(commit: &'a Commit, key: &str) -> Option<Change<'a>> {
    let order = |record: &Record| record.key.as_str().cmp(key);
    if let Ok(at) = commit.puts.binary_search_by(order) {
        return Some(Change::Put(&commit.puts[at].value));
    }
    commit
        .deletes
        .binary_search_by(|deleted| deleted.as_str().cmp(key))
        .ok()
        .map(|_| Change::Delete)
}

/// The part of a sorted list whose keys are in the range.
fn within<'a, T>(sorted: &'a [T], scan: &Scan<'_>, key: impl Fn(&T) -> &str) -> &'a [T] {
    let from = sorted.partition_point(|item| key(item) < scan.start);
    let to = scan.end.map_or(sorted.len(), |end| {
        sorted.partition_point(|item| key(item) < end)
    });
    sorted.get(from..to).unwrap_or_default()
}
