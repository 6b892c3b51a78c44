//! Whole objects out and in, under the object's own lock: what is exported is one moment, and what is imported is there at
//! once.

use super::{Host, Stage, storage_error};
use crate::error::Code;
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object, Target};
use crate::rpc::{Reply, WireError};
use crate::transfer::{EXPORT, Hold, IMPORT, Transfer};

/// Whether a call is one of these.
pub(super) fn is_way(action: &str) -> bool {
    matches!(action, EXPORT | IMPORT)
}

impl<T: Object> Host<T> {
    /// Writes or reads the object, without loading it: one that cannot be loaded can be exported, too.
    pub(super) fn carry(&self, call: &Envelope, guard: Guard) -> Reply {
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        let reply = match self.core.environment.transfer() {
            Some(transfer) if &*call.action == EXPORT => self.export(transfer),
            Some(transfer) => self.import(transfer, &call.params),
            None => Err(refused(
                Code::MethodNotFound,
                "the app does not say `transfer`",
            )),
        };
        self.recover(&turn);
        turn.end();
        reply
    }

    fn with_hold<R>(&self, run: impl FnOnce(&Hold<'_>) -> R) -> R {
        let core = &self.core;
        let tables = core.sql.as_ref().map(|door| door.store());
        run(&Hold {
            target: Target {
                class: core.identity.class.into(),
                id: core.identity.id,
                name: core.identity.name.clone(),
            },
            app: &self.class.app,
            store: &*core.store,
            tables: tables.as_deref(),
        })
    }

    fn export(&self, transfer: Transfer) -> Reply {
        if !self.core.born.get() {
            return Err(refused(Code::NotFound, "the object does not exist"));
        }
        self.with_hold(|from| transfer.export(from))
    }

    fn import(&self, transfer: Transfer, text: &[u8]) -> Reply {
        let core = &self.core;
        if core.born.get() {
            let message =
                "the object exists already: destroy it first, or import under another name";
            return Err(refused(Code::Conflict, message));
        }
        // What `start` wrote into the unborn object is not the one that comes.
        core.records.undo();
        core.held.take();
        self.state.borrow_mut().take();
        *self.stage.borrow_mut() = Stage::Asleep;
        let take = || {
            let (commit, answer) = self.with_hold(|into| transfer.import(text, into))?;
            let seq = core.store.commit(commit);
            Ok((seq.map_err(|fault| storage_error(&fault))?, answer))
        };
        let (seq, answer) = match &core.sql {
            None => take()?,
            Some(door) => {
                let (mut taken, store) = (None, door.store());
                let kept = store.transact(&mut || {
                    let outcome = taken.insert(take());
                    outcome.is_ok()
                });
                let taken = taken.unwrap_or_else(|| Err(super::reset()));
                kept.map_err(|fault| storage_error(&fault)).and(taken)?
            }
        };
        self.forget_tables();
        core.seq.set(seq);
        core.born.set(true);
        Ok(answer)
    }
}

fn refused(code: Code, message: &'static str) -> Box<WireError> {
    Box::new(WireError::framework(code, message))
}
