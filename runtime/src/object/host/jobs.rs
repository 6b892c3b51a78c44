//! Running jobs: processes that nobody waits for, begun by the commit that notes them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::core::Busy;
use super::{Host, reset};
use crate::action::InUrl;
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::mixins::jobs::Outcome;
use crate::object::class::Runner;
use crate::object::contain::race;
use crate::object::{Caller, Envelope, Object, hours, once, seconds};
use crate::rpc::{Reply, WireError};

/// How long one run of a job may take.
const DEADLINE: std::time::Duration = hours(24);

/// What is done to jobs when the commit of a turn is accepted.
pub(crate) enum Deed {
    Start(JobStart),
    Cancel(Arc<str>),
}

/// One run of a job.
pub(crate) struct JobStart {
    pub(crate) id: Arc<str>,
    /// The mixin that keeps it.
    pub(crate) keeper: Arc<str>,
    pub(crate) action: Arc<str>,
    pub(crate) params: Bytes,
    pub(crate) in_url: InUrl,
    pub(crate) caller: Caller,
    /// 1 for the first.
    pub(crate) attempt: u32,
    /// What the run before this one told last, as JSON text.
    pub(crate) progress: Option<String>,
}

/// What a run of a job sees of it.
pub(crate) struct JobRun {
    pub(crate) id: Arc<str>,
    pub(crate) attempt: u32,
    pub(crate) progress: Option<String>,
    /// Calls an action of the mixin that keeps it.
    pub(crate) keeper: Box<dyn Fn(&'static str, Bytes) -> LocalFuture<'static, Reply>>,
}

/// The jobs that run in this life of an object; what ends one early.
#[derive(Default)]
pub(crate) struct Running(RefCell<BTreeMap<Arc<str>, Run>>);

/// The attempt that a run is, and what ends it early.
type Run = (u32, once::Sender<()>);

impl Running {
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.borrow().contains_key(id)
    }

    fn begin(&self, id: Arc<str>, attempt: u32) -> once::Receiver<()> {
        let (cancel, cancelled) = once::channel();
        self.0.borrow_mut().insert(id, (attempt, cancel));
        cancelled
    }

    fn cancel(&self, id: &str) {
        self.0.borrow_mut().remove(id);
    }

    /// Whether this run of it was the one that is under way.
    fn end(&self, id: &str, attempt: u32) -> bool {
        let mut all = self.0.borrow_mut();
        let is_it = all.get(id).is_some_and(|(running, _)| *running == attempt);
        is_it && all.remove(id).is_some()
    }
}

impl<T: Object> Host<T> {
    /// Does to jobs what a turn asked for, now that its commit is accepted.
    pub(super) fn carry_out(&self, deeds: Vec<Deed>) {
        for deed in deeds {
            match deed {
                Deed::Start(start) => self.start_job(start),
                Deed::Cancel(id) => {
                    self.core.jobs.cancel(&id);
                }
            }
        }
    }

    fn start_job(&self, start: JobStart) {
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let busy = Busy::new(&self.core);
        let cancelled = self.core.jobs.begin(start.id.clone(), start.attempt);
        self.core.environment.spawn(Box::pin(async move {
            let cancelled = async {
                cancelled.await;
                None
            };
            let reply = race(async { Some(host.run_job(&start).await) }, cancelled).await;
            if host.core.jobs.end(&start.id, start.attempt)
                && let Some(reply) = reply
            {
                host.note_outcome(&start, reply).await;
            }
            drop(busy);
        }));
    }

    async fn run_job(&self, start: &JobStart) -> Reply {
        // Nothing happens for a job that a power cut could take back.
        self.core.durable().await?;
        let entry = self.class.by_name.get(&*start.action);
        let entry = entry.and_then(|index| self.class.entries.get(*index));
        let Some(entry) = entry else {
            let message = format!("`{}` has no action `{}` any more", T::CLASS, start.action);
            return Err(Box::new(WireError::framework(
                Code::MethodNotFound,
                message,
            )));
        };
        let ((Some(run), _) | (None, Runner::Process(run))) = (entry.job.as_ref(), &entry.run)
        else {
            let message = format!("`{}` is no job any more", start.action);
            return Err(Box::new(WireError::framework(
                Code::MethodNotFound,
                message,
            )));
        };
        let mut call = self.system_call(&start.action);
        call.request_id = start.id.clone();
        call.params = start.params.clone();
        call.in_url = start.in_url;
        call.caller = Arc::new(start.caller.clone());
        call.deadline = self.core.environment.now() + DEADLINE;
        let (host, keeper) = (self.me.clone(), start.keeper.clone());
        let job = JobRun {
            id: start.id.clone(),
            attempt: start.attempt,
            progress: start.progress.clone(),
            keeper: Box::new(move |action, params| match host.upgrade() {
                Some(host) => {
                    let keeper = keeper.clone();
                    Box::pin(async move { host.tell(&keeper, action, params).await })
                }
                None => Box::pin(std::future::ready(Err(reset()))),
            }),
        };
        let reply = self
            .run_process(entry, run, &call, Some(Rc::new(job)))
            .await;
        reply.map_err(|error| self.core.redact(&call.request_id, error))
    }

    /// Notes how a run ended. While that fails, it is tried again; after a crash the job is run again.
    async fn note_outcome(&self, start: &JobStart, reply: Reply) {
        let outcome = Outcome::of(reply);
        let params = outcome
            .and_then(|outcome| crate::action::encode(&(&*start.id, start.attempt, outcome)));
        let Ok(params) = params else { return };
        for pause in [1, 2, 4, 8] {
            let Err(error) = self.tell(&start.keeper, "settle", params.clone()).await else {
                return;
            };
            self.core.environment.report(&format!(
                "{} cannot note how job {} ended: {}",
                self.core.identity, start.id, error.message
            ));
            let environment = &self.core.environment;
            environment
                .sleep_until(environment.now() + seconds(pause))
                .await;
        }
    }

    /// Calls an action of the mixin that keeps jobs; no middleware runs around it.
    async fn tell(&self, keeper: &str, action: &str, params: Bytes) -> Reply {
        let name = format!("{keeper}.{action}");
        let mut call: Envelope = self.system_call(&name);
        call.params = params;
        let entry = self.class.by_name.get(&name);
        let Some(entry) = entry.and_then(|index| self.class.entries.get(*index)) else {
            return Err(reset());
        };
        let guard = self.awake(&call).await?;
        self.run_locked(entry, &call, guard).await
    }
}
