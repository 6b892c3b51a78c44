//! The end of a turn: all of what it wrote is committed, or none.

use std::rc::Rc;

use super::destroy::{is_doomed, spare};
use super::{Host, Stage, stopped, storage_error};
use crate::backend::{AlarmChange, Commit, StorageFault};
use crate::object::contain::Stop;
use crate::object::mount::{has_deferred, has_jobs};
use crate::object::turn::Turn;
use crate::object::{Object, alarm};
use crate::rpc::{Reply, WireError};
use crate::state::{Loader, META_KEY, Meta, Saver};

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
                    self.core.listeners.spend(&turn.spent);
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
pub(super) fn failure_of(turn: &Turn) -> Option<Box<WireError>> {
    let fault = turn.take_fault().map(|fault| storage_error(&fault));
    fault.or(turn.take_refusal())
}
