//! Long-running work: accepted at once, run as a process that nobody waits for, looked after until it has ended.
//!
//! A process that is marked `#[action(job)]` is a job: calls of it note that it is to be run, and answer the job's id. The
//! object mounts [`Jobs`], which keeps what becomes of it.
//!
//! ```
//! # use stayput::prelude::*;
//! use stayput::mixins::Jobs;
//!
//! #[durable_object]
//! struct Library {
//!     books: Log<String>,
//!     #[mixin] jobs: Jobs,
//! }
//!
//! #[durable_object]
//! impl Library {
//!     /// Takes in many books.
//!     #[action(public, job)]
//!     async fn import(this: Handle<Self>, cx: JobContext<Self>, books: Vec<String>) -> Result<usize> {
//!         // After a crash the job is run again: it goes on where the last run came to.
//!         let done: usize = cx.last_progress().unwrap_or(0);
//!         for (index, book) in books.iter().enumerate().skip(done) {
//!             this.atomic(|library, _| Ok::<_, stayput::Error>(library.books.push(book.clone()))).await?;
//!             cx.progress(&(index + 1)).await?;
//!         }
//!         Ok(books.len())
//!     }
//! }
//!
//! stayput::app!(Library);
//!
//! # fn main() {
//! stayput::testing::run(app(), async |t| {
//!     let library = Library::named(t, "main");
//!     let accepted = library.import(vec!["Emma".to_owned(), "Ulysses".to_owned()]).await.unwrap();
//!     t.settle().await;
//!     let job = library.jobs().get(accepted.job).await.unwrap();
//!     assert_eq!((job.status, job.result), (stayput::mixins::jobs::JobStatus::Done, Some(2.into())));
//! });
//! # }
//! ```

mod context;
mod flow;
#[cfg(any(feature = "client", target_arch = "wasm32"))]
mod notify;
mod record;
mod view;

pub use context::JobContext;
pub(crate) use record::Outcome;
pub use view::{Accepted, JobChanged, JobError, JobFailure, JobStatus, JobView, StepView};

use std::time::Duration;

use serde_json::Value;

use crate::action::{InUrl, Params};
use crate::object::{Deed, JobStart, StoredCaller, hours, seconds};
use crate::prelude::*;
use crate::rpc::Reply;
use crate::workflow::{Entry, Flow, Noted};
use record::{Job, JobParams};

/// How many jobs of an object may be queued or running.
pub const MAX_OPEN: u64 = 1_000;
/// How many jobs of an object run at once; the others wait.
pub const MAX_RUNNING: usize = 16;
/// How long it takes until a job whose object was lost in a crash is run again.
pub const LEASE: Duration = seconds(10);
/// The longest progress that a job may tell, in bytes of JSON: it is written with each change.
pub const MAX_PROGRESS: usize = 64 << 10;
/// How long an ended job can be asked for.
pub const KEPT: Duration = hours(24);
/// The pause before the first retry; it doubles.
const FIRST_RETRY: Duration = seconds(2);
/// How many ended jobs are cleared away at once.
const SWEPT: usize = 16;
/// How many of the newest jobs are looked through for those of a caller.
const LISTED: usize = 10_000;

/// The jobs of an object or mixin. Mount it as `#[mixin] jobs: Jobs` beside actions that are marked `job`.
///
/// Jobs are seen by who began them, and by the developer. Those of anonymous callers are seen by everybody who knows their
/// id, which nobody can guess.
#[mixin(events(JobChanged))]
#[derive(Debug)]
pub struct Jobs {
    all: Map<String, Job>,
    /// What those that have not ended are run with: apart, so that it is written once.
    params: Map<String, JobParams>,
    /// Those that are to be run, by when.
    queued: Set<(Timestamp, String)>,
    /// Those that run, by when to see whether they still do.
    leases: Set<(Timestamp, String)>,
    /// Those that have ended, by when to forget them.
    ended: Set<(Timestamp, String)>,
    open: u64,
    /// What workflows came by, by their id and its name.
    journal: Map<(String, String), Entry>,
}

#[mixin]
impl Jobs {
    /// What has become of a job.
    #[action(public)]
    fn get(&self, cx: &Context<Self>, id: String) -> Result<JobView, JobError> {
        let job = self.all.get(&id).filter(|job| job.is_seen_by(cx.caller()));
        job.map(|job| job.view(&id))
            .ok_or(JobError::NotFound { id })
    }

    /// The caller's jobs, the newest first: 100 if nothing else is said.
    #[action]
    fn list(
        &self,
        cx: &Context<Self>,
        #[param(min = 1, max = 100)] limit: Option<u32>,
    ) -> Vec<JobView> {
        let newest = self.all.iter().rev().take(LISTED);
        let seen = newest.filter(|(_, job)| job.is_listed_for(cx.caller()));
        let views = seen.map(|(id, job)| job.view(&id));
        views.take(limit.unwrap_or(100) as usize).collect()
    }

    /// Ends a job at its next await, and does not run it again. What it has committed stays. A job that has ended stays as
    /// it is.
    #[action(public)]
    fn cancel(&mut self, cx: &mut Context<Self>, id: String) -> Result<JobView, JobError> {
        let found = self.all.get(&id).filter(|job| job.is_seen_by(cx.caller()));
        let Some(mut job) = found else {
            return Err(JobError::NotFound { id });
        };
        if job.flow && !job.status.has_ended() {
            flow::cancel(self, cx, &id, &mut job);
        } else if !job.status.has_ended() {
            self.leave(&id, &job);
            cx.push_deed(Deed::Cancel(id.as_str().into()));
            job.status = JobStatus::Cancelled;
            self.end(cx, &id, &mut job);
            self.look_after(cx);
        }
        Ok(job.view(&id))
    }

    /// Posts the job as JSON to a URL when it has ended; at once if it has. Tried again for about two minutes while the
    /// receiver answers with an error.
    #[action(public)]
    #[cfg(any(feature = "client", target_arch = "wasm32"))]
    fn notify(
        &mut self,
        cx: &mut Context<Self>,
        id: String,
        #[param(max_length = 2048, format = "uri")] url: String,
    ) -> Result<(), JobError> {
        notify::subscribe(self, cx, id, url)
    }

    /// For the runtime: posts a job to a URL.
    #[action(internal)]
    #[cfg(any(feature = "client", target_arch = "wasm32"))]
    async fn post(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        id: String,
        url: String,
    ) -> Result<(), JobError> {
        notify::post(&this, &cx, id, &url).await
    }

    /// What a workflow has come by, in the order of time.
    #[action(public)]
    fn steps(&self, cx: &Context<Self>, id: String) -> Result<Vec<StepView>, JobError> {
        flow::steps(self, cx, id)
    }

    /// Says something that a workflow waits for, or will. What was said first under a name counts.
    #[action(public)]
    fn signal(
        &mut self,
        cx: &mut Context<Self>,
        id: String,
        #[param(min_length = 1, max_length = 100)] name: String,
        data: Option<Value>,
    ) -> Result<(), JobError> {
        flow::signal(self, cx, id, name, data)
    }

    /// For the runtime: what a run of a workflow begins with.
    #[action(internal)]
    fn flow(&self, id: String) -> Result<Flow, JobError> {
        flow::begin(self, id)
    }

    /// For the runtime: notes what a run of a workflow has come by.
    #[action(internal)]
    fn record(
        &mut self,
        id: String,
        attempt: u32,
        step: String,
        entry: Entry,
    ) -> Result<Noted, JobError> {
        flow::record(self, id, attempt, step, &entry)
    }

    /// For the runtime: notes how far a run has come.
    #[action(internal)]
    fn report(
        &mut self,
        cx: &mut Context<Self>,
        id: String,
        attempt: u32,
        progress: Value,
    ) -> Result<(), JobError> {
        let running = self.all.get(&id).filter(|job| job.is_run(attempt));
        let Some(mut job) = running else {
            return Err(JobError::NotFound { id });
        };
        job.progress = said(progress);
        job.changed = cx.now();
        self.tell(cx, &id, &job);
        Ok(())
    }

    /// For the runtime: notes how a run has ended.
    #[action(internal)]
    fn settle(&mut self, cx: &mut Context<Self>, id: String, attempt: u32, outcome: Outcome) {
        // Cancelled meanwhile, or run again because nobody heard of it in time.
        let Some(mut job) = self.all.get(&id).filter(|job| job.is_run(attempt)) else {
            return;
        };
        self.leave(&id, &job);
        match outcome {
            Outcome::Done(result) => {
                job.status = JobStatus::Done;
                job.result = said(result);
                self.end(cx, &id, &mut job);
            }
            Outcome::Failed(failure)
                if failure.again && attempt <= job.retries && !job.cancelling =>
            {
                job.error = Some(failure.failure);
                self.queue(cx, &id, job, pause(attempt, cx.random()));
            }
            Outcome::Later(until) => flow::wait(self, cx, &id, job, until),
            Outcome::Failed(failure) => {
                job.status = if job.cancelling && failure.failure.code == flow::CANCELLED {
                    JobStatus::Cancelled
                } else {
                    JobStatus::Failed
                };
                job.error = Some(failure.failure);
                self.end(cx, &id, &mut job);
            }
        }
        self.look_after(cx);
    }

    #[event(alarm)]
    fn due(&mut self, cx: &mut Context<Self>) {
        self.look_after(cx);
    }
}

impl Jobs {
    /// Notes a job, and begins it if not too many run.
    fn accept(
        &mut self,
        cx: &mut Context<Self>,
        job: Job,
        params: &JobParams,
    ) -> Result<Accepted, JobError> {
        self.sweep(cx.now());
        if self.open >= MAX_OPEN {
            return Err(JobError::Full { max: MAX_OPEN });
        }
        self.open += 1;
        let id = cx.uuid_v7();
        self.params.set(&id, params);
        self.queue(cx, &id, job, Duration::ZERO);
        self.look_after(cx);
        Ok(Accepted { job: id })
    }

    fn queue(&mut self, cx: &mut Context<Self>, id: &str, mut job: Job, pause: Duration) {
        job.status = JobStatus::Queued;
        job.due = cx.now() + pause;
        job.changed = cx.now();
        self.queued.insert(&(job.due, id.to_owned()));
        self.tell(cx, id, &job);
    }

    /// Takes a job off what it waits for.
    fn leave(&mut self, id: &str, job: &Job) {
        let entry = (job.due, id.to_owned());
        match job.status {
            JobStatus::Queued | JobStatus::Waiting => self.queued.remove(&entry),
            _ => self.leases.remove(&entry),
        };
    }

    fn end(&mut self, cx: &mut Context<Self>, id: &str, job: &mut Job) {
        self.open = self.open.saturating_sub(1);
        job.changed = cx.now();
        job.due = cx.now() + KEPT;
        self.ended.insert(&(job.due, id.to_owned()));
        self.params.discard(id);
        self.tell(cx, id, job);
        #[cfg(any(feature = "client", target_arch = "wasm32"))]
        notify::ended(self, cx, id, job);
    }

    /// Stores a job, and tells who listens.
    fn tell(&mut self, cx: &mut Context<Self>, id: &str, job: &Job) {
        self.all.set(id, job);
        if job.is_hidden() {
            return;
        }
        let changed = JobChanged {
            id: id.to_owned(),
            action: job.action.clone(),
            status: job.status,
            attempt: job.attempt,
            progress: job.progress.clone(),
        };
        cx.emit(changed.clone());
        if !job.caller.subject.is_empty() {
            cx.broadcast(changed).to_subject(&job.caller.subject);
        }
    }

    /// Begins what is due, sees after what runs, and sets the alarm for the next time.
    fn look_after(&mut self, cx: &mut Context<Self>) {
        let now = cx.now();
        let lapsed: Vec<_> = self
            .leases
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(MAX_RUNNING)
            .collect();
        for entry in lapsed {
            self.leases.remove(&entry);
            let (_, id) = entry;
            let Some(mut job) = self.all.get(&id) else {
                continue;
            };
            if cx.running_jobs().has(&id) {
                job.due = now + LEASE;
                self.leases.insert(&(job.due, id.clone()));
                self.all.set(&id, &job);
            } else if job.flow {
                flow::lost(self, cx, &id, job);
            } else if job.attempt <= job.retries {
                // The life of the object that ran it is over.
                self.queue(cx, &id, job, Duration::ZERO);
            } else {
                job.error = Some(JobFailure::lost(job.attempt));
                job.status = JobStatus::Failed;
                self.end(cx, &id, &mut job);
            }
        }
        let free = MAX_RUNNING.saturating_sub(cx.running_jobs().len());
        let due: Vec<_> = self
            .queued
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(free)
            .collect();
        let is_full = due.len() == free;
        for entry in due {
            self.queued.remove(&entry);
            self.begin(cx, &entry.1);
        }
        let queued = self.queued.first().filter(|_| !is_full);
        let next = self
            .leases
            .first()
            .into_iter()
            .chain(queued)
            .map(|(at, _)| at)
            .min();
        match next {
            Some(at) => cx.set_alarm(at),
            None => cx.delete_alarm(),
        }
    }

    fn begin(&mut self, cx: &mut Context<Self>, id: &str) {
        let (Some(mut job), Some(params)) = (self.all.get(id), self.params.get(id)) else {
            return;
        };
        job.status = JobStatus::Running;
        job.attempt += 1;
        job.due = cx.now() + LEASE;
        job.changed = cx.now();
        self.leases.insert(&(job.due, id.to_owned()));
        self.tell(cx, id, &job);
        cx.push_deed(Deed::Start(JobStart {
            id: id.into(),
            keeper: cx.mount(),
            action: job.action.as_str().into(),
            params: params.text.into(),
            in_url: InUrl::from_bits(params.in_url),
            caller: job.caller.into_caller(),
            attempt: job.attempt,
            progress: job.progress.map(|progress| progress.to_string()),
        }));
    }

    /// Forgets jobs that ended long ago.
    fn sweep(&mut self, now: Timestamp) {
        let old: Vec<_> = self
            .ended
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(SWEPT)
            .collect();
        for entry in old {
            self.ended.remove(&entry);
            self.all.discard(&entry.1);
            flow::forget(self, &entry.1);
        }
    }
}

/// A value, unless it is `null`: no record tells that from nothing.
fn said(value: Value) -> Option<Value> {
    (!value.is_null()).then_some(value)
}

/// How long to wait before a job that failed is run again: twice as long each time, and up to a quarter more, so that what
/// failed together does not come back together.
fn pause(attempt: u32, random: u64) -> Duration {
    let pause = FIRST_RETRY.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    pause + pause.mul_f64(f64::from(u32::try_from(random % 1_000).unwrap_or(0)) / 4_000.0)
}

/// What a call of an action that is a job does.
#[doc(hidden)]
pub fn accept(
    jobs: &mut Jobs,
    cx: &mut Context<Jobs>,
    action: &str,
    retries: u32,
    params: &Params,
) -> Reply {
    begin(jobs, cx, (action, retries, false), params)
}

/// What a call of an action that is a workflow does.
#[doc(hidden)]
pub fn accept_workflow(
    jobs: &mut Jobs,
    cx: &mut Context<Jobs>,
    action: &str,
    retries: u32,
    params: &Params,
) -> Reply {
    begin(jobs, cx, (action, retries, true), params)
}

fn begin(
    jobs: &mut Jobs,
    cx: &mut Context<Jobs>,
    (action, retries, flow): (&str, u32, bool),
    params: &Params,
) -> Reply {
    let mount = cx.mount();
    // A mixin's jobs are kept by the `Jobs` in that mixin.
    let action = match mount.rsplit_once('.') {
        Some((parent, _)) => format!("{parent}.{action}"),
        None => action.to_owned(),
    };
    let mut job = Job::new(action, StoredCaller::of(cx.caller()), retries, cx.now());
    job.flow = flow;
    crate::action::reply_result(jobs.accept(cx, job, &JobParams::of(params)))
}
