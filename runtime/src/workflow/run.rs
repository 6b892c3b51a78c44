//! One run of a workflow: its journal is read, its code goes on until nothing in memory is waited for, and what it did is taken
//! back if it failed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::entry::{Entry, Flow, Kind, Noted, fault, go_on};
use super::{Inner, Pause, UNDO, Workflow};
use crate::action::encode;
use crate::backend::LocalFuture;
use crate::error::{Code, Rejection};
use crate::object::{ProcessContext, Timestamp, hours};
use crate::rpc::{Reply, WireError, from_utf8};
use crate::state::Stateful;

/// How a run came to stand.
enum Stood {
    Ended(Reply),
    Waits(Timestamp),
}

/// Counts what waits in memory while it does.
struct Active<'a>(&'a Cell<u32>);

impl<'a> Active<'a> {
    fn new(count: &'a Cell<u32>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl<S: Stateful> Workflow<S> {
    #[doc(hidden)]
    pub fn new(process: ProcessContext<S>) -> Self {
        let (id, attempt) = process
            .job()
            .map_or_else(Default::default, |job| (job.id.to_string(), job.attempt));
        let process = Rc::new(process);
        let (keeper, clock) = (process.clone(), process.clone());
        let inner = Inner {
            clock: Box::new(move || clock.now()),
            id,
            attempt,
            keeper: Box::new(move |action, params| match keeper.job() {
                Some(job) => (job.keeper)(action, params),
                None => Box::pin(std::future::ready(Err(lost()))),
            }),
            journal: RefCell::default(),
            passed: Cell::new(0),
            old: Cell::new(0),
            time: Cell::default(),
            drawn: Cell::new(0),
            active: Cell::new(0),
            wake: Cell::new(None),
            used: RefCell::default(),
            undo: RefCell::default(),
            cancelling: Cell::new(false),
            retries: Cell::new(0),
            broken: RefCell::default(),
        };
        Self {
            process,
            inner: Rc::new(inner),
        }
    }

    /// Runs the code of the workflow as far as it comes.
    #[doc(hidden)]
    pub async fn run(self, code: impl Future<Output = Reply>) -> Reply {
        let inner = &self.inner;
        inner.load().await?;
        let pause = self.pause();
        let reply = match inner.drive(&*pause, code).await {
            Stood::Waits(until) => return Err(go_on(until)),
            Stood::Ended(reply) => reply,
        };
        let reply = match inner.broken.take() {
            Some(error) => Err(error),
            None => reply,
        };
        let Err(error) = reply else { return reply };
        // It will be run again, so nothing is taken back yet.
        let again = error.retryable || error.is(Code::Internal);
        if again && !inner.cancelling.get() && inner.attempt <= inner.retries.get() {
            return Err(error);
        }
        match inner.drive(&*pause, self.undo_all()).await {
            Stood::Ended(undone) => undone.and(Err(error)),
            Stood::Waits(until) => Err(go_on(until)),
        }
    }

    /// Takes back what was done, the last first. What cannot be taken back stands among the steps.
    async fn undo_all(&self) -> Reply {
        let inner = &self.inner;
        let undo = inner.undo.take();
        for undo in undo.into_iter().rev() {
            let step = super::step::Made {
                inner: inner.clone(),
                pause: self.pause(),
                name: undo.name,
                call: undo.call,
                what: undo.what,
                backoff: crate::time::Backoff::default(),
                timeout: None,
                is_undo: true,
            };
            // An error is kept like that of any step, and the next one is taken back all the same.
            if let Err(error) = step.make().await
                && inner.broken.borrow().is_some()
            {
                return Err(error);
            }
        }
        Ok(bytes::Bytes::new())
    }
}

impl Inner {
    async fn load(&self) -> Result<(), Box<WireError>> {
        let flow = (self.keeper)("flow", encode(&(&*self.id,))?).await?;
        let flow: Flow = from_utf8(&flow)
            .map_err(|fault| Box::new(WireError::framework(Code::Internal, fault.to_string())))?;
        self.time.set(flow.created);
        self.cancelling.set(flow.cancelling);
        self.retries.set(flow.retries);
        self.old.set(flow.entries.len());
        *self.journal.borrow_mut() = flow.entries.into_iter().collect::<HashMap<_, _>>();
        Ok(())
    }

    /// Goes on with the code until it ends, or waits for nothing that is in memory.
    async fn drive(&self, pause: &Pause, code: impl Future<Output = Reply>) -> Stood {
        let mut code = pin!(code);
        // What goes off for parts that wait for a time while others keep the run in memory.
        let mut timer = None::<(Timestamp, LocalFuture<'static, ()>)>;
        poll_fn(|cx| {
            loop {
                self.wake.set(None);
                if let Poll::Ready(reply) = code.as_mut().poll(cx) {
                    return Poll::Ready(Stood::Ended(reply));
                }
                let Some(until) = self.wake.get() else {
                    return Poll::Pending;
                };
                if self.active.get() == 0 {
                    return Poll::Ready(Stood::Waits(until));
                }
                if timer.as_ref().is_none_or(|(at, _)| *at != until) {
                    // Platforms have a longest timer; it is looked again after this one.
                    let left = until.since((self.clock)()).min(hours(1));
                    timer = Some((until, pause(left)));
                }
                let Some((_, sleep)) = &mut timer else {
                    return Poll::Pending;
                };
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                timer = None;
            }
        })
        .await
    }

    /// Waits for something that is in memory.
    pub(super) async fn work<R>(&self, future: impl Future<Output = R>) -> R {
        let _active = Active::new(&self.active);
        future.await
    }

    /// Takes a name for a part. Each is used once in a run.
    pub(super) fn claim(&self, name: &str) -> Result<(), Rejection> {
        let mut used = self.used.borrow_mut();
        // What takes a part back has its name, with a word before it.
        let own = name.strip_prefix(UNDO).unwrap_or(name);
        let is_plain = name.chars().all(|char| matches!(char, ' '..='~'));
        if own.is_empty() || own.len() > 100 || !is_plain {
            return Err(self.give_up(fault(
                "workflow.name",
                format!("`{name}` names no part of a workflow: take 1 to 100 ASCII characters"),
            )));
        }
        if used.iter().any(|other| other == name) {
            return Err(self.give_up(fault(
                "workflow.name",
                format!("two parts of the workflow are called `{name}`: they are told apart by their names"),
            )));
        }
        used.push(name.to_owned());
        Ok(())
    }

    /// What was kept under a name, if it is of the same part.
    pub(super) fn find(
        &self,
        name: &str,
        kind: Kind,
        call: Option<&str>,
    ) -> Result<Option<Entry>, Rejection> {
        let found = self.journal.borrow().get(name).cloned();
        let Some(entry) = found else { return Ok(None) };
        if entry.kind == kind && entry.call.as_deref() == call {
            return Ok(Some(entry));
        }
        let message = format!(
            "`{name}` was another step when the workflow came by: was its code changed? Ask `flow.version(..)` which way to go"
        );
        Err(self.give_up(fault("workflow.diverged", message)))
    }

    /// A part that was kept is come by again.
    pub(super) fn pass(&self, entry: &Entry) {
        self.passed.set(self.passed.get() + 1);
        self.time.set(self.time.get().max(entry.at));
    }

    /// Keeps a part.
    pub(super) async fn record(&self, name: &str, entry: Entry) -> Result<(), Rejection> {
        let params = encode(&(&*self.id, self.attempt, name, &entry)).map_err(Rejection::new)?;
        let noted = self.work((self.keeper)("record", params)).await;
        let noted = noted.map_err(|error| self.give_up(Rejection::new(error)))?;
        let noted: Noted = from_utf8(&noted)
            .map_err(|reason| self.give_up(fault("workflow.diverged", reason.to_string())))?;
        // Somebody has cancelled it meanwhile.
        if noted.cancelling {
            self.cancelling.set(true);
        }
        let entry = noted.kept.unwrap_or(entry);
        self.time.set(self.time.get().max(entry.at));
        self.journal.borrow_mut().insert(name.to_owned(), entry);
        Ok(())
    }

    /// Ends the run before its next part, if the workflow is being cancelled.
    pub(super) fn halt_if_cancelled(&self) -> Result<(), Rejection> {
        if !self.cancelling.get() {
            return Ok(());
        }
        let message = "the workflow was cancelled".to_owned();
        Err(self.give_up(fault("workflow.cancelled", message)))
    }

    /// The run ends with this error, whatever its code makes of it.
    fn give_up(&self, error: Rejection) -> Rejection {
        let wire = error.wire().clone();
        self.broken.borrow_mut().get_or_insert(Box::new(wire));
        error
    }
}

fn lost() -> Box<WireError> {
    Box::new(WireError::framework(
        Code::ObjectReset,
        "a workflow is run by its object only",
    ))
}
