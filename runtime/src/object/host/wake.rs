//! Waking: loading the state, running `start`, and what a call finds that waited for it.

use std::sync::Arc;

use super::core::{Busy, Identity};
#[cfg(not(target_arch = "wasm32"))]
use super::delivery::IncomingCall;
use super::settle::Keep;
use super::{Host, Stage, storage_error};
use crate::action::InUrl;
use crate::error::Code;
use crate::object::contain::contain_async;
use crate::object::context::RawContext;
use crate::object::lock::Guard;
use crate::object::mount::has_upgrades;
use crate::object::turn::Turn;
use crate::object::{Caller, Chain, Envelope, Mode, Object, Target};
use crate::rpc::WireError;
use crate::state::{FieldCache, Loader, META_KEY, Meta};

/// How long the handlers of an alarm or of `start` may take.
const SYSTEM_DEADLINE: std::time::Duration = std::time::Duration::from_secs(25);

/// What loads an object and runs `start`, and nothing else: in tests. No client can call it.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) const ACTION: &str = "~wake";

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the object's lock keeps others from the state"
)]
impl<T: Object> Host<T> {
    /// Loads the state, and begins `start` if the class has one. Call it only while the lock is free.
    pub(super) fn wake(&self) {
        let chain = Chain::root(self.core.environment.now(), 0);
        let lock = &self.core.lock;
        if let Some(guard) = lock.try_acquire(Mode::Write, &chain, self.core.identity.id) {
            self.wake_within(guard);
        }
    }

    /// After a reset, wakes the object for the calls that wait for it, under the hold of the turn that is about to end:
    /// they are not to suffer for a panic of another.
    pub(super) fn recover(&self, turn: &Turn) {
        if matches!(*self.stage.borrow(), Stage::Asleep)
            && self.core.lock.queued() > 0
            && let Some(guard) = turn.take_guard()
        {
            self.wake_within(guard);
        }
    }

    pub(super) fn wake_within(&self, guard: Guard) {
        self.wakes.set(self.wakes.get() + 1);
        self.core.listeners.clear();
        if !self.core.born.get() {
            // What an earlier `start` wrote into the unborn object: this one writes it anew.
            self.core.records.undo();
            self.core.held.take();
        }
        if let Err(error) = self.load() {
            *self.stage.borrow_mut() = Stage::Failed(self.wakes.get(), error);
            return;
        }
        if self.class.starts.is_empty() {
            *self.stage.borrow_mut() = Stage::Awake;
            return;
        }
        let Some(host) = self.me.upgrade() else {
            return;
        };
        *self.stage.borrow_mut() = Stage::Starting;
        let busy = Busy::new(&self.core);
        self.core.environment.spawn(Box::pin(async move {
            let call = host.system_call("start");
            host.start(&call, guard).await;
            drop(busy);
        }));
    }

    /// Loads the state. What that writes is committed, or undone.
    pub(super) fn load(&self) -> Result<(), Box<WireError>> {
        self.load_anew().inspect_err(|_| self.core.records.undo())
    }

    fn load_anew(&self) -> Result<(), Box<WireError>> {
        let records = &self.core.records;
        if let Some(bytes) = records.get(META_KEY) {
            Meta::check(&bytes, &|mount| self.class.known_version(mount))
                .map_err(|fault| storage_error(&fault))?;
            if const { T::SQL.is_some() } {
                self.migrate(&bytes)?;
            }
            if const { has_upgrades::<T>() } {
                self.upgrade()?;
            }
        }
        let mut cache = FieldCache::default();
        let state = T::load(&mut Loader::new(records, &mut cache));
        if let Some(fault) = records.cure() {
            return Err(storage_error(&fault));
        }
        self.keep_loaded()?;
        self.learn_idling();
        *self.core.cache.borrow_mut() = cache;
        *self.state.borrow_mut() = Some(state);
        Ok(())
    }

    /// Commits what loading the state wrote: steps between versions, indexes of tables that the code declares anew.
    fn keep_loaded(&self) -> Result<(), Box<WireError>> {
        if !self.core.born.get() || !self.core.records.is_changed() {
            return Ok(());
        }
        let kept = self.within(|| {
            let kept = self.core.keep_all().map_err(|fault| storage_error(&fault));
            kept.map(|()| bytes::Bytes::new())
        });
        kept.map(drop)
    }

    /// Runs the `start` handlers. The stage is set before the lock is let go, so that the first waiter sees it.
    pub(super) async fn start(&self, call: &Envelope, guard: Guard) {
        let first = !self.core.born.get();
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        let handled = async {
            let mut state = self.state.borrow_mut();
            let handlers = async {
                if let Some(state) = state.as_mut() {
                    for entry in &self.class.starts {
                        let raw = RawContext {
                            turn: turn.clone(),
                            mount: entry.mount.clone(),
                        };
                        (entry.run)(state, raw, first).await?;
                    }
                }
                Ok(bytes::Bytes::new())
            };
            contain_async(&turn, Box::pin(handlers)).await
        };
        // What `start` writes into an unborn object waits for the commit that bears it.
        let keep = Keep { commit: !first };
        let outcome = self.finish(&turn, handled, keep).await.map(drop);
        *self.stage.borrow_mut() = match &outcome {
            Ok(()) => Stage::Awake,
            Err(error) => Stage::Failed(
                self.wakes.get(),
                self.core.redact(&call.request_id, error.clone()),
            ),
        };
        if outcome.is_err() {
            self.state.borrow_mut().take();
        }
        turn.end();
    }

    /// Why nobody is served now, if so.
    pub(super) fn obstacle(&self, call: &Envelope, wake: u64) -> Option<Box<WireError>> {
        if self.core.environment.now() > call.deadline {
            return Some(Box::new(WireError::framework(
                Code::Timeout,
                "the call's deadline passed while it waited",
            )));
        }
        match &*self.stage.borrow() {
            Stage::Failed(failed, error) if *failed >= wake => Some(error.clone()),
            Stage::Awake => None,
            _ => Some(Box::new(WireError::framework(
                Code::ObjectReset,
                "the object was reset while the call waited",
            ))),
        }
    }

    /// Takes a call of [`ACTION`].
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn wake_by_call(&self, call: IncomingCall) {
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let busy = Busy::new(&self.core);
        self.core.environment.spawn(Box::pin(async move {
            let envelope = &call.delivery.envelope;
            let woken = host.awake(envelope).await.map(drop);
            if call.delivery.begin() {
                let reply = woken.map(|()| bytes::Bytes::from_static(b"null"));
                host.core.answer(&envelope.request_id, reply, call.reply);
            }
            drop(busy);
        }));
    }

    /// Begins to wake the object, if it sleeps and nobody else is about to.
    pub(super) fn rouse(&self) {
        if !matches!(*self.stage.borrow(), Stage::Awake | Stage::Starting)
            && self.core.lock.is_free()
        {
            self.wake();
        }
    }

    /// Makes sure the object is awake, waiting for `start` if need be.
    pub(super) async fn awake(&self, call: &Envelope) -> Result<Guard, Box<WireError>> {
        self.rouse();
        let wake = self.wakes.get();
        let guard = self.lock(Mode::Write, call).await?;
        match self.obstacle(call, wake) {
            Some(error) => Err(error),
            None => Ok(guard),
        }
    }

    /// A call the runtime makes itself.
    pub(super) fn system_call(&self, action: &str) -> Envelope {
        let core = &self.core;
        let now = core.environment.now();
        let Identity { class, id, name } = &core.identity;
        Envelope {
            request_id: format!("{action}-{:016x}", core.random()).into(),
            target: Target {
                class: (*class).into(),
                id: *id,
                name: name.clone(),
            },
            action: action.into(),
            params: bytes::Bytes::new(),
            in_url: InUrl::NONE,
            deadline: now + SYSTEM_DEADLINE,
            chain: Chain::root(now, core.random()),
            caller: Arc::new(Caller::system()),
            read_only: false,
            near: None,
            connection: None,
            key: None,
            stream: None,
            owed: None,
        }
    }
}
