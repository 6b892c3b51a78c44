//! One turn: one run of an action, a handler or an `atomic` block, with everything it may use.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::contain::race;
use super::host::{Core, Deed, JobRun, Keyed};
use super::lock::Guard;
use super::origin::{Originate, OutgoingCall};
use super::storage_error;
use super::{Caller, Chain, Envelope, IdKey, MAX_DEPTH, Mode, Timestamp};
use crate::action::InUrl;
use crate::backend::{LocalFuture, StorageFault};
use crate::error::Code;
use crate::event::{EventQueue, EventSource, Spent};
use crate::remote::RemoteCall;
use crate::rpc::{Reply, WireError};
use crate::socket::{ConnectionId, Effects};
use crate::stream::Pipe;
use crate::time::{Lane, Owed};

pub(crate) struct Turn {
    pub(crate) core: Rc<Core>,
    pub(crate) request_id: Arc<str>,
    pub(crate) deadline: Timestamp,
    /// The calls that wait for this turn.
    above: Chain,
    mode: Mode,
    pub(crate) caller: Arc<Caller>,
    pub(crate) read_only: bool,
    /// One value for everything this turn commits.
    pub(crate) now: Timestamp,
    pub(crate) events: EventQueue,
    /// Which of the handlers that run once it has run.
    pub(crate) spent: Spent,
    /// What it does to connections, when its commit is accepted.
    pub(crate) effects: Effects,
    /// What it does to jobs, likewise.
    pub(crate) deeds: RefCell<Vec<Deed>>,
    /// The job that it is a run of.
    pub(crate) job: Option<Rc<JobRun>>,
    /// The connection whose call or handler runs.
    pub(crate) connection: Option<ConnectionId>,
    /// What its answer is kept under.
    pub(crate) keyed: Option<Keyed>,
    /// Where its items go, if they are read one by one. An answer that is kept is kept whole.
    pub(crate) stream: Option<Arc<Pipe>>,
    /// Whose event its handlers run for, if it is another object's.
    pub(crate) source: RefCell<Option<Rc<EventSource>>>,
    /// The debt that its commit settles.
    pub(crate) owed: Option<Owed>,
    /// The lanes that it sends by.
    sends: RefCell<Vec<Lane>>,
    /// Why it must fail, though its code does not say so.
    refusal: RefCell<Option<Box<WireError>>>,
    /// What the turn holds; taken away when it ends, however long user code keeps its context.
    guard: RefCell<Option<Rc<Guard>>>,
    ended: Cell<bool>,
    /// The storage fault it met, while its code does not run.
    fault: RefCell<Option<StorageFault>>,
}

impl Turn {
    pub(crate) fn new(
        core: &Rc<Core>,
        call: &Envelope,
        mode: Mode,
        guard: Option<Guard>,
    ) -> Rc<Self> {
        Rc::new(Self::make(core, call, mode, guard))
    }

    fn make(core: &Rc<Core>, call: &Envelope, mode: Mode, guard: Option<Guard>) -> Self {
        Self {
            core: core.clone(),
            request_id: call.request_id.clone(),
            deadline: call.deadline,
            above: call.chain.clone(),
            mode,
            caller: call.caller.clone(),
            read_only: call.read_only || mode == Mode::Read,
            now: core.environment.now(),
            events: EventQueue::default(),
            spent: Spent::default(),
            effects: Effects::default(),
            deeds: RefCell::default(),
            job: None,
            connection: call.connection,
            keyed: (mode == Mode::Write).then(|| Keyed::of(call)).flatten(),
            stream: call.stream.clone().filter(|_| call.key.is_none()),
            owed: call.owed.clone().filter(|_| mode == Mode::Write),
            source: RefCell::default(),
            sends: RefCell::default(),
            refusal: RefCell::default(),
            guard: RefCell::new(guard.map(Rc::new)),
            ended: Cell::new(false),
            fault: RefCell::new(None),
        }
    }

    /// The turn of a process; `job` if it is run as one.
    pub(crate) fn of_process(
        core: &Rc<Core>,
        call: &Envelope,
        job: Option<Rc<JobRun>>,
    ) -> Rc<Self> {
        let mut turn = Self::make(core, call, Mode::Free, None);
        turn.job = job;
        Rc::new(turn)
    }

    /// A turn of the same call with another hold of the object: what a process does atomically.
    pub(crate) fn inner(&self, mode: Mode, guard: Guard) -> Rc<Self> {
        Rc::new(Self {
            core: self.core.clone(),
            request_id: self.request_id.clone(),
            deadline: self.deadline,
            above: self.above.clone(),
            mode,
            caller: self.caller.clone(),
            read_only: self.read_only || mode == Mode::Read,
            now: self.core.environment.now(),
            events: EventQueue::default(),
            spent: Spent::default(),
            effects: Effects::default(),
            deeds: RefCell::default(),
            job: None,
            connection: self.connection,
            keyed: None,
            stream: None,
            owed: None,
            source: RefCell::new(self.source.borrow().clone()),
            sends: RefCell::default(),
            refusal: RefCell::default(),
            guard: RefCell::new(Some(Rc::new(guard))),
            ended: Cell::new(false),
            fault: RefCell::new(None),
        })
    }

    /// Lets go of the object; what still holds this turn's context can do nothing with it.
    pub(crate) fn end(&self) {
        self.ended.set(true);
        self.guard.borrow_mut().take();
    }

    /// Takes what the turn holds, for what is to go on under the same hold.
    pub(crate) fn take_guard(&self) -> Option<Guard> {
        let guard = self.guard.borrow_mut().take()?;
        Rc::into_inner(guard)
    }

    /// The turn's code runs from here: the records are as poisoned as it left them. Answers the fault of the code it
    /// runs within: a query below another of the same object.
    pub(crate) fn show_fault(&self) -> Option<StorageFault> {
        let outer = self.core.records.cure();
        if let Some(fault) = self.fault.take() {
            self.core.records.poison(fault);
        }
        outer
    }

    /// The turn's code runs no longer, that of `outer` goes on.
    pub(crate) fn hide_fault(&self, outer: Option<StorageFault>) {
        *self.fault.borrow_mut() = self.core.records.cure();
        if let Some(fault) = outer {
            self.core.records.poison(fault);
        }
    }

    /// Has the turn fail in the end: what it asked for cannot be done. The first reason stays.
    pub(crate) fn refuse(&self, reason: Box<WireError>) {
        self.refusal.borrow_mut().get_or_insert(reason);
    }

    /// Why it must fail.
    pub(crate) fn take_refusal(&self) -> Option<Box<WireError>> {
        self.refusal.take()
    }

    /// Has a lane gone on with when the turn is committed.
    pub(crate) fn note_send(&self, lane: Lane) {
        let mut sends = self.sends.borrow_mut();
        if sends.last() != Some(&lane) {
            sends.push(lane);
        }
    }

    pub(crate) fn take_sends(&self) -> Vec<Lane> {
        self.sends.take()
    }

    /// The storage fault that the turn met.
    pub(crate) fn take_fault(&self) -> Option<StorageFault> {
        self.fault.take()
    }

    /// The calls that wait for this turn.
    pub(crate) fn above(&self) -> &Chain {
        &self.above
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.get()
    }

    pub(crate) fn is_late(&self) -> bool {
        self.core.environment.now() > self.deadline
    }

    /// The chain of calls made from here: what came in, and this turn. Made when it is needed: most turns call nobody.
    pub(crate) fn chain(&self) -> Chain {
        self.above.with(self.core.identity.id, self.mode)
    }

    fn obstacle(&self, call: &OutgoingCall, chain: &Chain) -> Option<WireError> {
        let refusal = |code, message: String| Some(WireError::framework(code, message));
        let OutgoingCall {
            target,
            action,
            mode,
            ..
        } = call;
        if self.is_ended() {
            return refusal(
                Code::ObjectReset,
                "the action that made this call has ended".to_owned(),
            );
        }
        if chain.links.len() >= MAX_DEPTH {
            return refusal(
                Code::DepthExceeded,
                format!("calls are nested more than {MAX_DEPTH} deep"),
            );
        }
        let writes = *mode != Mode::Read;
        match chain.holds(target.id) {
            Some(Mode::Write) => {
                return refusal(
                    Code::ReentrantCall,
                    format!(
                        "`{action}` would wait for the command that calls it: the object is already in this chain"
                    ),
                );
            }
            Some(Mode::Read) if !writes => return None,
            _ => {}
        }
        if self.read_only && writes {
            return refusal(
                Code::ReadOnlyChain,
                format!("a query may not call `{action}`, which may write"),
            );
        }
        None
    }
}

/// Tells the lock that its holder waits for a call.
struct Waiting(Option<Rc<Guard>>);

impl Waiting {
    fn begin(guard: Option<Rc<Guard>>) -> Self {
        if let Some(guard) = &guard {
            guard.begin_call();
        }
        Self(guard)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(guard) = &self.0 {
            guard.end_call();
        }
    }
}

impl Originate for Turn {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        self.core.environment.id_key(class)
    }

    fn random(&self, bytes: &mut [u8]) {
        self.core.environment.random(bytes);
    }

    fn pause(&self, time: Duration) -> LocalFuture<'static, ()> {
        let environment = &self.core.environment;
        environment.sleep_until(environment.now() + time)
    }

    fn is_over(&self) -> bool {
        self.is_ended()
    }

    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply> {
        Box::pin(async move {
            // What a faulty action knows is not to be told.
            if let Some(fault) = self.core.records.fault() {
                return Err(storage_error(&fault));
            }
            let chain = self.chain();
            if let Some(refusal) = self.obstacle(&call, &chain) {
                return Err(Box::new(refusal));
            }
            // Nothing leaves before everything it could have seen is durable.
            self.core.durable().await?;
            let envelope = Envelope {
                request_id: self.request_id.clone(),
                target: call.target,
                action: call.action,
                params: call.params,
                in_url: InUrl::NONE,
                deadline: self.deadline,
                chain,
                caller: self.caller.clone(),
                read_only: self.read_only,
                near: call.near,
                connection: None,
                key: call.key,
                stream: call.stream,
                owed: None,
            };
            let holder = self.guard.borrow().clone();
            let waiting = Waiting::begin(holder);
            let late = async {
                self.core.environment.sleep_until(self.deadline).await;
                let message = "the called object did not answer before the deadline";
                Err(Box::new(
                    WireError::framework(Code::Timeout, message).maybe_executed(),
                ))
            };
            let environment = &self.core.environment;
            let answer = match call.remote {
                None => environment.call(envelope),
                Some(remote) => (remote.deliver)(RemoteCall {
                    remote,
                    patience: envelope.deadline.since(environment.now()),
                    envelope,
                    mode: call.mode,
                    variable: &|name| environment.variable(name),
                }),
            };
            let reply = race(answer, late).await;
            drop(waiting);
            reply
        })
    }
}
