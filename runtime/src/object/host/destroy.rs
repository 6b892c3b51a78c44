//! The end of an object: everything stored of it goes in one commit, and the next call finds none.

use std::future::ready;

use super::by_call::Entrance;
use super::delivery::IncomingCall;
use super::settle::Keep;
use super::{Host, Stage};
use crate::backend::{Commit, StorageFault};
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object};
use crate::rpc::Reply;
use crate::socket::{CloseCode, Effect};
use crate::state::Records;

/// What `stub.destroy()` calls. No client can: it is the action of no class.
pub(in crate::object) const ACTION: &str = "~destroy";

/// A record that is never stored: that a turn has it in its overlay says that the object is to end with the turn. So it is
/// taken back with everything else, where an attempt or a handler fails.
const DOOMED: &str = "!destroy";

/// Ends the object with the turn that these are the records of.
pub(in crate::object) fn doom(records: &Records) {
    records.put(DOOMED, b"true".to_vec());
}

/// What `start` does to an object that does not exist yet cannot end it.
pub(super) fn spare(records: &Records) {
    if is_doomed(records) {
        records.delete(DOOMED);
    }
}

pub(super) fn is_doomed(records: &Records) -> bool {
    records.is_changed_within(DOOMED) && records.get(DOOMED).is_some()
}

impl<T: Object> Host<T> {
    /// Takes a call of [`ACTION`].
    pub(super) fn end_by_call(&self, call: IncomingCall) {
        self.by_call(
            call,
            0,
            Entrance::AsItIs(Mode::Write),
            |host, call, guard| Box::pin(ready(host.end_now(call, guard))),
        );
    }

    /// Ends the object without loading it: one that cannot be loaded can be destroyed, too.
    pub(super) fn end_now(&self, call: &Envelope, guard: Guard) -> Reply {
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        let reply = self.within(|| {
            self.core.records.begin();
            doom(&self.core.records);
            let outcome = Ok(Ok(bytes::Bytes::from_static(b"null")));
            self.settle(&turn, outcome, Keep { commit: true })
        });
        self.recover(&turn);
        turn.end();
        reply
    }

    /// Commits the end of the object. Whoever waits for it next wakes one that does not exist yet.
    pub(super) fn destroy(&self, turn: &Turn) -> Result<(), StorageFault> {
        let core = &self.core;
        if let Some(fault) = core.records.cure() {
            return Err(fault);
        }
        core.records.drain();
        if core.born.get() {
            self.accept(Commit::destruction())?;
            core.born.set(false);
        }
        self.forget_tables();
        self.state.borrow_mut().take();
        *self.stage.borrow_mut() = Stage::Asleep;
        if let Some(connections) = core.environment.connections(core.identity.id) {
            connections.each(&mut |attachment| {
                turn.effects.push(Effect::Close {
                    id: attachment.id,
                    code: CloseCode::Gone.number(),
                    reason: CloseCode::Gone.reason().to_owned(),
                });
            });
        }
        Ok(())
    }
}
