//! Telling others that a job has ended: a POST to each URL that was named, which is a job of its own.

use std::time::Duration;

use super::record::{Job, JobParams};
use super::{JobError, Jobs};
use crate::object::{Context, Handle, ProcessContext, StoredCaller, seconds};
use crate::outgoing::webhook;

/// How often a receiver that answers with an error is asked again.
const RETRIES: u32 = 6;
/// How many URLs may be told of one job.
const MAX_URLS: usize = 8;
/// The setting with the secrets that sign what is told, if it is set.
const SECRET: &str = "STAYPUT_JOBS_SECRET";
/// How long a receiver may take.
const PATIENCE: Duration = seconds(10);

/// Notes that a URL is to be told of a job's end.
pub(super) fn subscribe(
    jobs: &mut Jobs,
    cx: &mut Context<Jobs>,
    id: String,
    url: String,
) -> Result<(), JobError> {
    let bad = |reason: &str| JobError::BadUrl {
        reason: reason.to_owned(),
    };
    let environment = &*cx.raw_context().turn.core.environment;
    webhook::target(&url, environment).map_err(|error| bad(&error.to_string()))?;
    let found = jobs.all.get(&id).filter(|job| job.is_seen_by(cx.caller()));
    let Some(mut job) = found else {
        return Err(JobError::NotFound { id });
    };
    if job.notify.contains(&url) {
        return Ok(());
    }
    if job.notify.len() >= MAX_URLS {
        return Err(bad("a job's end is told to 8 URLs at most"));
    }
    job.notify.push(url);
    jobs.all.set(&id, &job);
    if job.status.has_ended() {
        ended(jobs, cx, &id, &mut job);
        jobs.look_after(cx);
    }
    Ok(())
}

/// A job has ended: those who asked are told.
pub(super) fn ended(jobs: &mut Jobs, cx: &mut Context<Jobs>, id: &str, job: &mut Job) {
    if job.notify.is_empty() {
        return;
    }
    for url in std::mem::take(&mut job.notify) {
        let Ok(text) = serde_json::to_string(&(id, url)) else {
            continue;
        };
        let post = Job::new(
            format!("{}.post", cx.mount()),
            StoredCaller::system(),
            RETRIES,
            cx.now(),
        );
        // It ends within minutes, so it takes no place of those that callers may begin.
        jobs.open += 1;
        let id = cx.uuid_v7();
        jobs.params.set(&id, &JobParams { text, in_url: 0 });
        jobs.queue(cx, &id, post, Duration::ZERO);
    }
    jobs.all.set(id, job);
}

/// Posts a job to a URL.
pub(super) async fn post(
    this: &Handle<Jobs>,
    cx: &ProcessContext<Jobs>,
    id: String,
    url: &str,
) -> Result<(), JobError> {
    let view = this.read(|jobs| jobs.all.get(&id).map(|job| job.view(&id)));
    let view = view.await.map_err(|error| not_told(&error))?;
    let Some(view) = view else { return Ok(()) };
    // The same each time that it is tried again.
    let key = cx.job().map(|job| job.id.clone()).unwrap_or_default();
    let body = serde_json::to_vec(&view).map_err(|error| not_told(&error))?;
    let environment = &*cx.turn().core.environment;
    let now = webhook::seconds_of(environment);
    let mut request = cx.http().post(url).timeout(PATIENCE);
    if let Some(secrets) = environment.variable(SECRET) {
        let signature = webhook::signature(SECRET, &secrets, &key, now, &body);
        let signature = signature.map_err(|error| not_told(&error))?;
        request = request.header("webhook-signature", signature);
    }
    let request = request
        .idempotency_key(&*key)
        .header("content-type", "application/json")
        .header("webhook-id", &*key)
        .header("webhook-timestamp", now.to_string())
        .body(body);
    let answer = request.send().await;
    let answer = answer.and_then(crate::outgoing::Response::error_for_status);
    answer.map(drop).map_err(|error| not_told(&error))
}

fn not_told(reason: &impl ToString) -> JobError {
    JobError::NotTold {
        reason: reason.to_string(),
    }
}
