//! What jobs that are workflows need besides: a journal, waiting, being spoken to, and an end that takes back what was done.

use std::time::Duration;

use serde_json::Value;

use super::record::Job;
use super::view::StepView;
use super::{JobError, JobStatus, Jobs};
use crate::object::{Context, Timestamp};
use crate::workflow::{Entry, Flow, Kind, Noted};

/// The error of a workflow that was cancelled.
pub(super) const CANCELLED: &str = "workflow.cancelled";

/// How many runs in a row may be cut short before the workflow is taken back.
const MAX_LOST: u32 = 10;
/// How much may be said to one workflow: who knows its id may say anything.
const MAX_SIGNALS: u32 = 1_000;

/// What a run begins with.
pub(super) fn begin(jobs: &Jobs, id: String) -> Result<Flow, JobError> {
    let Some(job) = jobs.all.get(&id) else {
        return Err(JobError::NotFound { id });
    };
    let entries = journal(jobs, &id);
    Ok(Flow {
        created: job.created,
        cancelling: job.cancelling,
        retries: job.retries,
        entries: entries.collect(),
    })
}

fn journal(jobs: &Jobs, id: &str) -> impl Iterator<Item = (String, Entry)> {
    let entries = jobs.journal.prefix(&id.to_owned());
    entries.map(|((_, name), entry)| (name, entry))
}

/// Notes what a run has come by.
pub(super) fn record(
    jobs: &mut Jobs,
    id: String,
    attempt: u32,
    step: String,
    entry: &Entry,
) -> Result<Noted, JobError> {
    let Some(mut job) = jobs.all.get(&id).filter(|job| job.is_run(attempt)) else {
        return Err(JobError::NotFound { id });
    };
    if job.lost > 0 {
        job.lost = 0;
        jobs.all.set(&id, &job);
    }
    let key = (id, step);
    let kept = jobs
        .journal
        .get(&key)
        .filter(|_| entry.kind == Kind::Signal);
    if kept.is_none() {
        jobs.journal.set(&key, entry);
    }
    Ok(Noted {
        cancelling: job.cancelling,
        kept,
    })
}

/// A run waits, until then.
pub(super) fn wait(
    jobs: &mut Jobs,
    cx: &mut Context<Jobs>,
    id: &str,
    mut job: Job,
    until: Timestamp,
) {
    // The next run is the same attempt: nothing has failed.
    job.attempt = job.attempt.saturating_sub(1);
    if std::mem::take(&mut job.signalled) || job.cancelling {
        return jobs.queue(cx, id, job, Duration::ZERO);
    }
    job.status = JobStatus::Waiting;
    job.due = until;
    job.changed = cx.now();
    // Who waits for a word alone has no time.
    if until < Timestamp::from_millis(i64::MAX) {
        jobs.queued.insert(&(until, id.to_owned()));
    }
    jobs.tell(cx, id, &job);
}

/// Somebody says something.
pub(super) fn signal(
    jobs: &mut Jobs,
    cx: &mut Context<Jobs>,
    id: String,
    name: String,
    data: Option<Value>,
) -> Result<(), JobError> {
    let found = jobs.all.get(&id);
    let found = found.filter(|job| job.is_seen_by(cx.caller()) && !job.status.has_ended());
    let Some(mut job) = found.filter(|job| job.flow) else {
        return Err(JobError::NotFound { id });
    };
    let key = (id, name);
    if jobs.journal.contains(&key) {
        return Ok(());
    }
    if job.heard >= MAX_SIGNALS {
        return Err(JobError::TooManySignals { max: MAX_SIGNALS });
    }
    job.heard += 1;
    let entry = Entry::new(Kind::Signal, cx.now()).with(data.unwrap_or(Value::Null));
    jobs.journal.set(&key, &entry);
    let (id, _) = key;
    match job.status {
        JobStatus::Waiting => {
            jobs.leave(&id, &job);
            jobs.queue(cx, &id, job, Duration::ZERO);
            jobs.look_after(cx);
        }
        JobStatus::Running => {
            job.signalled = true;
            jobs.all.set(&id, &job);
        }
        _ => jobs.all.set(&id, &job),
    }
    Ok(())
}

/// Has a workflow take back what it did: at its next step, if it runs.
pub(super) fn cancel(jobs: &mut Jobs, cx: &mut Context<Jobs>, id: &str, job: &mut Job) {
    job.cancelling = true;
    job.changed = cx.now();
    if job.status == JobStatus::Running {
        return jobs.all.set(id, job);
    }
    jobs.leave(id, job);
    jobs.queue(cx, id, job.clone(), Duration::ZERO);
    jobs.look_after(cx);
}

/// A run was cut short: by a crash, not by the workflow.
pub(super) fn lost(jobs: &mut Jobs, cx: &mut Context<Jobs>, id: &str, mut job: Job) {
    job.lost += 1;
    job.cancelling |= job.lost > MAX_LOST;
    job.attempt = job.attempt.saturating_sub(1);
    jobs.queue(cx, id, job, Duration::ZERO);
}

/// What it has come by, in the order of time.
pub(super) fn steps(
    jobs: &Jobs,
    cx: &Context<Jobs>,
    id: String,
) -> Result<Vec<StepView>, JobError> {
    if jobs
        .all
        .get(&id)
        .is_none_or(|job| !job.is_seen_by(cx.caller()))
    {
        return Err(JobError::NotFound { id });
    }
    let mut steps: Vec<StepView> = journal(jobs, &id)
        .map(|(name, entry)| StepView {
            name,
            kind: entry.kind,
            result: entry.result,
            error: entry.error,
            at: entry.at,
        })
        .collect();
    crate::order::sort_by(&mut steps, |one, other| one.at.cmp(&other.at));
    Ok(steps)
}

/// Forgets what one that ended long ago came by.
pub(super) fn forget(jobs: &mut Jobs, id: &str) {
    let names: Vec<String> = journal(jobs, id).map(|(name, _)| name).collect();
    for name in names {
        jobs.journal.discard(&(id.to_owned(), name));
    }
}
