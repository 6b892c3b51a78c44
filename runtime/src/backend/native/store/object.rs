//! One object's records, as its host sees them.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::Stored;
use super::message::{Birth, Job};
use super::pending::{Pending, Release};
use super::reader::{Change, Registered, overlay_only};
use super::shard::{Core, Slot};
use crate::backend::{AlarmChange, Commit, ObjectStore, Record, Scan, Seq, StorageFault};
use crate::object::{ObjectId, Target, Timestamp};

/// Longest key, in bytes.
pub const MAX_KEY: usize = 2_048;

/// Longest value, in bytes.
pub const MAX_VALUE: usize = 2_000_000;

/// A live object's records. Small while it has nothing pending; belongs to its shard's thread.
pub struct StoredObject {
    /// Itself, to be found again when its commits are on disk.
    this: Weak<Self>,
    core: Rc<Core>,
    target: Target,
    /// The registry row; none before the first commit is known to be in the file.
    row: Cell<Option<i64>>,
    /// Whether it exists, with what is accepted.
    born: Cell<bool>,
    /// The commit that destroyed its former life; 0 if none has.
    destroyed: Cell<Seq>,
    accepted: Cell<Seq>,
    durable: Cell<Seq>,
    /// The file's generation that this object was read from.
    generation: u32,
    lost: Cell<bool>,
    pending: RefCell<Option<Box<Pending>>>,
}

impl StoredObject {
    pub(super) fn new(
        core: &Rc<Core>,
        slot: &Slot,
        target: Target,
        found: Option<&Registered>,
    ) -> Rc<Self> {
        let seq = found.map_or(0, |found| found.seq);
        Rc::new_cyclic(|this| Self {
            this: this.clone(),
            core: Rc::clone(core),
            target,
            row: Cell::new(found.map(|found| found.row)),
            born: Cell::new(found.is_some()),
            destroyed: Cell::new(0),
            accepted: Cell::new(seq),
            durable: Cell::new(seq),
            generation: slot.generation(),
            lost: Cell::new(false),
            pending: RefCell::new(None),
        })
    }

    /// The number of the last accepted commit.
    pub fn seq(&self) -> Seq {
        self.accepted.get()
    }

    pub(super) fn id(&self) -> ObjectId {
        self.target.id
    }

    pub(super) fn pending_alarm(&self) -> Option<AlarmChange> {
        self.pending
            .borrow()
            .as_ref()
            .and_then(|pending| pending.alarm())
    }

    /// Whether it exists, with what is accepted.
    pub(super) fn is_born(&self) -> bool {
        self.born.get()
    }

    /// Learns the registry row that commit `seq` made; that of a former life is gone.
    pub(super) fn learn_row(&self, seq: Seq, row: i64) {
        if seq > self.destroyed.get() {
            self.row.set(Some(row));
        }
    }

    /// Notes that commit `seq` is on disk.
    pub(super) fn settle(&self, seq: Seq) -> Option<AlarmChange> {
        self.durable.set(seq);
        self.pending
            .borrow_mut()
            .as_mut()
            .and_then(|pending| pending.settle(seq))
    }

    /// Gives everything pending up. Whether that is news.
    pub(super) fn fail(&self, fault: StorageFault) -> bool {
        if let Some(pending) = self.pending.borrow_mut().as_mut() {
            pending.fail(fault);
        }
        !self.lost.replace(true)
    }

    /// Releases the gates whose turn has come. They may call back in here, so nothing is borrowed meanwhile.
    pub(super) fn release(&self) {
        loop {
            let next = match self.pending.borrow_mut().as_mut() {
                Some(pending) => pending.next_release(self.durable.get()),
                None => None,
            };
            let Some((release, result)) = next else { break };
            release(result);
        }
        let finished = self
            .pending
            .borrow_mut()
            .take_if(|pending| pending.is_empty());
        if finished.is_some() {
            self.core.rest(self);
        }
    }

    fn slot(&self) -> Option<&Slot> {
        self.core.slot_of(self.target.id)
    }

    /// The file of an object that may still be used.
    fn usable(&self) -> Result<&Slot, StorageFault> {
        match self.slot() {
            Some(slot) if !self.lost.get() && slot.is_current(self.generation) => {
                slot.reader.sound().map(|()| slot)
            }
            _ => Err(StorageFault::Fenced),
        }
    }

    fn birth(&self) -> Birth {
        Birth {
            class: Arc::clone(&self.target.class),
            name: self.target.name.clone(),
        }
    }
}

impl Stored for StoredObject {
    fn target(&self) -> &Target {
        &self.target
    }

    /// Everything accepted is on disk, and every gate was released.
    fn is_idle(&self) -> bool {
        self.pending.borrow().is_none()
    }

    /// A commit of it failed, or its file was reset or taken.
    fn is_lost(&self) -> bool {
        self.lost.get()
            || self.slot().is_none_or(|slot| {
                !slot.is_current(self.generation) || slot.reader.sound().is_err()
            })
    }
}

impl ObjectStore for StoredObject {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        let slot = self.usable()?;
        if let Some(known) = self
            .pending
            .borrow()
            .as_ref()
            .and_then(|pending| pending.get(key))
        {
            return Ok(match known {
                Change::Put(value) => Some(value.to_vec()),
                Change::Delete => None,
            });
        }
        match self.row.get() {
            Some(row) => slot.reader.get(row, key),
            None => Ok(None),
        }
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        let slot = self.usable()?;
        let pending = self.pending.borrow();
        let overlay = pending
            .as_ref()
            .map(|pending| pending.overlay(scan))
            .unwrap_or_default();
        match self.row.get() {
            Some(row) => slot.reader.scan(row, scan, &overlay),
            None => Ok(overlay_only(scan, &overlay)),
        }
    }

    fn commit(&self, commit: Commit) -> Result<Seq, StorageFault> {
        let slot = self.usable()?;
        check(&commit)?;
        let this = self.this.upgrade().ok_or(StorageFault::Fenced)?;
        let seq = self.accepted.get() + 1;
        let commit = Arc::new(commit);
        let mut pending = self.pending.borrow_mut();
        if pending.is_none() {
            self.core.wake(Rc::clone(&this));
        }
        pending
            .get_or_insert_default()
            .push(seq, Arc::clone(&commit));
        let ends = commit.destroy;
        let birth = (!self.born.replace(!ends)).then(|| self.birth());
        let row = self.row.get();
        if ends {
            self.row.set(None);
            self.destroyed.set(seq);
        }
        slot.accept(
            this,
            Job {
                object: self.target.id,
                row,
                birth,
                seq,
                commit,
            },
        );
        self.accepted.set(seq);
        Ok(seq)
    }

    fn gate(&self, seq: Seq, release: Release) {
        let mut pending = self.pending.borrow_mut();
        if let Some(pending) = pending.as_mut()
            && (pending.has_gates() || (seq > self.durable.get() && !self.lost.get()))
        {
            // Nothing will ever be durable that was not accepted.
            return pending.push_gate(seq.min(self.accepted.get()), release);
        }
        drop(pending);
        release(if seq <= self.durable.get() {
            Ok(())
        } else {
            Err(StorageFault::Fenced)
        });
    }
}

impl std::fmt::Debug for StoredObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredObject")
            .field("id", &self.target.id)
            .field("accepted", &self.accepted.get())
            .field("durable", &self.durable.get())
            .finish_non_exhaustive()
    }
}

/// Refuses what the file would refuse, while the action can still be told.
pub(super) fn check(commit: &Commit) -> Result<(), StorageFault> {
    debug_assert!(
        commit.puts.is_sorted_by(|a, b| a.key < b.key),
        "puts are in key order"
    );
    debug_assert!(commit.deletes.is_sorted(), "deletes are in key order");
    let too_long = |key: &str, reason: String| {
        let path = key.chars().take(80).collect();
        Err(StorageFault::Encode { path, reason })
    };
    for record in &commit.puts {
        if record.key.len() > MAX_KEY {
            let reason = format!(
                "its key has {} bytes, {MAX_KEY} are the limit; use a shorter key",
                record.key.len()
            );
            return too_long(&record.key, reason);
        }
        if record.value.len() > MAX_VALUE {
            let size = record.value.len();
            let reason = format!(
                "its value has {size} bytes, {MAX_VALUE} are the limit; split it into several records"
            );
            return too_long(&record.key, reason);
        }
    }
    Ok(())
}

/// The alarm that a reader of the object would find.
pub(super) fn alarm_after(
    stored: Option<Timestamp>,
    change: Option<AlarmChange>,
) -> Option<Timestamp> {
    match change {
        Some(AlarmChange::Set(at)) => Some(at),
        Some(AlarmChange::Clear) => None,
        None => stored,
    }
}
