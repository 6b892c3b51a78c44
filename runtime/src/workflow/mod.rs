//! Workflows: work of several steps that survives everything. A workflow is a [job](crate::mixins::jobs) whose steps are kept:
//! run again after a crash, after a long sleep or after a deployment, it does not make a step again that was made, but goes on
//! with what it answered.
//!
//! ```
//! use stayput::prelude::*;
//! use stayput::mixins::Jobs;
//! use stayput::workflow::Workflow;
//!
//! #[durable_object]
//! struct Trip { #[mixin] jobs: Jobs }
//!
//! #[durable_object]
//! impl Trip {
//!     /// Books a flight and a room, or neither.
//!     #[action(workflow)]
//!     async fn book(this: Handle<Self>, flow: Workflow<Self>, who: String) -> Result<String> {
//!         let desk = Desk::named(&flow, "main");
//!         flow.compensate("cancel flight", desk.cancel("flight", &*who));
//!         let flight = flow.step("flight", desk.reserve("flight", &*who)).await?;
//!         flow.compensate("cancel room", desk.cancel("room", &*who));
//!         let room = flow.step("room", desk.reserve("room", &*who)).await?;
//!         // The night before the trip the object need not be in memory.
//!         flow.sleep("before", days(13)).await?;
//!         Ok(format!("flight {flight}, room {room}"))
//!     }
//! }
//!
//! #[durable_object]
//! struct Desk { reserved: u32 }
//!
//! #[durable_object]
//! impl Desk {
//!     #[action]
//!     fn reserve(&mut self, what: String, who: String) -> u32 { self.reserved += 1; self.reserved }
//!
//!     #[action]
//!     fn cancel(&mut self, what: String, who: String) { self.reserved = self.reserved.saturating_sub(1); }
//! }
//!
//! stayput::app!(Trip, Desk);
//!
//! # fn main() {
//! stayput::testing::run(app(), async |t| {
//!     let trip = Trip::named(t, "ann");
//!     let id = trip.book("ann").await.unwrap().job;
//!     t.advance(days(5)).await;
//!     t.crash().await;
//!     t.advance(days(8)).await;
//!     let job = trip.jobs().get(id).await.unwrap();
//!     assert_eq!(job.result, Some("flight 1, room 2".into()));
//! });
//! # }
//! ```
//!
//! What it asks `flow` is kept; everything else in it must come out the same each time it is run: so time and chance come from
//! `flow`, and it awaits nothing but what `flow` gives. Its parts are told apart by their names, so a name is used once.

mod entry;
mod graph;
mod run;
mod step;

pub use graph::{Graph, GraphOutcome, GraphStatus, GraphStep, GraphStepStatus};
pub use step::Step;

pub use entry::Kind;
pub(crate) use entry::{Entry, Flow, Noted, later};

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backend::LocalFuture;
use crate::error::Rejection;
use crate::object::{Call, HasOrigin, Origin, ProcessContext, Timestamp, seconds};
use crate::rpc::{Reply, WireError};
use crate::state::Stateful;
use entry::fault;

/// Waits up to this long are waited for in memory.
const SHORT: Duration = seconds(2);
/// How the names of parts begin that take others back.
const UNDO: &str = "undo: ";
/// When something comes that has no time.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// A run of a workflow: what it takes its steps by.
pub struct Workflow<S: Stateful> {
    process: Rc<ProcessContext<S>>,
    inner: Rc<Inner>,
}

/// What of a run does not depend on the object.
struct Inner {
    id: String,
    attempt: u32,
    keeper: Keeper,
    clock: Box<dyn Fn() -> Timestamp>,
    journal: RefCell<HashMap<String, Entry>>,
    /// How many of the entries that were there at its beginning this run has come by.
    passed: Cell<usize>,
    /// How many there were.
    old: Cell<usize>,
    /// The time of the last entry that it came by.
    time: Cell<Timestamp>,
    drawn: Cell<u64>,
    /// Parts that wait for something in memory.
    active: Cell<u32>,
    /// The earliest time that a part waits for that does not.
    wake: Cell<Option<Timestamp>>,
    /// Names that were used in this run.
    used: RefCell<Vec<String>>,
    undo: RefCell<Vec<Undo>>,
    cancelling: Cell<bool>,
    retries: Cell<u32>,
    /// Why the run ends as failed, whatever its code says.
    broken: RefCell<Option<Box<WireError>>>,
}

/// What waits in memory.
type Pause = dyn Fn(Duration) -> LocalFuture<'static, ()>;

type Keeper = Box<dyn Fn(&'static str, bytes::Bytes) -> LocalFuture<'static, Reply>>;

/// A call that takes back what a step did.
struct Undo {
    name: String,
    call: Box<dyn Fn() -> LocalFuture<'static, Reply>>,
    what: Result<String, Box<WireError>>,
}

impl<S: Stateful> Clone for Workflow<S> {
    fn clone(&self) -> Self {
        Self {
            process: self.process.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<S: Stateful> Workflow<S> {
    /// The workflow's id: that of its job.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// A stub of the object that runs it.
    pub fn me(&self) -> S::Stub {
        self.process.me()
    }

    /// Who began it.
    pub fn caller(&self) -> &crate::object::Caller {
        self.process.caller()
    }

    /// The time, as it was when the last step was made: the same each time it is run.
    pub fn now(&self) -> Timestamp {
        self.inner.time.get()
    }

    /// A random number: the same each time it is run.
    pub fn random(&self) -> u64 {
        let drawn = self.inner.drawn.get();
        self.inner.drawn.set(drawn + 1);
        entry::number(&self.inner.id, drawn)
    }

    /// A step: a call that is made once, with the workflow's id and this name as its idempotency key. What it answered, or
    /// how it failed for good, is kept.
    ///
    /// Errors that say they are retryable are tried again, three times if [`backoff`](Step::backoff) says nothing else.
    pub fn step<T, E, K>(&self, name: &str, call: Call<T, E, K>) -> Step<T>
    where
        T: DeserializeOwned + 'static,
        E: 'static,
        K: 'static,
    {
        Step::new(self.inner.clone(), self.pause(), name, call)
    }

    /// Waits so long. For more than a moment nothing of it is in memory meanwhile.
    ///
    /// # Errors
    ///
    /// The workflow is being cancelled, or the name was used for something else.
    pub async fn sleep(&self, name: &str, duration: Duration) -> Result<(), Rejection> {
        self.inner.claim(name)?;
        let until = self.until(name, Kind::Sleep, duration).await?;
        self.wait(until).await;
        Ok(())
    }

    /// Waits until somebody says what this name stands for, by the job's action `jobs.signal`: a human's word, another
    /// system's. `None` if nobody does in that time.
    ///
    /// # Errors
    ///
    /// What was said is no `T` (`workflow.signal`); the workflow is being cancelled, or the name was used for something else.
    pub async fn wait_for<T: DeserializeOwned>(
        &self,
        name: &str,
        timeout: Option<Duration>,
    ) -> Result<Option<T>, Rejection> {
        let inner = &self.inner;
        inner.claim(name)?;
        let limit = format!("{name}/until");
        let until = match (inner.find(name, Kind::Signal, None)?, timeout) {
            (None, Some(timeout)) => self.until(&limit, Kind::Sleep, timeout).await?,
            _ => NEVER,
        };
        loop {
            if let Some(entry) = inner.find(name, Kind::Signal, None)? {
                inner.pass(&entry);
                let Some(said) = entry.result.filter(|_| entry.error.is_none()) else {
                    return Ok(None);
                };
                return serde_json::from_value(said).map(Some).map_err(|reason| {
                    fault(
                        "workflow.signal",
                        format!("`{name}` is not what is waited for: {reason}"),
                    )
                });
            }
            inner.halt_if_cancelled()?;
            if self.process.now() >= until {
                // Nobody said anything, and whoever does is late.
                let entry = Entry::new(Kind::Signal, self.process.now()).silent();
                inner.record(name, entry).await?;
                continue;
            }
            self.wait(until).await;
        }
    }

    /// Two parts at once; goes on when both have come to their end.
    pub async fn join<A, B>(
        &self,
        one: impl IntoFuture<Output = A>,
        other: impl IntoFuture<Output = B>,
    ) -> (A, B) {
        let (mut one, mut other) = (Box::pin(one.into_future()), Box::pin(other.into_future()));
        let (mut first, mut second) = (None, None);
        poll_fn(|cx| {
            if first.is_none()
                && let Poll::Ready(value) = one.as_mut().poll(cx)
            {
                first = Some(value);
            }
            if second.is_none()
                && let Poll::Ready(value) = other.as_mut().poll(cx)
            {
                second = Some(value);
            }
            match (first.take(), second.take()) {
                (Some(one), Some(other)) => Poll::Ready((one, other)),
                (one, other) => {
                    (first, second) = (one, other);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Many parts at once; goes on when all have come to their end.
    pub async fn join_all<T>(
        &self,
        parts: impl IntoIterator<Item: IntoFuture<Output = T>>,
    ) -> Vec<T> {
        let mut parts: Vec<_> = parts
            .into_iter()
            .map(|part| (Box::pin(part.into_future()), None))
            .collect();
        poll_fn(|cx| {
            let mut all = true;
            for (part, value) in &mut parts {
                if value.is_none() {
                    match part.as_mut().poll(cx) {
                        Poll::Ready(done) => *value = Some(done),
                        Poll::Pending => all = false,
                    }
                }
            }
            if all { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        parts.into_iter().filter_map(|(_, value)| value).collect()
    }

    /// Two parts of which the one that comes to its end first counts, `Ok` for `one` and `Err` for `other`. Which that was is
    /// kept. A step of the other that is under way may still take effect, but is not kept.
    ///
    /// # Errors
    ///
    /// The workflow is being cancelled, or the name was used for something else.
    pub async fn race<A, B>(
        &self,
        name: &str,
        one: impl IntoFuture<Output = A>,
        other: impl IntoFuture<Output = B>,
    ) -> Result<Result<A, B>, Rejection> {
        let inner = &self.inner;
        inner.claim(name)?;
        let (mut one, mut other) = (Box::pin(one.into_future()), Box::pin(other.into_future()));
        if let Some(entry) = inner.find(name, Kind::Race, None)? {
            inner.pass(&entry);
            return Ok(if entry.result == Some(Value::Bool(true)) {
                Ok(one.await)
            } else {
                Err(other.await)
            });
        }
        let won = poll_fn(|cx| {
            if let Poll::Ready(value) = one.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            other.as_mut().poll(cx).map(Err)
        })
        .await;
        let entry = Entry::new(Kind::Race, self.process.now()).with(Value::Bool(won.is_ok()));
        inner.record(name, entry).await?;
        Ok(won)
    }

    /// What is to be called if the workflow fails or is cancelled after this line. Such calls are made in the reverse order,
    /// each as a step of this name. Say it before the step that it takes back: whether a step that failed took effect may not be
    /// known.
    pub fn compensate<T: 'static, E: 'static, K: 'static>(&self, name: &str, call: Call<T, E, K>) {
        let what = call.describe();
        let name = format!("{UNDO}{name}");
        let key = entry::key(&self.inner.id, &name);
        self.inner.undo.borrow_mut().push(Undo {
            name,
            call: Box::new(move || call.repeat(Some(&key))),
            what,
        });
    }

    /// Whether this run goes the new way of code that was changed: `false` for workflows that had already come further than
    /// here when this line was added. It is kept, so it stays so.
    ///
    /// # Errors
    ///
    /// The workflow is being cancelled, or the name was used for something else.
    pub async fn version(&self, name: &str) -> Result<bool, Rejection> {
        let inner = &self.inner;
        inner.claim(name)?;
        if let Some(entry) = inner.find(name, Kind::Version, None)? {
            inner.pass(&entry);
            return Ok(entry.result == Some(Value::Bool(true)));
        }
        let new = inner.passed.get() >= inner.old.get();
        let entry = Entry::new(Kind::Version, self.process.now()).with(Value::Bool(new));
        inner.record(name, entry).await?;
        Ok(new)
    }

    /// Tells how far it is, as [`JobContext::progress`](crate::mixins::jobs::JobContext::progress) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn progress<T: Serialize + ?Sized>(&self, progress: &T) -> Result<(), Rejection> {
        let inner = &self.inner;
        let params = crate::action::encode(&(&*inner.id, inner.attempt, progress));
        let params = params.map_err(Rejection::new)?;
        inner
            .work((inner.keeper)("report", params))
            .await
            .map(drop)
            .map_err(Rejection::new)
    }

    /// When a wait ends that begins now, unless it has begun before.
    async fn until(&self, name: &str, kind: Kind, long: Duration) -> Result<Timestamp, Rejection> {
        let inner = &self.inner;
        if let Some(entry) = inner.find(name, kind, None)? {
            inner.pass(&entry);
            return Ok(entry.until.unwrap_or(entry.at));
        }
        inner.halt_if_cancelled()?;
        let now = self.process.now();
        let entry = Entry::new(kind, now).until(now + long);
        inner.record(name, entry).await?;
        Ok(now + long)
    }

    async fn wait(&self, until: Timestamp) {
        let inner = &self.inner;
        let left = until.since(self.process.now());
        if left.is_zero() || inner.cancelling.get() {
            return;
        }
        if left <= SHORT {
            return inner.work(self.process.sleep(left)).await;
        }
        poll_fn(|_| {
            if self.process.now() >= until {
                return Poll::Ready(());
            }
            let earliest = inner.wake.get().map_or(until, |wake| wake.min(until));
            inner.wake.set(Some(earliest));
            Poll::Pending
        })
        .await;
    }

    /// What waits in memory.
    fn pause(&self) -> Rc<Pause> {
        let process = self.process.clone();
        Rc::new(move |time| {
            let process = process.clone();
            Box::pin(async move { process.sleep(time).await })
        })
    }
}

impl<S: Stateful> HasOrigin for Workflow<S> {
    fn origin(&self) -> Origin {
        self.process.origin()
    }
}

impl<S: Stateful> fmt::Debug for Workflow<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("id", &self.inner.id)
            .field("process", &self.process)
            .finish()
    }
}
