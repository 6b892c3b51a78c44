//! The end of a turn: all of what it wrote is committed, or none.

use std::any::Any;
use std::rc::Rc;

use super::destroy::{is_doomed, spare};
use super::{Host, Stage, reset, stopped, storage_error};
use crate::backend::{AlarmChange, Commit, StorageFault};
use crate::error::Code;
use crate::object::class::EventEntry;
use crate::object::contain::{Stop, contain};
use crate::object::context::RawContext;
use crate::object::mount::{has_deferred, has_jobs};
use crate::object::turn::Turn;
use crate::object::{Object, alarm};
use crate::rpc::{Reply, WireError};
use crate::state::{Loader, META_KEY, Meta, Saver};

/// How many events one action may cause: handlers that emit what they handle would never end.
const MAX_EVENTS: usize = 10_000;

/// What `settle` does with what was written.
#[derive(Clone, Copy)]
pub(super) struct Keep {
    /// Commit it, or leave it in the overlay for the next commit.
    pub(super) commit: bool,
}

impl<T: Object> Host<T> {
    /// The end of a query: nothing to keep, but it must not have seen a fault.
    #[expect(clippy::unused_self, reason = "the counterpart of `settle`")]
    pub(super) fn settle_query(&self, turn: &Turn, outcome: Result<Reply, Stop>) -> Reply {
        match (outcome, turn.take_fault()) {
            (Ok(_), Some(fault)) => Err(storage_error(&fault)),
            (Ok(reply), None) => reply,
            (Err(stop), _) => Err(stopped(stop)),
        }
    }

    /// The end of everything that may write: all of it is committed, or none.
    pub(super) fn settle(
        &self,
        turn: &Rc<Turn>,
        outcome: Result<Reply, Stop>,
        keep: Keep,
    ) -> Reply {
        let result = match outcome {
            Ok(Ok(value)) if turn.is_late() => {
                drop(value);
                Err(stopped(Stop::Deadline))
            }
            Ok(Ok(value)) => match failure_of(turn) {
                Some(error) => Err(error),
                None => self.keep(turn, keep, &value).map(|()| {
                    self.let_out(turn, keep);
                    if const { has_deferred::<T>() } {
                        self.begin_sends(turn);
                    }
                    if const { has_jobs::<T>() } {
                        self.carry_out(turn.deeds.take());
                    }
                    value
                }),
            },
            Ok(Err(error)) => Err(error),
            Err(stop) => {
                self.forget_if_panicked(&stop);
                Err(stopped(stop))
            }
        };
        result.inspect_err(|_| self.undo())
    }

    /// Lets out what a turn sends; before the object is born, with the commit that bears it.
    fn let_out(&self, turn: &Turn, keep: Keep) {
        let mut effects = self.core.held.take();
        effects.append(&mut turn.effects.take());
        if keep.commit {
            self.core.let_out(effects);
        } else {
            *self.core.held.borrow_mut() = effects;
        }
    }

    /// After a panic nothing in memory is trusted, `#[transient]` fields included.
    pub(super) fn forget_if_panicked(&self, stop: &Stop) {
        if matches!(stop, Stop::Panic(_)) {
            self.state.borrow_mut().take();
            *self.stage.borrow_mut() = Stage::Asleep;
        }
    }

    pub(super) fn undo(&self) {
        let records = &self.core.records;
        records.undo();
        records.cure();
        if let Some(state) = self.state.borrow_mut().as_mut() {
            state.reload(&mut Loader::new(records, &mut self.core.cache.borrow_mut()));
        }
        if records.cure().is_some() {
            // The stored state cannot be read any more: the next call finds out why.
            self.state.borrow_mut().take();
            *self.stage.borrow_mut() = Stage::Asleep;
        }
    }

    /// Runs the handlers of emitted events and commits. On `Err` the field cache is as before.
    pub(super) fn keep(
        &self,
        turn: &Rc<Turn>,
        keep: Keep,
        value: &[u8],
    ) -> Result<(), Box<WireError>> {
        let before = self.core.cache.borrow().clone();
        let kept = self.save().map_err(|fault| storage_error(&fault));
        let kept = kept.and_then(|()| self.handle_events(turn));
        let remembered = kept.and_then(|()| match &turn.keyed {
            Some(keyed) => keyed
                .remember(&self.core.records, value, turn.now, T::KEY_HOURS)
                .map_err(|fault| storage_error(&fault)),
            None => Ok(()),
        });
        let settled = remembered.and_then(|()| match &turn.owed {
            Some(owed) => self
                .settle_owed(owed, turn.now)
                .map_err(|fault| storage_error(&fault)),
            None => Ok(()),
        });
        if let Err(error) = settled {
            *self.core.cache.borrow_mut() = before;
            return Err(error);
        }
        let records = &self.core.records;
        if !keep.commit {
            spare(records);
            records.keep();
            return Ok(());
        }
        if (records.is_changed() || self.has_written_sql())
            && let Some(error) = self.barred(&turn.caller, turn.above())
        {
            *self.core.cache.borrow_mut() = before;
            return Err(error);
        }
        if let Err(fault) = self.commit(turn) {
            *self.core.cache.borrow_mut() = before;
            return Err(storage_error(&fault));
        }
        Ok(())
    }

    /// Puts the plain fields that changed into the overlay.
    pub(super) fn save(&self) -> Result<(), StorageFault> {
        let mut cache = self.core.cache.borrow_mut();
        let mut saver = Saver::new(&self.core.records, &mut cache);
        if let Some(state) = self.state.borrow().as_ref() {
            state.save(&mut saver);
        }
        saver.accept();
        self.core.records.cure().map_or(Ok(()), Err)
    }

    /// Hands emitted events to the handlers, in order, each in an overlay of its own.
    pub(super) fn handle_events(&self, turn: &Rc<Turn>) -> Result<(), Box<WireError>> {
        let mut handled = 0;
        while let Some(queued) = turn.events.pop() {
            handled += 1;
            if handled > MAX_EVENTS {
                let message = format!(
                    "more than {MAX_EVENTS} events in one action: do handlers of `{}` emit it again?",
                    queued.name
                );
                return Err(Box::new(WireError::framework(Code::Internal, message)));
            }
            let handlers = self.class.events.iter().filter(|entry| {
                // A mixin hears itself and its host, not its siblings.
                entry.event == queued.name
                    && (entry.mount.is_empty()
                        || queued.mount.is_empty()
                        || entry.mount == queued.mount)
            });
            for entry in handlers {
                let cache = self.core.cache.borrow().clone();
                let (emitted, effects) = (turn.events.len(), turn.effects.len());
                let Err(error) = self.apart(|| self.handle(turn, entry, &*queued.event)) else {
                    continue;
                };
                *self.core.cache.borrow_mut() = cache;
                let lost = self.state.borrow().is_none();
                if entry.required || lost {
                    return Err(error);
                }
                turn.events.truncate(emitted);
                turn.effects.truncate(effects);
                if let Some(state) = self.state.borrow_mut().as_mut() {
                    state.reload(&mut Loader::new(
                        &self.core.records,
                        &mut self.core.cache.borrow_mut(),
                    ));
                }
                let identity = &self.core.identity;
                let report = format!(
                    "{identity} handler {} of `{}` failed: {}",
                    entry.name, entry.event, error.message
                );
                self.core.environment.report(&report);
            }
        }
        Ok(())
    }

    /// Runs one handler in an overlay of its own, which is gone if it fails.
    fn handle(
        &self,
        turn: &Rc<Turn>,
        entry: &EventEntry<T>,
        event: &dyn Any,
    ) -> Result<(), Box<WireError>> {
        let records = &self.core.records;
        records.begin();
        let raw = RawContext {
            turn: turn.clone(),
            mount: entry.mount.clone(),
        };
        let outcome = match self.state.borrow_mut().as_mut() {
            Some(state) => contain(turn, || (entry.run)(state, raw, event)),
            None => Ok(Err(reset())),
        };
        let handled = match (outcome, failure_of(turn)) {
            (Ok(Ok(())), Some(error)) | (Ok(Err(error)), _) => Err(error),
            // What cannot be stored is this handler's fault, not that of the action it follows.
            (Ok(Ok(())), None) => self.save().map_err(|fault| storage_error(&fault)),
            (Err(stop), _) => {
                self.forget_if_panicked(&stop);
                Err(stopped(stop))
            }
        };
        if handled.is_ok() {
            records.keep();
        } else {
            records.undo();
        }
        handled
    }

    /// Commits the overlay.
    pub(super) fn commit(&self, turn: &Turn) -> Result<(), StorageFault> {
        let core = &self.core;
        let records = &core.records;
        if is_doomed(records) {
            return self.destroy(turn);
        }
        // The first commit of the object also says who it is.
        if !core.born.get() && (records.is_changed() || self.has_written_sql()) {
            let (name, app) = (core.identity.name.as_deref(), &self.class.app);
            records.put(
                META_KEY,
                Meta::encode(name, turn.now, app, &self.class.versions(), self.migrated())?,
            );
            self.begin_idling(turn.now);
        }
        let earliest = records
            .is_changed_within(alarm::PREFIX)
            .then(|| alarm::earliest(records, const { has_deferred::<T>() }));
        if let Some(fault) = records.cure() {
            return Err(fault);
        }
        records.keep();
        let (puts, deletes) = records.drain();
        let alarm = earliest.map(|at| at.map_or(AlarmChange::Clear, AlarmChange::Set));
        let commit = Commit {
            puts,
            deletes,
            alarm,
            destroy: false,
        };
        if commit.is_empty() {
            return Ok(());
        }
        self.accept(commit)?;
        core.born.set(true);
        self.noted();
        Ok(())
    }

    /// Hands a commit to the store.
    pub(super) fn accept(&self, commit: Commit) -> Result<(), StorageFault> {
        let core = &self.core;
        let seq = core.store.commit(commit).inspect_err(|_| {
            // The overlay is gone, and with it what `start` may have left in it: begin anew.
            core.records.begin();
            self.state.borrow_mut().take();
            *self.stage.borrow_mut() = Stage::Asleep;
        })?;
        core.seq.set(seq);
        Ok(())
    }
}

/// Why a turn fails that does not say so itself.
fn failure_of(turn: &Turn) -> Option<Box<WireError>> {
    let fault = turn.take_fault().map(|fault| storage_error(&fault));
    fault.or(turn.take_refusal())
}
