//! Running calls: at once where nothing stands in the way, as tasks where they wait.

use std::cell::Cell;
use std::rc::Rc;

use super::access::HandleOf;
use super::core::Busy;
use super::delivery::{Delivery, IncomingCall};
use super::jobs::JobRun;
use super::keyed::Keyed;
use super::queue::Place;
use super::settle::Keep;
use super::{Host, Stage, reset, stopped};
use crate::action::Params;
use crate::error::Code;
use crate::event::{Event as _, Executed};
use crate::object::class::{ClassTable, Entry, Process, Runner};
use crate::object::contain::{Stop, contain, contain_async, race};
use crate::object::context::RawContext;
use crate::object::handle::Handle;
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object};
use crate::rpc::{Reply, WireError};

/// What a call has while it waits for its object.
pub(super) struct Wait {
    pub(super) place: Option<Place>,
    /// The lock, if it has it already.
    pub(super) guard: Option<Guard>,
    /// The object's wake-up that it came after.
    pub(super) wake: u64,
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the object's lock keeps others from the state"
)]
impl<T: Object> Host<T> {
    /// Runs a call at once if nothing stands in its way.
    pub(super) fn run_now(&self, entry: &Entry<T>, call: IncomingCall) -> Result<(), IncomingCall> {
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
                let reply = match self.hindrance(mode, envelope, 0) {
                    Some(error) => Err(error),
                    None => self.run_sync(entry, envelope, guard),
                };
                self.core.answer(&envelope.request_id, reply, call.reply);
            }
            _ => self.spawn(entry_index(&self.class, entry), call, Some(guard)),
        }
        Ok(())
    }

    /// What a call must get instead of being run, if anything.
    fn hindrance(&self, mode: Mode, call: &Envelope, wake: u64) -> Option<Box<WireError>> {
        let barred = || {
            (mode == Mode::Write)
                .then(|| self.barred(&call.caller, &call.chain))
                .flatten()
        };
        self.obstacle(call, wake).or_else(barred)
    }

    pub(super) fn run_sync(&self, entry: &Entry<T>, call: &Envelope, guard: Guard) -> Reply {
        let turn = Turn::new(&self.core, call, entry.run.mode(), Some(guard));
        let raw = RawContext {
            turn: turn.clone(),
            mount: entry.mount.clone(),
        };
        if let Some(answer) = self.answered(&turn) {
            turn.end();
            return answer;
        }
        let mut params = Params::new(entry.params, call.params.clone(), call.in_url);
        let reply = match &entry.run {
            Runner::Query(run) => {
                let outcome = match &*self.state.borrow() {
                    Some(state) => contain(&turn, || run(state, raw, &mut params)),
                    None => Ok(Err(reset())),
                };
                self.settle_query(&turn, outcome)
            }
            Runner::Command(run) => {
                let reply = self.within(|| {
                    self.core.records.begin();
                    let outcome = match &mut *self.state.borrow_mut() {
                        Some(state) => contain(&turn, || run(state, raw, &mut params)),
                        None => Ok(Err(reset())),
                    };
                    self.tell_executed(&turn, &call.action, &call.params, &outcome);
                    self.settle(&turn, outcome, Keep { commit: true })
                });
                self.recover(&turn);
                reply
            }
            _ => Err(reset()),
        };
        turn.end();
        reply
    }

    /// Tells the handlers that listen that an action is about to be committed.
    pub(super) fn tell_executed(
        &self,
        turn: &Turn,
        action: &str,
        params: &[u8],
        outcome: &Result<Reply, Stop>,
    ) {
        if self.class.hears_executed
            && let Ok(Ok(reply)) = outcome
        {
            let text = |json: &[u8]| String::from_utf8_lossy(json).into_owned();
            let executed = Executed {
                action: action.to_owned(),
                params: text(params),
                result: (!reply.is_empty()).then(|| text(reply)),
            };
            turn.events
                .push(Executed::NAME, "".into(), Rc::new(executed));
        }
    }

    /// Runs a call that waits: for the lock, or for something it awaits itself.
    pub(super) fn spawn(&self, index: usize, call: IncomingCall, guard: Option<Guard>) {
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let waits = guard.is_none()
            && self
                .class
                .entries
                .get(index)
                .is_some_and(|entry| entry.run.mode() != Mode::Free);
        // Counted from here: a whole batch may come before the first of it reaches the lock.
        let place = waits.then(|| self.queue.admit(call.delivery.envelope.params.len()));
        let place = match place.transpose() {
            Ok(place) => place,
            Err(refusal) => return (call.reply)(Err(refusal)),
        };
        let busy = Busy::new(&self.core);
        let wait = Wait {
            place,
            guard,
            wake: self.wakes.get(),
        };
        self.core.environment.spawn(Box::pin(async move {
            let envelope = &call.delivery.envelope;
            if let Some(reply) = host.run_async(index, &call.delivery, envelope, wait).await {
                host.core.answer(&envelope.request_id, reply, call.reply);
            }
            drop(busy);
        }));
    }

    /// `None` if the call was taken away while it waited.
    pub(super) async fn run_async(
        &self,
        index: usize,
        delivery: &Delivery,
        call: &Envelope,
        wait: Wait,
    ) -> Option<Reply> {
        let Some(entry) = self.class.entries.get(index) else {
            return Some(Err(reset()));
        };
        let mode = entry.run.mode();
        if let Runner::Process(run) = &entry.run {
            drop(wait.place);
            if !delivery.begin() {
                return None;
            }
            return Some(self.run_process(entry, run, call, None).await);
        }
        let guard = if let Some(guard) = wait.guard {
            Ok(guard)
        } else {
            // It may have been reset or destroyed since the call came.
            if matches!(*self.stage.borrow(), Stage::Asleep) {
                self.rouse();
            }
            self.lock(mode, call).await
        };
        drop(wait.place);
        if !delivery.begin() {
            return None;
        }
        Some(match guard {
            Err(error) => Err(error),
            Ok(guard) => match self.hindrance(mode, call, wait.wake) {
                Some(error) => Err(error),
                None => self.run_locked(entry, call, guard).await,
            },
        })
    }

    pub(super) async fn run_locked(
        &self,
        entry: &Entry<T>,
        call: &Envelope,
        guard: Guard,
    ) -> Reply {
        let mode = entry.run.mode();
        let params = Params::new(entry.params, call.params.clone(), call.in_url);
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
                if let Some(answer) = self.answered(&turn) {
                    turn.end();
                    return answer;
                }
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
                let reply = self.within(|| {
                    self.tell_executed(&turn, &call.action, &call.params, &outcome);
                    self.settle(&turn, outcome, Keep { commit: true })
                });
                self.recover(&turn);
                turn.end();
                reply
            }
            Runner::Process(_) => Err(reset()),
        }
    }

    pub(super) async fn run_process(
        &self,
        entry: &Entry<T>,
        run: &Process<T>,
        call: &Envelope,
        job: Option<Rc<JobRun>>,
    ) -> Reply {
        let Some(host) = self.me.upgrade() else {
            return Err(reset());
        };
        let turn = Turn::of_process(&self.core, call, job);
        let raw = RawContext {
            turn: turn.clone(),
            mount: entry.mount.clone(),
        };
        let access = Rc::new(HandleOf {
            host,
            turn: turn.clone(),
            action: call.action.clone(),
            params: call.params.clone(),
            entered: Cell::new(false),
            _busy: Busy::new(&self.core),
        });
        let keyed = Keyed::of(call);
        if let Some(keyed) = &keyed
            && let Some(answer) = access.begin_keyed(keyed).await.transpose()
        {
            turn.end();
            return answer;
        }
        if let Some(owed) = &call.owed
            && let Some(answer) = self.begin_owed(owed).await
        {
            turn.end();
            return answer;
        }
        let params = Params::new(entry.params, call.params.clone(), call.in_url);
        let outcome = contain_async(&turn, run(Handle::new(access.clone()), raw, params)).await;
        let reply = match outcome {
            // A panic in `atomic`, for one: what was committed before is kept.
            Ok(Err(error)) if error.is(Code::Internal) => Err(Box::new(error.maybe_executed())),
            Ok(reply) => reply,
            Err(Stop::Deadline) => {
                let message =
                    "the process did not end before its deadline; what it had committed is kept";
                Err(Box::new(
                    WireError::framework(Code::Timeout, message).maybe_executed(),
                ))
            }
            Err(stop) => Err(Box::new(stopped(stop).maybe_executed())),
        };
        let reply = match &keyed {
            Some(keyed) => access.end_keyed(keyed, reply).await,
            None => reply,
        };
        let reply = match &call.owed {
            Some(owed) => self.end_owed(owed, reply).await,
            None => reply,
        };
        turn.end();
        reply
    }

    /// What the call answered when it was made before: with its idempotency key, or to settle the same debt.
    pub(super) fn answered(&self, turn: &Turn) -> Option<Reply> {
        if let Some(answer) = turn.owed.as_ref().and_then(|owed| self.is_settled(owed)) {
            return Some(answer);
        }
        let keyed = turn.keyed.as_ref()?;
        keyed.answered(&self.core, turn.now).transpose()
    }

    /// Waits for the lock, at most until the call's deadline.
    pub(super) async fn lock(&self, mode: Mode, call: &Envelope) -> Result<Guard, Box<WireError>> {
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
}

fn entry_index<T: Object>(class: &ClassTable<T>, entry: &Entry<T>) -> usize {
    class
        .by_name
        .get(&entry.name)
        .copied()
        .unwrap_or(usize::MAX)
}
