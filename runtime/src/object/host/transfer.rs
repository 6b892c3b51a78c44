//! Whole objects out and in, under the object's own lock: what is exported is one moment, and what is imported is there at
//! once.

use super::core::Core;
use super::{Host, Stage, reset, storage_error};
use crate::error::Code;
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object, Target};
use crate::rpc::{Reply, WireError};
use crate::transfer::{ClassInfo, EXPORT, Hold, IMPORT, export, import};

/// Whether a call is one of these. No client can make it: it is the action of no class.
pub(super) fn is_way(action: &str) -> bool {
    matches!(action, EXPORT | IMPORT)
}

impl<T: Object> Host<T> {
    /// Writes or reads the object, without loading it: one that cannot be loaded can be exported, too.
    pub(super) fn carry(&self, call: &Envelope, guard: Guard) -> Reply {
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        let was_born = self.core.born.get();
        let class = ClassInfo {
            app: &self.class.app,
            was: T::WAS,
        };
        let transfer = self.core.environment.transfer();
        let reply = transfer.map_or_else(|| Err(reset()), |to| to.run(&self.core, class, call));
        if !was_born {
            // Who has come is loaded when it is next called.
            self.state.borrow_mut().take();
            *self.stage.borrow_mut() = Stage::Asleep;
            self.forget_tables();
        }
        self.recover(&turn);
        turn.end();
        reply
    }
}

/// Only apps that let whole objects out and in link any of this.
impl Core {
    pub(crate) fn carry(&self, class: ClassInfo<'_>, call: &Envelope) -> Reply {
        let tables = self.sql.as_ref().map(|door| door.store());
        let hold = Hold {
            target: Target {
                class: self.identity.class.into(),
                id: self.identity.id,
                name: self.identity.name.clone(),
            },
            class,
            store: &*self.store,
            tables: tables.as_deref(),
        };
        match (&*call.action, self.born.get()) {
            (EXPORT, true) => export(&hold),
            (EXPORT, false) => Err(refused(Code::NotFound, "the object does not exist")),
            (_, true) => {
                let message =
                    "the object exists already: destroy it first, or import under another name";
                Err(refused(Code::Conflict, message))
            }
            (_, false) => self.take_in(&call.params, &hold),
        }
    }

    fn take_in(&self, text: &[u8], hold: &Hold<'_>) -> Reply {
        // What `start` wrote into the unborn object is not the one that comes.
        self.records.undo();
        self.held.take();
        let take = || {
            let (commit, answer) = import(text, hold)?;
            let seq = self.store.commit(commit);
            Ok((seq.map_err(|fault| storage_error(&fault))?, answer))
        };
        let (seq, answer) = match hold.tables {
            None => take()?,
            Some(tables) => {
                let mut taken = None;
                let kept = tables.transact(&mut || taken.insert(take()).is_ok());
                let taken = taken.unwrap_or_else(|| Err(reset()));
                kept.map_err(|fault| storage_error(&fault)).and(taken)?
            }
        };
        self.seq.set(seq);
        self.born.set(true);
        Ok(answer)
    }
}

fn refused(code: Code, message: &'static str) -> Box<WireError> {
    Box::new(WireError::framework(code, message))
}
