//! The host of one live object: loads it, runs its calls under the lock, commits or undoes what they did, and lets
//! replies out when everything they could have seen is durable.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::class::{ClassTable, Entry, LiveObject, Runner, Seed};
use super::contain::{Stop, contain, contain_async, race};
use super::context::RawContext;
use super::handle::{Access, Handle};
use super::lock::{Guard, Lock};
use super::turn::Turn;
use super::{Caller, Chain, Envelope, Mode, Object, ObjectId, Target, alarm, once};
use crate::action::Params;
use crate::backend::{
    AlarmChange, Commit, LocalFuture, ObjectStore, Seq, SharedEnvironment, StorageFault,
};
use crate::error::Code;
use crate::event::Alarm;
use crate::rpc::{Reply, WireError};
use crate::state::{FieldCache, Loader, META_KEY, Meta, Records, Saver};

/// How long the handlers of an alarm or of `start` may take.
const SYSTEM_DEADLINE: std::time::Duration = std::time::Duration::from_secs(25);

/// A call that reached its object.
pub struct IncomingCall {
    /// The call.
    pub delivery: Arc<Delivery>,
    /// Takes the answer, once it may be seen.
    pub reply: Box<dyn FnOnce(Reply)>,
}

/// A call, and whether it has begun to run: one that has not may still be taken away and delivered elsewhere.
#[derive(Debug)]
pub struct Delivery {
    envelope: Envelope,
    state: AtomicU8,
}

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const TAKEN: u8 = 2;

impl Delivery {
    /// A call that waits.
    pub fn new(envelope: Envelope) -> Arc<Self> {
        Arc::new(Self {
            envelope,
            state: AtomicU8::new(WAITING),
        })
    }

    /// The call.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Takes the call away from a place that does not get on with it; `None` if it has begun to run there.
    pub fn take(&self) -> Option<Envelope> {
        let taken =
            self.state
                .compare_exchange(WAITING, TAKEN, Ordering::AcqRel, Ordering::Acquire);
        taken.is_ok().then(|| self.envelope.clone())
    }

    /// Whether the call may run here: false if it was taken away.
    fn begin(&self) -> bool {
        self.state
            .compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

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
    store: Rc<dyn ObjectStore>,
    lock: Rc<Lock>,
    /// The object's last accepted commit; 0 while it is unborn.
    seq: Cell<Seq>,
    /// Calls, processes and handles that keep the object alive.
    busy: Cell<usize>,
}

/// Where a host is between asleep and awake.
#[derive(Clone)]
enum Stage {
    /// The state is to be loaded, and `start` to be run.
    Asleep,
    /// `start` holds the lock.
    Starting,
    Awake,
    /// `start` or loading failed at the wake with this number; those who waited for it get this answer.
    Failed(u64, Box<WireError>),
}

pub(crate) struct Host<T: Object> {
    me: Weak<Self>,
    core: Rc<Core>,
    class: Arc<ClassTable<T>>,
    state: RefCell<Option<T>>,
    cache: RefCell<FieldCache>,
    stage: RefCell<Stage>,
    wakes: Cell<u64>,
    /// Calls that wait for the lock, or have not come to it yet.
    waiting: Cell<usize>,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}/{name}", self.class),
            None => write!(f, "{}/~{}", self.class, self.id),
        }
    }
}

impl fmt::Debug for IncomingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IncomingCall")
            .field(&self.delivery.envelope)
            .finish()
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

    /// Lets a reply out once everything it could have seen is durable.
    fn answer(&self, request_id: &str, reply: Reply, to: Box<dyn FnOnce(Reply)>) {
        let reply = reply.map_err(|error| self.redact(request_id, error));
        let gate = move |result: Result<(), StorageFault>| match result {
            Ok(()) => to(reply),
            // What became of the commit is not known: after an I/O error it may be on disk all the same.
            Err(fault) => to(Err(Box::new(storage_error(&fault).maybe_executed()))),
        };
        self.store.gate(self.seq.get(), Box::new(gate));
    }

    /// What went wrong inside is for the log; callers get the request id to look for.
    fn redact(&self, request_id: &str, error: Box<WireError>) -> Box<WireError> {
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

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.environment.random(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// All that callers learn of an internal error.
const INTERNAL: &str = "internal error";

/// Keeps the object from being evicted.
struct Busy(Rc<Core>);

impl Busy {
    fn new(core: &Rc<Core>) -> Self {
        core.busy.set(core.busy.get() + 1);
        Self(core.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}

impl<T: Object> Host<T> {
    pub(super) fn new(class: Arc<ClassTable<T>>, seed: Seed) -> Rc<Self> {
        let Seed {
            target,
            store,
            seq,
            environment,
        } = seed;
        let core = Core {
            identity: Identity {
                class: T::CLASS,
                id: target.id,
                name: target.name,
            },
            environment,
            records: Records::new(store.clone()),
            store,
            lock: Rc::new(Lock::default()),
            seq: Cell::new(seq),
            busy: Cell::new(0),
        };
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            core: Rc::new(core),
            class,
            state: RefCell::new(None),
            cache: RefCell::new(FieldCache::default()),
            stage: RefCell::new(Stage::Asleep),
            wakes: Cell::new(0),
            waiting: Cell::new(0),
        })
    }

    /// Loads the state, and begins `start` if the class has one. Call it only while the lock is free.
    fn wake(&self) {
        let chain = Chain::root(self.core.environment.now(), 0);
        let lock = &self.core.lock;
        if let Some(guard) = lock.try_acquire(Mode::Write, &chain, self.core.identity.id) {
            self.wake_within(guard);
        }
    }

    /// After a reset, wakes the object for the calls that wait for it, under the hold of the turn that is about to end:
    /// they are not to suffer for a panic of another.
    fn recover(&self, turn: &Turn) {
        if matches!(*self.stage.borrow(), Stage::Asleep)
            && self.core.lock.queued() > 0
            && let Some(guard) = turn.take_guard()
        {
            self.wake_within(guard);
        }
    }

    fn wake_within(&self, guard: Guard) {
        self.wakes.set(self.wakes.get() + 1);
        if self.core.seq.get() == 0 {
            // What an earlier `start` wrote into the unborn object: this one writes it anew.
            self.core.records.undo();
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

    fn load(&self) -> Result<(), Box<WireError>> {
        let records = &self.core.records;
        if let Some(bytes) = records.get(META_KEY) {
            Meta::check(&bytes).map_err(|fault| storage_error(&fault))?;
        }
        let mut cache = FieldCache::default();
        let state = T::load(&mut Loader::new(records, &mut cache));
        if let Some(fault) = records.cure() {
            return Err(storage_error(&fault));
        }
        *self.cache.borrow_mut() = cache;
        *self.state.borrow_mut() = Some(state);
        Ok(())
    }

    /// Runs the `start` handlers. The stage is set before the lock is let go, so that the first waiter sees it.
    async fn start(&self, call: &Envelope, guard: Guard) {
        let first = self.core.seq.get() == 0;
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        self.core.records.begin();
        let outcome = {
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
        let outcome = self
            .settle(&turn, outcome, Keep { commit: !first })
            .map(drop);
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

    /// What a call must get instead of being run, if anything.
    fn obstacle(&self, call: &Envelope, wake: u64) -> Option<Box<WireError>> {
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

    /// Runs a call at once if nothing stands in its way.
    fn run_now(&self, entry: &Entry<T>, call: IncomingCall) -> Result<(), IncomingCall> {
        let mode = entry.run.mode();
        if mode == Mode::Free || !matches!(*self.stage.borrow(), Stage::Awake) {
            return Err(call);
        }
        let envelope = &call.delivery.envelope;
        let Some(guard) = self
            .core
            .lock
            .try_acquire(mode, &envelope.chain, self.core.identity.id)
        else {
            return Err(call);
        };
        match &entry.run {
            Runner::Query(_) | Runner::Command(_) => {
                if !call.delivery.begin() {
                    return Ok(());
                }
                let reply = match self.obstacle(envelope, 0) {
                    Some(error) => Err(error),
                    None => self.run_sync(entry, envelope, guard),
                };
                self.core.answer(&envelope.request_id, reply, call.reply);
            }
            _ => self.spawn(entry_index(&self.class, entry), call, Some(guard)),
        }
        Ok(())
    }

    fn run_sync(&self, entry: &Entry<T>, call: &Envelope, guard: Guard) -> Reply {
        let turn = Turn::new(&self.core, call, entry.run.mode(), Some(guard));
        let raw = RawContext {
            turn: turn.clone(),
            mount: entry.mount.clone(),
        };
        let mut params = Params::new(entry.params, call.params.clone(), call.query);
        let reply = match &entry.run {
            Runner::Query(run) => {
                let outcome = match &*self.state.borrow() {
                    Some(state) => contain(&turn, || run(state, raw, &mut params)),
                    None => Ok(Err(reset())),
                };
                self.settle_query(&turn, outcome)
            }
            Runner::Command(run) => {
                self.core.records.begin();
                let outcome = match &mut *self.state.borrow_mut() {
                    Some(state) => contain(&turn, || run(state, raw, &mut params)),
                    None => Ok(Err(reset())),
                };
                let reply = self.settle(&turn, outcome, Keep { commit: true });
                self.recover(&turn);
                reply
            }
            _ => Err(reset()),
        };
        turn.end();
        reply
    }

    /// Runs a call that waits: for the lock, or for something it awaits itself.
    fn spawn(&self, index: usize, call: IncomingCall, guard: Option<Guard>) {
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let busy = Busy::new(&self.core);
        let wake = self.wakes.get();
        let waits = guard.is_none()
            && self
                .class
                .entries
                .get(index)
                .is_some_and(|entry| entry.run.mode() != Mode::Free);
        // Counted from here: a whole batch may come before the first of it reaches the lock.
        self.waiting.set(self.waiting.get() + usize::from(waits));
        self.core.environment.spawn(Box::pin(async move {
            let envelope = &call.delivery.envelope;
            if let Some(reply) = host.run_async(index, &call.delivery, guard, wake).await {
                host.core.answer(&envelope.request_id, reply, call.reply);
            }
            drop(busy);
        }));
    }

    /// `None` if the call was taken away while it waited.
    async fn run_async(
        &self,
        index: usize,
        delivery: &Delivery,
        guard: Option<Guard>,
        wake: u64,
    ) -> Option<Reply> {
        let call = &delivery.envelope;
        let Some(entry) = self.class.entries.get(index) else {
            return Some(Err(reset()));
        };
        let mode = entry.run.mode();
        if let Runner::Process(run) = &entry.run {
            if !delivery.begin() {
                return None;
            }
            return Some(self.run_process(entry, run, call).await);
        }
        let guard = match guard {
            Some(guard) => Ok(guard),
            None => {
                let guard = self.lock(mode, call).await;
                self.waiting.set(self.waiting.get() - 1);
                guard
            }
        };
        if !delivery.begin() {
            return None;
        }
        Some(match guard {
            Err(error) => Err(error),
            Ok(guard) => match self.obstacle(call, wake) {
                Some(error) => Err(error),
                None => self.run_locked(entry, call, guard).await,
            },
        })
    }

    async fn run_locked(&self, entry: &Entry<T>, call: &Envelope, guard: Guard) -> Reply {
        let mode = entry.run.mode();
        let params = Params::new(entry.params, call.params.clone(), call.query);
        match &entry.run {
            Runner::Query(_) | Runner::Command(_) => self.run_sync(entry, call, guard),
            Runner::AsyncQuery(run) => {
                let turn = Turn::new(&self.core, call, mode, Some(guard));
                let raw = RawContext {
                    turn: turn.clone(),
                    mount: entry.mount.clone(),
                };
                let outcome = {
                    let state = self.state.borrow();
                    match state.as_ref() {
                        Some(state) => contain_async(&turn, run(state, raw, params)).await,
                        None => Ok(Err(reset())),
                    }
                };
                let reply = self.settle_query(&turn, outcome);
                turn.end();
                reply
            }
            Runner::AsyncCommand(run) => {
                let turn = Turn::new(&self.core, call, mode, Some(guard));
                let raw = RawContext {
                    turn: turn.clone(),
                    mount: entry.mount.clone(),
                };
                self.core.records.begin();
                let outcome = {
                    let mut state = self.state.borrow_mut();
                    match state.as_mut() {
                        Some(state) => contain_async(&turn, run(state, raw, params)).await,
                        None => Ok(Err(reset())),
                    }
                };
                let reply = self.settle(&turn, outcome, Keep { commit: true });
                self.recover(&turn);
                turn.end();
                reply
            }
            Runner::Process(_) => Err(reset()),
        }
    }

    async fn run_process(
        &self,
        entry: &Entry<T>,
        run: &(dyn Fn(Handle<T>, RawContext, Params) -> LocalFuture<'static, Reply> + Send + Sync),
        call: &Envelope,
    ) -> Reply {
        let Some(host) = self.me.upgrade() else {
            return Err(reset());
        };
        let turn = Turn::new(&self.core, call, Mode::Free, None);
        let raw = RawContext {
            turn: turn.clone(),
            mount: entry.mount.clone(),
        };
        let access = HandleOf {
            host,
            turn: turn.clone(),
            _busy: Busy::new(&self.core),
        };
        let params = Params::new(entry.params, call.params.clone(), call.query);
        let outcome = contain_async(&turn, run(Handle::new(Rc::new(access)), raw, params)).await;
        turn.end();
        match outcome {
            Ok(reply) => reply,
            Err(Stop::Deadline) => {
                let message =
                    "the process did not end before its deadline; what it had committed is kept";
                Err(Box::new(
                    WireError::framework(Code::Timeout, message).maybe_executed(),
                ))
            }
            Err(stop) => Err(Box::new(stopped(stop).maybe_executed())),
        }
    }

    /// Waits for the lock, at most until the call's deadline.
    async fn lock(&self, mode: Mode, call: &Envelope) -> Result<Guard, Box<WireError>> {
        let acquire = self.core.lock.acquire(mode, &call.chain);
        let acquire = async {
            acquire.await.map_err(|_| {
                let message =
                    "this call and another wait for each other, and the other began first";
                Box::new(WireError::framework(Code::Deadlock, message))
            })
        };
        let late = async {
            self.core.environment.sleep_until(call.deadline).await;
            Err(Box::new(WireError::framework(
                Code::Timeout,
                "the object was busy until the deadline",
            )))
        };
        race(acquire, late).await
    }

    /// The end of a query: nothing to keep, but it must not have seen a fault.
    #[expect(clippy::unused_self, reason = "the counterpart of `settle`")]
    fn settle_query(&self, turn: &Turn, outcome: Result<Reply, Stop>) -> Reply {
        match (outcome, turn.take_fault()) {
            (Ok(_), Some(fault)) => Err(storage_error(&fault)),
            (Ok(reply), None) => reply,
            (Err(stop), _) => Err(stopped(stop)),
        }
    }

    /// The end of everything that may write: all of it is committed, or none.
    fn settle(&self, turn: &Rc<Turn>, outcome: Result<Reply, Stop>, keep: Keep) -> Reply {
        let result = match outcome {
            Ok(Ok(value)) if turn.is_late() => {
                drop(value);
                Err(stopped(Stop::Deadline))
            }
            Ok(Ok(value)) => match turn.take_fault() {
                Some(fault) => Err(storage_error(&fault)),
                None => self.keep(turn, keep).map(|()| value),
            },
            Ok(Err(error)) => Err(error),
            Err(stop) => {
                self.forget_if_panicked(&stop);
                Err(stopped(stop))
            }
        };
        result.inspect_err(|_| self.undo())
    }

    /// After a panic nothing in memory is trusted, `#[transient]` fields included.
    fn forget_if_panicked(&self, stop: &Stop) {
        if matches!(stop, Stop::Panic(_)) {
            self.state.borrow_mut().take();
            *self.stage.borrow_mut() = Stage::Asleep;
        }
    }

    fn undo(&self) {
        let records = &self.core.records;
        records.undo();
        records.cure();
        if let Some(state) = self.state.borrow_mut().as_mut() {
            state.reload(&mut Loader::new(records, &mut self.cache.borrow_mut()));
        }
        if records.cure().is_some() {
            // The stored state cannot be read any more: the next call finds out why.
            self.state.borrow_mut().take();
            *self.stage.borrow_mut() = Stage::Asleep;
        }
    }

    /// Runs the handlers of emitted events and commits. On `Err` the field cache is as before.
    fn keep(&self, turn: &Rc<Turn>, keep: Keep) -> Result<(), Box<WireError>> {
        let before = self.cache.borrow().clone();
        let kept = self.save().map_err(|fault| storage_error(&fault));
        if let Err(error) = kept.and_then(|()| self.handle_events(turn)) {
            *self.cache.borrow_mut() = before;
            return Err(error);
        }
        let records = &self.core.records;
        if !keep.commit {
            records.keep();
            return Ok(());
        }
        if let Err(fault) = self.commit(turn) {
            *self.cache.borrow_mut() = before;
            return Err(storage_error(&fault));
        }
        Ok(())
    }

    /// Puts the plain fields that changed into the overlay.
    fn save(&self) -> Result<(), StorageFault> {
        let mut cache = self.cache.borrow_mut();
        let mut saver = Saver::new(&self.core.records, &mut cache);
        if let Some(state) = self.state.borrow().as_ref() {
            state.save(&mut saver);
        }
        saver.accept();
        self.core.records.cure().map_or(Ok(()), Err)
    }

    /// Hands emitted events to the handlers, in order, each in an overlay of its own.
    fn handle_events(&self, turn: &Rc<Turn>) -> Result<(), Box<WireError>> {
        while let Some(queued) = turn.events.pop() {
            let handlers = self.class.events.iter().filter(|entry| {
                // A mixin hears itself and its host, not its siblings.
                entry.event == queued.name
                    && (entry.mount.is_empty()
                        || queued.mount.is_empty()
                        || entry.mount == queued.mount)
            });
            for entry in handlers {
                let (cache, emitted) = (self.cache.borrow().clone(), turn.events.len());
                self.core.records.begin();
                let raw = RawContext {
                    turn: turn.clone(),
                    mount: entry.mount.clone(),
                };
                let outcome = match self.state.borrow_mut().as_mut() {
                    Some(state) => contain(turn, || (entry.run)(state, raw, &*queued.event)),
                    None => Ok(Err(reset())),
                };
                let error = match (outcome, turn.take_fault()) {
                    (Ok(Ok(())), Some(fault)) => storage_error(&fault),
                    // What cannot be stored is this handler's fault, not that of the action it follows.
                    (Ok(Ok(())), None) => match self.save() {
                        Ok(()) => {
                            self.core.records.keep();
                            continue;
                        }
                        Err(fault) => storage_error(&fault),
                    },
                    (Ok(Err(error)), _) => error,
                    (Err(stop), _) => {
                        self.forget_if_panicked(&stop);
                        stopped(stop)
                    }
                };
                self.core.records.undo();
                *self.cache.borrow_mut() = cache;
                let lost = self.state.borrow().is_none();
                if entry.required || lost {
                    return Err(error);
                }
                turn.events.truncate(emitted);
                if let Some(state) = self.state.borrow_mut().as_mut() {
                    state.reload(&mut Loader::new(
                        &self.core.records,
                        &mut self.cache.borrow_mut(),
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

    /// Commits the overlay.
    fn commit(&self, turn: &Turn) -> Result<(), StorageFault> {
        let core = &self.core;
        let records = &core.records;
        // The first commit of the object also says who it is.
        if core.seq.get() == 0 && records.is_changed() {
            records.put(
                META_KEY,
                Meta::encode(core.identity.name.as_deref(), turn.now, &self.class.app)?,
            );
        }
        let earliest = records
            .is_changed_within(alarm::PREFIX)
            .then(|| alarm::earliest(records));
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
        };
        if commit.is_empty() {
            return Ok(());
        }
        match core.store.commit(commit) {
            Ok(seq) => {
                core.seq.set(seq);
                Ok(())
            }
            Err(fault) => {
                // The overlay is gone, and with it what `start` may have left in it: begin anew.
                records.begin();
                self.state.borrow_mut().take();
                *self.stage.borrow_mut() = Stage::Asleep;
                Err(fault)
            }
        }
    }

    /// A call the runtime makes itself.
    fn system_call(&self, action: &str) -> Envelope {
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
            query: false,
            deadline: now + SYSTEM_DEADLINE,
            chain: Chain::root(now, core.random()),
            caller: Arc::new(Caller::system()),
            read_only: false,
        }
    }

    /// Makes sure the object is awake, waiting for `start` if need be.
    async fn awake(&self, call: &Envelope) -> Result<Guard, Box<WireError>> {
        if !matches!(*self.stage.borrow(), Stage::Awake | Stage::Starting)
            && self.core.lock.is_free()
        {
            self.wake();
        }
        let wake = self.wakes.get();
        let guard = self.lock(Mode::Write, call).await?;
        match self.obstacle(call, wake) {
            Some(error) => Err(error),
            None => Ok(guard),
        }
    }

    /// Runs the items that are due. Whether each could at least be begun.
    async fn run_alarms(&self) -> bool {
        let probe = self.system_call("alarm");
        let due = match self.awake(&probe).await {
            Ok(guard) => {
                let due = alarm::due(&self.core.records, self.core.environment.now());
                drop(guard);
                due
            }
            Err(error) => {
                // The store keeps the alarm set; the backend asks again after a pause.
                self.core.environment.report(&format!(
                    "{} cannot run its alarm: {}",
                    self.core.identity, error.message
                ));
                return false;
            }
        };
        let mut begun = true;
        for (mount, _) in due {
            let call = self.system_call("alarm");
            begun &= match self.awake(&call).await {
                Ok(guard) => self.run_alarm(&mount, &call, guard).await,
                Err(_) => false,
            };
        }
        begun
    }

    /// Runs one alarm item: first the attempt is counted and the next wake-up committed, then the handler runs.
    /// Whether it could be begun.
    async fn run_alarm(&self, mount: &str, call: &Envelope, guard: Guard) -> bool {
        let core = &self.core;
        let turn = Turn::new(core, call, Mode::Write, Some(guard));
        let Some(item) = alarm::get(&core.records, mount).filter(|item| item.at <= turn.now) else {
            turn.end();
            return true;
        };
        core.records.begin();
        alarm::begin(&core.records, mount, item, turn.now, core.random());
        if self
            .settle(&turn, Ok(Ok(bytes::Bytes::new())), Keep { commit: true })
            .is_err()
        {
            turn.end();
            return false;
        }
        core.records.begin();
        alarm::delete(&core.records, mount);
        let outcome = {
            let mut state = self.state.borrow_mut();
            let handlers = async {
                if let Some(state) = state.as_mut() {
                    for entry in self
                        .class
                        .alarms
                        .iter()
                        .filter(|entry| &*entry.mount == mount)
                    {
                        let raw = RawContext {
                            turn: turn.clone(),
                            mount: entry.mount.clone(),
                        };
                        let alarm = Alarm {
                            scheduled: item.scheduled,
                            attempt: item.attempt,
                        };
                        (entry.run)(state, raw, alarm).await?;
                    }
                }
                Ok(bytes::Bytes::new())
            };
            contain_async(&turn, Box::pin(handlers)).await
        };
        if let Err(error) = self.settle(&turn, outcome, Keep { commit: true }) {
            let Alarm { scheduled, attempt } = Alarm {
                scheduled: item.scheduled,
                attempt: item.attempt,
            };
            core.environment.report(&format!(
                "{} alarm of {scheduled} failed at attempt {attempt}: {}",
                core.identity, error.message
            ));
            if attempt >= alarm::RETRIES {
                core.records.begin();
                alarm::bury(&core.records, mount, item);
                let buried = self.commit(&turn);
                if buried.is_err() {
                    core.records.undo();
                }
            }
        }
        self.recover(&turn);
        turn.end();
        true
    }
}

/// What `settle` does with what was written.
#[derive(Clone, Copy)]
struct Keep {
    /// Commit it, or leave it in the overlay for the next commit.
    commit: bool,
}

impl<T: Object> LiveObject for Host<T> {
    fn submit(self: Rc<Self>, call: IncomingCall) {
        let asleep = !matches!(*self.stage.borrow(), Stage::Awake | Stage::Starting);
        let Some(index) = self
            .class
            .by_name
            .get(&*call.delivery.envelope.action)
            .copied()
        else {
            let message = format!(
                "`{}` has no action `{}`",
                T::CLASS,
                call.delivery.envelope.action
            );
            (call.reply)(Err(Box::new(WireError::framework(
                Code::MethodNotFound,
                message,
            ))));
            return;
        };
        if asleep && self.core.lock.is_free() {
            self.wake();
            if let Stage::Failed(_, error) = &*self.stage.borrow() {
                self.core.answer(
                    &call.delivery.envelope.request_id,
                    Err(error.clone()),
                    call.reply,
                );
                return;
            }
        }
        if let Some(entry) = self.class.entries.get(index)
            && let Err(call) = self.run_now(entry, call)
        {
            self.spawn(index, call, None);
        }
    }

    fn alarm(self: Rc<Self>, done: Box<dyn FnOnce(bool)>) {
        let busy = Busy::new(&self.core);
        let environment = self.core.environment.clone();
        environment.spawn(Box::pin(async move {
            let begun = self.run_alarms().await;
            // Done is durable: a backend may forget the wake-up only then.
            let durable = self.core.durable().await.is_ok();
            drop(busy);
            done(begun && durable);
        }));
    }

    fn is_idle(&self) -> bool {
        self.core.busy.get() == 0 && self.core.lock.is_free()
    }

    fn queued(&self) -> usize {
        self.waiting.get()
    }

    fn field_bytes(&self) -> usize {
        self.cache.borrow().bytes()
    }
}

/// A process's way to the state.
struct HandleOf<T: Object> {
    host: Rc<Host<T>>,
    turn: Rc<Turn>,
    _busy: Busy,
}

impl<T: Object> HandleOf<T> {
    /// Takes the lock for one look at the state.
    async fn enter(&self, mode: Mode) -> Result<Guard, Box<WireError>> {
        if self.turn.is_ended() {
            return Err(reset());
        }
        if self.turn.read_only && mode == Mode::Write {
            return Err(Box::new(WireError::framework(
                Code::ReadOnlyChain,
                "a query may not start a change",
            )));
        }
        let host = &self.host;
        if !matches!(*host.stage.borrow(), Stage::Awake | Stage::Starting)
            && host.core.lock.is_free()
        {
            host.wake();
        }
        let mut call = host.system_call("handle");
        call.deadline = self.turn.deadline;
        call.chain = self.turn.chain();
        let wake = host.wakes.get();
        let guard = host.lock(mode, &call).await?;
        match host.obstacle(&call, wake) {
            Some(error) => Err(error),
            None => Ok(guard),
        }
    }
}

impl<T: Object> Access<T> for HandleOf<T> {
    fn read<'a>(
        &'a self,
        look: &'a mut dyn FnMut(&T),
    ) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move {
            let guard = self.enter(Mode::Read).await?;
            let turn = self.turn.inner(Mode::Read, guard);
            let outcome = match &*self.host.state.borrow() {
                Some(state) => contain(&turn, || look(state)).map(|()| Ok(bytes::Bytes::new())),
                None => Ok(Err(reset())),
            };
            let reply = self.host.settle_query(&turn, outcome);
            turn.end();
            reply.map(drop)
        })
    }

    fn write<'a>(
        &'a self,
        change: &'a mut dyn FnMut(&mut T, &RawContext) -> bool,
    ) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move {
            let guard = self.enter(Mode::Write).await?;
            let turn = self.turn.inner(Mode::Write, guard);
            let raw = RawContext {
                turn: turn.clone(),
                mount: "".into(),
            };
            self.host.core.records.begin();
            let outcome = match &mut *self.host.state.borrow_mut() {
                Some(state) => contain(&turn, || change(state, &raw)).map(|keep| {
                    if keep {
                        Ok(bytes::Bytes::new())
                    } else {
                        Err(reset())
                    }
                }),
                None => Ok(Err(reset())),
            };
            let reply = self.host.settle(&turn, outcome, Keep { commit: true });
            self.host.recover(&turn);
            turn.end();
            reply.map(drop)
        })
    }
}

fn entry_index<T: Object>(class: &ClassTable<T>, entry: &Entry<T>) -> usize {
    class
        .by_name
        .get(&entry.name)
        .copied()
        .unwrap_or(usize::MAX)
}

fn reset() -> Box<WireError> {
    Box::new(WireError::framework(
        Code::ObjectReset,
        "the object was reset; try again",
    ))
}

fn stopped(stop: Stop) -> Box<WireError> {
    Box::new(match stop {
        Stop::Panic(text) => WireError::framework(Code::Internal, format!("panicked: {text}")),
        Stop::Deadline => WireError::framework(
            Code::Timeout,
            "the action did not end before its deadline; nothing was kept",
        ),
    })
}

/// How many calls may wait for one object; more are refused at once.
pub const MAX_QUEUED: usize = 1_000;

/// The answer to a call too many.
pub fn overloaded() -> Box<WireError> {
    let message = format!("{MAX_QUEUED} calls wait for this object already");
    Box::new(WireError::framework(Code::Overloaded, message))
}

/// A storage fault as callers see it.
pub(crate) fn storage_error(fault: &StorageFault) -> Box<WireError> {
    Box::new(WireError::framework(
        Code::of_storage(fault),
        fault.to_string(),
    ))
}
