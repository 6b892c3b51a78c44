//! One object with SQL: its records, and when it is to be woken.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;

use rusqlite::OptionalExtension as _;

use super::super::message::Message;
use super::super::object::{alarm_after, check};
use super::super::pending::Release;
use super::super::quarantine;
use super::super::reader::Registered;
use super::super::shard::{Core, Found, Slot};
use super::super::{Stored, file_of};
use super::file::{Database, SqlFiles};
use super::index::{Index, Row, is_announced, is_destroyed};
use crate::backend::{AlarmChange, Commit, ObjectStore, Record, Scan, Seq, StorageFault};
use crate::object::{ObjectId, Target, Timestamp, earliest_alarm};
use crate::state::{META_KEY, Meta};

const ALL: Scan<'static> = Scan {
    start: "",
    end: None,
    reverse: false,
    limit: usize::MAX,
};

/// A live object with SQL. Belongs to its shard's thread; its file is closed with it.
pub struct SqlObject {
    pub(super) core: Rc<Core>,
    target: Target,
    pub(in super::super) path: PathBuf,
    pub(super) database: RefCell<Database>,
    /// Whether it is in memory, because it has committed nothing.
    pub(super) unborn: Cell<bool>,
    pub(super) seq: Cell<Seq>,
    /// How many transactions are nested in each other now.
    pub(super) depth: Cell<usize>,
    /// Whether records were committed in the open transaction, and what that changes of the alarm.
    pub(super) committed: Cell<bool>,
    pub(super) alarm: Cell<Option<AlarmChange>>,
    /// Whether the open transaction is to end with the object's end.
    pub(super) doomed: Cell<bool>,
    /// What waits for the open transaction.
    pub(super) gates: RefCell<Vec<Release>>,
    /// Whether the registry says that the object is there, and its alarm there.
    indexed: Cell<bool>,
    index: Cell<Option<Timestamp>>,
    /// The shared file's generation that this object was opened in.
    generation: u32,
    pub(super) lost: Cell<bool>,
}

impl SqlObject {
    /// Opens an object. Its records may lie in the shared file, from before its class had SQL: they move.
    pub(in super::super) fn open(
        core: &Rc<Core>,
        slot: &Slot,
        target: &Target,
        registered: Option<Registered>,
    ) -> Result<(Rc<Self>, Found), StorageFault> {
        let path = core.files.path_of(target.id);
        let destroyed = registered.as_ref().is_some_and(is_destroyed);
        if destroyed {
            SqlFiles::remove(&path)?;
        }
        let registered = registered.filter(|_| !destroyed);
        let opened = core.files.open(&path)?;
        let unborn = opened.is_none();
        let row = registered.as_ref().filter(|row| row.seq == 0);
        let announced = registered.as_ref().filter(|row| is_announced(row));
        if unborn && row.is_some() {
            let reason = "it is missing, though the registry knows its object";
            return Err(core.files.quarantine.close_own(&path, reason));
        }
        let database = opened.map_or_else(|| core.files.unborn(), Ok)?;
        let object = Rc::new(Self {
            core: Rc::clone(core),
            target: target.clone(),
            path,
            database: RefCell::new(database),
            unborn: Cell::new(unborn),
            seq: Cell::new(0),
            depth: Cell::new(0),
            committed: Cell::new(false),
            alarm: Cell::new(None),
            doomed: Cell::new(false),
            gates: RefCell::default(),
            indexed: Cell::new(row.is_some()),
            index: Cell::new(row.or(announced).and_then(|row| row.alarm)),
            generation: slot.generation(),
            lost: Cell::new(false),
        });
        core.open_files.set(core.open_files.get() + 1);
        if destroyed {
            object.send_row(Row::None, false)?;
        }
        if let Some(registered) = registered.filter(|row| unborn && row.seq.cast_signed() > 0) {
            object.take_in(slot, &registered)?;
        }
        let Some(meta) = object.get(META_KEY)? else {
            return Ok((object, Found::Unborn));
        };
        object.seq.set(1);
        let found = Found::Born {
            seq: 1,
            alarm: object.index.get(),
            name: Meta::name(&meta)?.map(Arc::from),
        };
        Ok((object, found))
    }

    /// Moves the records that the shared file has of it into its own.
    fn take_in(&self, slot: &Slot, registered: &Registered) -> Result<(), StorageFault> {
        let puts = slot
            .reader
            .scan(registered.row, &ALL, &std::collections::BTreeMap::new())?;
        let commit = Commit {
            puts,
            ..Commit::default()
        };
        self.write(&commit).map_err(|error| self.fault(&error))?;
        let born = self.core.files.bear(&self.database.borrow(), &self.path)?;
        self.database.replace(born);
        self.unborn.set(false);
        self.send_index(registered.alarm, true)
    }

    pub(super) fn id(&self) -> ObjectId {
        self.target.id
    }

    /// The number of the shared file that has its registry row.
    pub(super) fn file(&self) -> usize {
        file_of(self.target.id, self.core.slots.len())
    }

    fn slot(&self) -> Option<&Slot> {
        self.core.slot_of(self.target.id)
    }

    pub(super) fn usable(&self) -> Result<&Slot, StorageFault> {
        match self.slot() {
            Some(slot) if !self.lost.get() && slot.is_current(self.generation) => Ok(slot),
            _ => Err(StorageFault::Fenced),
        }
    }

    /// A failed statement. If it says that the file is damaged, the file is closed as it is.
    pub(super) fn fault(&self, error: &rusqlite::Error) -> StorageFault {
        let fault = self.core.files.fault(&self.path, error);
        if matches!(fault, StorageFault::Quarantined(_)) && !self.unborn.get() {
            self.lost.set(true);
            quarantine::leave(&self.database.borrow().connection);
        }
        fault
    }

    pub(super) fn write(&self, commit: &Commit) -> rusqlite::Result<()> {
        self.database.borrow().own(|connection| {
            let mut put = connection
                .prepare_cached("INSERT OR REPLACE INTO _cf_KV(key, value) VALUES(?1, ?2)")?;
            for record in &commit.puts {
                put.execute((&record.key, &record.value))?;
            }
            let mut delete = connection.prepare_cached("DELETE FROM _cf_KV WHERE key = ?1")?;
            for key in &commit.deletes {
                delete.execute((key,))?;
            }
            Ok(())
        })
    }

    /// Before a commit: an alarm that is earlier than what the registry says must be there first, or a crash between the
    /// two would leave an alarm that never goes off. One that is too early only wakes the object for nothing. A birth is
    /// announced, so that no file is without a row.
    pub(super) fn index_before(&self) -> Result<(), StorageFault> {
        let at = match self.alarm.get() {
            Some(AlarmChange::Set(at)) => Some(at),
            _ if self.unborn.get() => None,
            _ => return Ok(()),
        };
        match (self.index.get(), at) {
            (Some(known), Some(at)) if known <= at && !self.unborn.get() => Ok(()),
            _ => self.send_index(at, true),
        }
    }

    /// After a commit: what else has changed. Nobody waits for it.
    pub(super) fn index_after(&self) {
        let change = self.alarm.take();
        let alarm = alarm_after(self.index.get(), change);
        if !self.indexed.get() || self.index.get() != alarm {
            self.send_index(alarm, false).ok();
        }
        if let Some(change) = change {
            let mut alarms = self.core.alarms.borrow_mut();
            alarms.push((self.target.clone(), change));
        }
    }

    fn send_index(&self, alarm: Option<Timestamp>, wait: bool) -> Result<(), StorageFault> {
        let born = !self.unborn.get();
        let row = if born {
            Row::Alarm(alarm)
        } else {
            Row::Announced(alarm)
        };
        self.send_row(row, wait)?;
        self.indexed.set(born);
        self.index.set(alarm);
        Ok(())
    }

    /// Ends the object: the registry says so first, so that a crash on the way leaves none of it alive.
    pub(super) fn end(&self) -> Result<(), StorageFault> {
        let files = &self.core.files;
        self.send_row(Row::Destroyed, true)?;
        // Its connection is closed before its files go.
        self.database.replace(files.unborn()?);
        self.unborn.set(true);
        SqlFiles::remove(&self.path)?;
        self.send_row(Row::None, false)?;
        self.indexed.set(false);
        self.index.set(None);
        self.alarm.set(None);
        let mut alarms = self.core.alarms.borrow_mut();
        alarms.push((self.target.clone(), AlarmChange::Clear));
        Ok(())
    }

    fn send_row(&self, row: Row, wait: bool) -> Result<(), StorageFault> {
        let slot = self.usable()?;
        let (sender, answer) = mpsc::sync_channel(1);
        let index = Index {
            owner: Arc::clone(&self.core.owner),
            object: self.target.id,
            class: Arc::clone(&self.target.class),
            name: self.target.name.clone(),
            row,
            answer: wait.then_some(sender),
        };
        let closed = || StorageFault::Io("the store is closed".to_owned());
        slot.writer
            .send(Message::Index(index))
            .map_err(|_| closed())?;
        if wait {
            answer.recv().map_err(|_| closed())??;
        }
        Ok(())
    }
}

impl Drop for SqlObject {
    fn drop(&mut self) {
        let open = &self.core.open_files;
        open.set(open.get().saturating_sub(1));
    }
}

impl Stored for SqlObject {
    fn target(&self) -> &Target {
        &self.target
    }

    fn is_idle(&self) -> bool {
        self.depth.get() == 0
    }

    fn is_lost(&self) -> bool {
        self.usable().is_err()
    }

    fn has_file(&self) -> bool {
        true
    }

    /// Whatever woke it, the registry is to say when it wants to be woken next.
    fn after_alarm(&self) {
        let Ok(earliest) = earliest_alarm(self) else {
            return;
        };
        let is_known = self.indexed.get() || self.index.get().is_some();
        if is_known && self.index.get() != earliest {
            self.alarm
                .set(Some(earliest.map_or(AlarmChange::Clear, AlarmChange::Set)));
            self.index_after();
        }
    }
}

impl ObjectStore for SqlObject {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        self.usable()?;
        let read = |connection: &rusqlite::Connection| {
            connection
                .prepare_cached("SELECT value FROM _cf_KV WHERE key = ?1")?
                .query_row((key,), |row| row.get(0))
                .optional()
        };
        self.database
            .borrow()
            .own(read)
            .map_err(|error| self.fault(&error))
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        self.usable()?;
        let text = match (scan.end, scan.reverse) {
            (Some(_), false) => {
                "SELECT key, value FROM _cf_KV WHERE key >= ?1 AND key < ?3 ORDER BY key LIMIT ?2"
            }
            (None, false) => "SELECT key, value FROM _cf_KV WHERE key >= ?1 ORDER BY key LIMIT ?2",
            (Some(_), true) => {
                "SELECT key, value FROM _cf_KV WHERE key >= ?1 AND key < ?3 ORDER BY key DESC LIMIT ?2"
            }
            (None, true) => {
                "SELECT key, value FROM _cf_KV WHERE key >= ?1 ORDER BY key DESC LIMIT ?2"
            }
        };
        let limit = i64::try_from(scan.limit).unwrap_or(i64::MAX);
        let record = |row: &rusqlite::Row<'_>| {
            Ok(Record {
                key: row.get(0)?,
                value: row.get(1)?,
            })
        };
        let read = |connection: &rusqlite::Connection| {
            let mut statement = connection.prepare_cached(text)?;
            let rows = match scan.end {
                Some(end) => statement.query_map((scan.start, limit, end), record)?,
                None => statement.query_map((scan.start, limit), record)?,
            };
            rows.collect()
        };
        self.database
            .borrow()
            .own(read)
            .map_err(|error| self.fault(&error))
    }

    fn commit(&self, commit: Commit) -> Result<Seq, StorageFault> {
        self.usable()?;
        check(&commit)?;
        // Every commit of such an object is part of a turn's transaction.
        if self.depth.get() == 0 {
            return Err(StorageFault::Io("no transaction is open".to_owned()));
        }
        self.write(&commit).map_err(|error| self.fault(&error))?;
        self.doomed.set(commit.destroy);
        if commit.alarm.is_some() {
            self.alarm.set(commit.alarm);
        }
        self.committed.set(true);
        let seq = self.seq.get() + 1;
        self.seq.set(seq);
        Ok(seq)
    }

    fn gate(&self, _: Seq, release: Release) {
        // Outside of a transaction nothing is on its way: what was read is on disk, and what failed is told already.
        if self.depth.get() > 0 {
            self.gates.borrow_mut().push(release);
        } else {
            release(Ok(()));
        }
    }
}

impl std::fmt::Debug for SqlObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlObject")
            .field("id", &self.target.id)
            .field("seq", &self.seq.get())
            .field("unborn", &self.unborn.get())
            .finish_non_exhaustive()
    }
}
