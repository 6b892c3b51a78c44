//! What of a host does not depend on the class: identity, store, lock, and the gate that replies pass.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::deferred::Working;
use super::jobs::Running;
use super::storage_error;
use crate::backend::{Commit, ObjectStore, Seq, SharedEnvironment, StorageFault};
use crate::error::Code;
use crate::event::Listeners;
use crate::middleware::Chains;
use crate::object::lock::Lock;
use crate::object::{ObjectId, once};
use crate::rpc::{Reply, WireError};
use crate::socket::Effect;
use crate::sql::Door;
use crate::state::{FieldCache, Records};

/// Who an object is.
pub(crate) struct Identity {
    pub(crate) class: &'static str,
    pub(crate) id: ObjectId,
    pub(crate) name: Option<Arc<str>>,
}

/// What of a host does not depend on the class.
pub(crate) struct Core {
    pub(crate) identity: Identity,
    pub(crate) environment: SharedEnvironment,
    pub(crate) records: Records,
    pub(super) store: Rc<dyn ObjectStore>,
    /// The object's tables, if its class has SQL.
    pub(crate) sql: Option<Rc<Door>>,
    pub(super) lock: Rc<Lock>,
    /// The number of the last accepted commit.
    pub(super) seq: Cell<Seq>,
    /// Whether the object exists. It begins with a commit, and may end with one.
    pub(super) born: Cell<bool>,
    /// What `start` sent before the object was born: it waits for the commit that bears it.
    pub(super) held: RefCell<Vec<Effect>>,
    /// Calls, processes and handles that keep the object alive.
    pub(super) busy: Cell<usize>,
    /// Tells this life of the object from all others; drawn when it is first asked for.
    pub(super) life: OnceCell<u64>,
    /// What runs around calls.
    pub(crate) chains: Chains,
    /// The jobs that run in this life of the object.
    pub(crate) jobs: Running,
    /// The deferred calls that are being made in this life of the object. Apart, because most objects never make one, and all
    /// that are loaded would pay for it.
    pub(super) working: OnceCell<Box<Working>>,
    /// Handlers of events that were added in this life of the object.
    pub(crate) listeners: Listeners,
    /// What is known of the plain fields' records.
    pub(crate) cache: RefCell<FieldCache>,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}/{name}", self.class),
            None => write!(f, "{}/~{}", self.class, self.id),
        }
    }
}

impl Core {
    /// Waits until everything accepted so far is durable.
    pub(crate) async fn durable(&self) -> Result<(), Box<WireError>> {
        let (sender, receiver) = once::channel();
        self.store
            .gate(self.seq.get(), Box::new(move |result| sender.send(result)));
        match receiver.await {
            Some(Ok(())) => Ok(()),
            Some(Err(fault)) => Err(storage_error(&fault)),
            None => Err(storage_error(&StorageFault::Fenced)),
        }
    }

    /// Commits what is written, without a turn.
    pub(super) fn keep_all(&self) -> Result<(), StorageFault> {
        let (puts, deletes) = self.records.drain();
        let seq = self.store.commit(Commit {
            puts,
            deletes,
            ..Commit::default()
        })?;
        self.seq.set(seq);
        Ok(())
    }

    /// Whether the object exists.
    pub(crate) fn is_born(&self) -> bool {
        self.born.get()
    }

    /// The number of the last accepted commit.
    pub(crate) fn seq(&self) -> Seq {
        self.seq.get()
    }

    /// Lets a reply out once everything it could have seen is durable.
    pub(super) fn answer(&self, request_id: &str, reply: Reply, to: Box<dyn FnOnce(Reply)>) {
        let reply = reply.map_err(|error| self.redact(request_id, error));
        let gate = move |result: Result<(), StorageFault>| match result {
            Ok(()) => to(reply),
            // What became of the commit is not known: after an I/O error it may be on disk all the same.
            Err(fault) => to(Err(Box::new(storage_error(&fault).maybe_executed()))),
        };
        self.store.gate(self.seq.get(), Box::new(gate));
    }

    /// Makes the changes of connections that a turn asked for, now that its commit is accepted, and lets out what it
    /// sends once that is durable, before the turn's reply.
    pub(super) fn let_out(&self, effects: Vec<Effect>) {
        let id = self.identity.id;
        let Some(connections) = self.environment.connections(id) else {
            return;
        };
        let to_send = Effect::accept(effects, &*connections);
        if to_send.is_empty() {
            return;
        }
        let environment = self.environment.clone();
        let gate = move |result: Result<(), StorageFault>| {
            // Some may have come or gone meanwhile.
            if let (Ok(()), Some(connections)) = (result, environment.connections(id)) {
                for effect in to_send {
                    effect.send(&*connections);
                }
            }
        };
        self.store.gate(self.seq.get(), Box::new(gate));
    }

    /// What went wrong inside is for the log; callers get the request id to look for.
    pub(super) fn redact(&self, request_id: &str, error: Box<WireError>) -> Box<WireError> {
        if !error.is(Code::Internal) || error.message == INTERNAL {
            return error;
        }
        self.environment.report(&format!(
            "{} request {request_id}: {}",
            self.identity, error.message
        ));
        let redacted = WireError::framework(Code::Internal, INTERNAL);
        Box::new(if error.maybe_executed {
            redacted.maybe_executed()
        } else {
            redacted
        })
    }

    pub(super) fn working(&self) -> &Working {
        self.working.get_or_init(Box::default)
    }

    pub(super) fn life(&self) -> u64 {
        *self.life.get_or_init(|| self.random())
    }

    pub(super) fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.environment.random(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// All that callers learn of an internal error.
pub(crate) const INTERNAL: &str = "internal error";

/// Keeps the object from being evicted.
pub(super) struct Busy(Rc<Core>);

impl Busy {
    pub(super) fn new(core: &Rc<Core>) -> Self {
        core.busy.set(core.busy.get() + 1);
        Self(core.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}
