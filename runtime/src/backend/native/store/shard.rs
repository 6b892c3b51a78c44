//! The part of the store that lives on one shard thread: no locks, nothing shared but the channels to the writers.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::message::{Batch, Job, Message, Notice, Owner, What};
use super::object::{StoredObject, alarm_after};
use super::reader::Reader;
use super::sql::{SqlFiles, SqlObject};
use super::{Stored as _, file_of};
use crate::backend::{AlarmChange, Seq, StorageFault};
use crate::object::{ObjectId, Target, Timestamp};

/// A shard's view of the store. Belongs to the shard's thread.
///
/// The shard calls [`flush`](Self::flush) at the end of every poll round and hands every [`Notice`] to
/// [`on_notice`](Self::on_notice) in the order they came.
pub struct ShardStore {
    core: Rc<Core>,
}

/// What the registry knows of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It has committed before.
    Born {
        /// The number of its last commit.
        seq: Seq,
        /// When it wants to be woken.
        alarm: Option<Timestamp>,
        /// Its name, also where the caller knew the id only.
        name: Option<Arc<str>>,
    },
    /// It never committed; nothing about it is stored.
    Unborn,
}

/// What a notice changed for the shard.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Objects whose instances must be dropped and loaded anew.
    pub lost: Vec<Lost>,
    /// Alarms that are durably changed, in the order of their commits.
    pub alarms: Vec<(Target, AlarmChange)>,
}

/// Instances that may not write any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// This one: a commit of it failed.
    Object(ObjectId),
    /// Every object of this file ([`ShardStore::file_of`]): the file was reset after an I/O error. Its alarms are to be
    /// loaded anew ([`ShardStore::alarms_of`]).
    File(usize),
    /// Every object of this file, for good: another owner has the file.
    Taken(usize),
}

/// What the objects of a shard share.
pub(super) struct Core {
    pub(super) owner: Arc<Owner>,
    /// By file number; `None` for other shards' files.
    pub(super) slots: Box<[Option<Slot>]>,
    /// What objects with SQL share.
    pub(super) files: Arc<SqlFiles>,
    /// Alarms that objects with SQL have changed, durably, since the shard last asked.
    pub(super) alarms: RefCell<Vec<(Target, AlarmChange)>>,
    /// How many of them are in memory.
    pub(super) open_files: Cell<usize>,
    /// Objects with something pending. Opening one of them again must find that, so it answers the same instance.
    busy: RefCell<HashMap<ObjectId, Rc<StoredObject>>>,
}

/// One file of the shard.
pub(super) struct Slot {
    pub(super) reader: Reader,
    pub(super) writer: Sender<Message>,
    generation: Cell<u32>,
    taken: Cell<bool>,
    /// Accepted since the last flush.
    outgoing: RefCell<Vec<Job>>,
    /// Accepted and not decided yet, in the order that the writer gets them.
    in_flight: RefCell<VecDeque<(Rc<StoredObject>, Seq)>>,
}

impl ShardStore {
    pub(super) fn new(owner: Arc<Owner>, slots: Box<[Option<Slot>]>, files: Arc<SqlFiles>) -> Self {
        Self {
            core: Rc::new(Core {
                owner,
                slots,
                files,
                alarms: RefCell::default(),
                open_files: Cell::new(0),
                busy: RefCell::default(),
            }),
        }
    }

    /// Looks an object up and lends its records. One read of the registry, no write. The object must not be live in
    /// another handle that is to be used any further.
    pub fn open_object(&self, target: &Target) -> Result<(Rc<StoredObject>, Found), StorageFault> {
        let slot = self
            .core
            .slot_of(target.id)
            .filter(|slot| !slot.taken.get())
            .ok_or(StorageFault::Fenced)?;
        let found = slot.reader.find(target.id)?;
        if found
            .as_ref()
            .is_some_and(|found| found.seq.cast_signed() <= 0)
        {
            let reason = "its class had `sql` when it was stored: say so again, its data is in a file of its own";
            return Err(StorageFault::Io(reason.to_owned()));
        }
        let stored_alarm = found.as_ref().and_then(|found| found.alarm);
        let stored_name = found.as_ref().and_then(|found| found.name.clone());
        let busy = self
            .core
            .busy
            .borrow()
            .get(&target.id)
            .filter(|object| !object.is_lost())
            .cloned();
        if let Some(object) = busy {
            let alarm = alarm_after(stored_alarm, object.pending_alarm());
            let name = object.target().name.clone().or(stored_name);
            let found = match object.seq() {
                seq if object.is_born() => Found::Born { seq, alarm, name },
                _ => Found::Unborn,
            };
            return Ok((object, found));
        }
        let mut target = target.clone();
        target.name = target.name.or(stored_name);
        let name = target.name.clone();
        let object = StoredObject::new(&self.core, slot, target, found.as_ref());
        let found = match found {
            Some(found) => Found::Born {
                seq: found.seq,
                alarm: found.alarm,
                name,
            },
            None => Found::Unborn,
        };
        Ok((object, found))
    }

    /// As [`open_object`](Self::open_object) for an object whose class has SQL: it has a file of its own.
    pub fn open_sql(&self, target: &Target) -> Result<(Rc<SqlObject>, Found), StorageFault> {
        let slot = self
            .core
            .slot_of(target.id)
            .filter(|slot| !slot.taken.get())
            .ok_or(StorageFault::Fenced)?;
        let registered = slot.reader.find(target.id)?;
        SqlObject::open(&self.core, slot, target, registered)
    }

    /// How many objects with a file of their own are in memory.
    pub fn open_files(&self) -> usize {
        self.core.open_files.get()
    }

    /// The alarms that objects with SQL have changed since this was last asked, in the order of their commits.
    pub fn changed_alarms(&self) -> Vec<(Target, AlarmChange)> {
        self.core.alarms.take()
    }

    /// Ends the round: sends everything accepted since the last flush to the writers, one message a file.
    pub fn flush(&self) {
        for slot in self.core.slots.iter().flatten() {
            slot.flush(&self.core.owner);
        }
    }

    /// Ends a round in which nothing was accepted.
    pub fn end_round(&self) {
        for slot in self.core.slots.iter().flatten() {
            slot.reader.end_round();
        }
    }

    /// Takes a writer's notice in: pending commits that are on disk are forgotten, their gates released in order.
    pub fn on_notice(&self, notice: Notice) -> Events {
        let mut events = Events::default();
        let Some(Some(slot)) = self.core.slots.get(notice.file) else {
            return events;
        };
        slot.reader.end_round();
        let mut touched: Vec<Rc<StoredObject>> = Vec::new();
        match notice.what {
            What::Done(report, count) => {
                let mut rows = report.rows.into_iter().peekable();
                let mut failed = report.failed.into_iter().peekable();
                for (job, (object, seq)) in slot.decided(count).into_iter().enumerate() {
                    if let Some((_, row)) = rows.next_if(|(born, _)| *born == job) {
                        object.learn_row(seq, row);
                    }
                    if let Some((_, fault)) = failed.next_if(|(failed, _)| *failed == job) {
                        if object.fail(fault) {
                            events.lost.push(Lost::Object(object.id()));
                        }
                    } else if let Some(alarm) = object.settle(seq) {
                        events.alarms.push((object.target().clone(), alarm));
                    }
                    if touched.last().is_none_or(|last| !Rc::ptr_eq(last, &object)) {
                        touched.push(object);
                    }
                }
            }
            What::Lost {
                generation,
                fault,
                taken,
            } => {
                slot.generation.set(generation);
                slot.taken.set(slot.taken.get() || taken);
                slot.outgoing.take();
                slot.reader.close();
                for (object, _) in slot.in_flight.take() {
                    object.fail(fault.clone());
                    touched.push(object);
                }
                events.lost.push(if taken {
                    Lost::Taken(notice.file)
                } else {
                    Lost::File(notice.file)
                });
            }
        }
        for object in touched {
            object.release();
        }
        events
    }

    /// Objects of this shard that want to be woken at `before` or earlier, earliest first within each file. Shows what
    /// is on disk; what commits change later comes by [`Events::alarms`].
    pub fn due(&self, before: Timestamp) -> Result<Vec<(Target, Timestamp)>, StorageFault> {
        let mut due = Vec::new();
        for slot in self.core.slots.iter().flatten() {
            due.extend(of_sound(slot.reader.alarms(before))?);
        }
        Ok(due)
    }

    /// All alarms of this shard: what it loads when it starts.
    pub fn alarms(&self) -> Result<Vec<(Target, Timestamp)>, StorageFault> {
        self.due(Timestamp::from_millis(i64::MAX))
    }

    /// All alarms of one file.
    pub fn alarms_of(&self, file: usize) -> Result<Vec<(Target, Timestamp)>, StorageFault> {
        match self.core.slots.get(file) {
            Some(Some(slot)) => of_sound(slot.reader.alarms(Timestamp::from_millis(i64::MAX))),
            _ => Ok(Vec::new()),
        }
    }

    /// The earliest alarm on disk.
    pub fn next_alarm(&self) -> Result<Option<Timestamp>, StorageFault> {
        let mut next = None;
        for slot in self.core.slots.iter().flatten() {
            next = next
                .into_iter()
                .chain(of_sound(slot.reader.next_alarm())?)
                .min();
        }
        Ok(next)
    }

    /// The file that an object lives in.
    pub fn file_of(&self, id: ObjectId) -> usize {
        file_of(id, self.core.slots.len())
    }

    /// Whether something was accepted since the last flush.
    pub fn has_unsent(&self) -> bool {
        self.core
            .slots
            .iter()
            .flatten()
            .any(|slot| !slot.outgoing.borrow().is_empty())
    }

    /// How many accepted commits are not known to be on disk.
    pub fn in_flight(&self) -> usize {
        self.core
            .slots
            .iter()
            .flatten()
            .map(|slot| slot.in_flight.borrow().len())
            .sum()
    }
}

impl Drop for ShardStore {
    /// Objects in flight and the shard hold each other; gates that still wait are dropped uncalled.
    fn drop(&mut self) {
        for slot in self.core.slots.iter().flatten() {
            slot.outgoing.take();
            slot.in_flight.take();
            slot.taken.set(true);
        }
        self.core.busy.take();
    }
}

impl std::fmt::Debug for ShardStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardStore")
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// Nobody of a damaged file can be woken.
fn of_sound<T: Default>(read: Result<T, StorageFault>) -> Result<T, StorageFault> {
    match read {
        Err(StorageFault::Quarantined(_)) => Ok(T::default()),
        other => other,
    }
}

impl Core {
    pub(super) fn slot_of(&self, id: ObjectId) -> Option<&Slot> {
        self.slots.get(file_of(id, self.slots.len()))?.as_ref()
    }

    /// The object has something pending.
    pub(super) fn wake(&self, object: Rc<StoredObject>) {
        self.busy.borrow_mut().insert(object.id(), object);
    }

    /// The object has nothing pending any more.
    pub(super) fn rest(&self, object: &StoredObject) {
        // A lost instance may have had a successor by now.
        let mut busy = self.busy.borrow_mut();
        if busy
            .get(&object.id())
            .is_some_and(|known| std::ptr::eq(Rc::as_ptr(known), object))
        {
            busy.remove(&object.id());
        }
    }
}

impl Slot {
    pub(super) fn new(reader: Reader, writer: Sender<Message>, generation: u32) -> Self {
        Self {
            reader,
            writer,
            generation: Cell::new(generation),
            taken: Cell::new(false),
            outgoing: RefCell::default(),
            in_flight: RefCell::default(),
        }
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation.get()
    }

    /// Whether what was read in this generation may still be built upon.
    pub(super) fn is_current(&self, generation: u32) -> bool {
        !self.taken.get() && self.generation.get() == generation
    }

    pub(super) fn accept(&self, object: Rc<StoredObject>, job: Job) {
        self.in_flight.borrow_mut().push_back((object, job.seq));
        self.outgoing.borrow_mut().push(job);
    }

    fn decided(&self, count: usize) -> Vec<(Rc<StoredObject>, Seq)> {
        let mut in_flight = self.in_flight.borrow_mut();
        let count = count.min(in_flight.len());
        in_flight.drain(..count).collect()
    }

    fn flush(&self, owner: &Arc<Owner>) {
        self.reader.end_round();
        let mut outgoing = self.outgoing.borrow_mut();
        if outgoing.is_empty() {
            return;
        }
        let room = Vec::with_capacity(outgoing.len());
        let jobs = std::mem::replace(&mut *outgoing, room);
        drop(outgoing);
        let generation = self.generation.get();
        let sent = self.writer.send(Message::Write(Batch {
            owner: Arc::clone(owner),
            generation,
            jobs,
        }));
        if sent.is_err() {
            // The writer is gone: the store was closed. Nobody else will tell the shard.
            let fault = StorageFault::Io("the store is closed".to_owned());
            (owner.notify)(Notice {
                file: self.reader.number(),
                what: What::Lost {
                    generation,
                    fault,
                    taken: true,
                },
            });
        }
    }
}
