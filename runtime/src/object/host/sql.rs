//! Turns of objects with SQL: each is one transaction of tables and records.
//!
//! A class without SQL takes none of these ways, and links none of them.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde_json::Value;

use super::settle::Keep;
use super::{Host, Stage, reset, storage_error};
use crate::error::Code;
use crate::object::Object;
use crate::object::contain::Stop;
use crate::object::turn::Turn;
use crate::rpc::{Reply, WireError};
use crate::sql::Door;
use crate::state::{META_KEY, Meta};

impl<T: Object> Host<T> {
    /// The object's tables.
    fn door(&self) -> Option<&Rc<Door>> {
        if const { T::SQL.is_none() } {
            return None;
        }
        self.core.sql.as_ref()
    }

    /// Runs what may write; where there are tables, in one transaction with them.
    pub(super) fn within(&self, run: impl FnOnce() -> Reply) -> Reply {
        match self.door() {
            Some(door) => self.transact(door, true, run),
            None => run(),
        }
    }

    fn transact(&self, door: &Door, write: bool, run: impl FnOnce() -> Reply) -> Reply {
        let before = (self.core.seq.get(), self.core.born.get());
        let mut run = Some(run);
        let mut reply = None;
        let done = door.turn(write, &mut || {
            let answer = run.take().map(|run| run());
            // What did not bring the object to life is not kept, migrations included.
            let exists = self.core.born.get() || before.1;
            let keep = matches!(answer, Some(Ok(_))) && exists;
            reply = answer;
            keep
        });
        let Err(fault) = done else {
            return reply.unwrap_or_else(|| Err(reset()));
        };
        let error = storage_error(&fault);
        // What failed by itself, or could not even begin, is undone already.
        if !matches!(reply, Some(Ok(_))) {
            return Err(error);
        }
        // Its commit failed: what is in memory is not what is on disk, and after an I/O error nobody knows that.
        self.core.seq.set(before.0);
        self.core.born.set(before.1);
        self.state.borrow_mut().take();
        *self.stage.borrow_mut() = Stage::Asleep;
        Err(Box::new(error.maybe_executed()))
    }

    /// Runs handlers to their end and settles. Where there are tables they may not wait.
    pub(super) async fn finish(
        &self,
        turn: &Rc<Turn>,
        handled: impl Future<Output = Result<Reply, Stop>>,
        keep: Keep,
    ) -> Reply {
        let Some(door) = self.door() else {
            self.core.records.begin();
            let outcome = handled.await;
            return self.settle(turn, outcome, keep);
        };
        self.transact(door, keep.commit, || {
            self.core.records.begin();
            let outcome = {
                let handled = pin!(handled);
                match handled.poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => Ok(Err(waits())),
                }
            };
            self.settle(turn, outcome, keep)
        })
    }

    /// Runs a part that can be undone alone.
    pub(super) fn apart<E>(&self, part: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        match self.door() {
            Some(door) => door.nested(part),
            None => part(),
        }
    }

    pub(super) fn has_written_sql(&self) -> bool {
        self.door().is_some_and(|door| door.wrote())
    }

    /// What `!meta` is to say of migrations.
    pub(super) fn migrated(&self) -> Option<Value> {
        self.door().map(|door| door.note())
    }

    /// The object has ended: its next life has no tables yet.
    pub(super) fn forget_tables(&self) {
        if let Some(door) = self.door() {
            door.forget();
        }
    }

    /// A commit is accepted: what has been migrated stays so.
    pub(super) fn noted(&self) {
        if let Some(door) = self.door() {
            door.noted();
        }
    }

    /// Brings the tables of an object up to date, before anything else is done with it.
    pub(super) fn migrate(&self, meta: &[u8]) -> Result<(), Box<WireError>> {
        let Some(door) = self.door() else {
            return Ok(());
        };
        let told = |fault| storage_error(&fault);
        door.learn(&Meta::sql(meta).map_err(told)?).map_err(told)?;
        if !door.is_behind() {
            return Ok(());
        }
        let meta = Meta::with_sql(meta, door.note()).map_err(told)?;
        let migrated = self.transact(door, true, || {
            let core = &self.core;
            core.records.put(META_KEY, meta);
            let (puts, deletes) = core.records.drain();
            let commit = crate::backend::Commit {
                puts,
                deletes,
                ..crate::backend::Commit::default()
            };
            core.seq.set(core.store.commit(commit).map_err(told)?);
            Ok(bytes::Bytes::new())
        });
        migrated?;
        door.noted();
        Ok(())
    }
}

fn waits() -> Box<WireError> {
    Box::new(WireError::framework(
        Code::Internal,
        "a handler of an object with SQL waited: SQL runs in turns that do not",
    ))
}
