//! Jobs: accepted at once, run to their end whatever happens meanwhile.

use std::sync::{Arc, Mutex};

use stayput::mixins::Jobs;
use stayput::mixins::jobs::{JobChanged, JobError, JobStatus};
use stayput::prelude::*;
use stayput::testing::{self, Answer, Test};

#[derive(Debug, Clone, PartialEq, Eq, ActionError)]
#[error(prefix = "mill")]
enum MillError {
    /// There is nothing to grind.
    #[error(code = "empty", status = 409)]
    Empty,
    /// The wind does not blow.
    #[error(code = "calm", status = 503, retryable)]
    Calm,
}

#[durable_object]
struct Mill {
    ground: Vec<u64>,
    attempts: Vec<u32>,
    heard: Vec<JobStatus>,
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Mill {
    /// Grinds sacks, one a second.
    #[action(job)]
    async fn grind(
        this: Handle<Self>,
        cx: JobContext<Self>,
        #[param(min = 1)] sacks: u64,
    ) -> Result<u64, MillError> {
        let attempt = cx.attempt();
        let begun = this.atomic(|mill, _| {
            mill.attempts.push(attempt);
            Ok::<_, MillError>(())
        });
        begun.await.map_err(|_| MillError::Calm)?;
        let done: u64 = cx.last_progress().unwrap_or(0);
        for sack in done..sacks {
            cx.sleep(seconds(1)).await;
            let ground = this.atomic(|mill, _| {
                mill.ground.push(sack);
                Ok::<_, MillError>(())
            });
            ground.await.map_err(|_| MillError::Calm)?;
            cx.progress(&(sack + 1))
                .await
                .map_err(|_| MillError::Calm)?;
        }
        Ok(sacks)
    }

    /// Fails so often.
    #[action(job, retries = 2)]
    async fn try_often(
        _this: Handle<Self>,
        cx: JobContext<Self>,
        fails: u32,
        with: String,
    ) -> Result<u32, MillError> {
        match (cx.attempt() <= fails, &*with) {
            (true, "panic") => panic!("the mill is on fire"),
            (true, "empty") => Err(MillError::Empty),
            (true, _) => Err(MillError::Calm),
            (false, _) => Ok(cx.attempt()),
        }
    }

    /// Returns nothing.
    #[action(job)]
    async fn rest(_this: Handle<Self>) {}

    /// Returns as much as may be kept, of as much as may come.
    #[action(job, retries = 0)]
    async fn copy(_this: Handle<Self>, cx: JobContext<Self>, text: String, times: usize) -> String {
        let long = cx.progress(&"x".repeat(100_000)).await.unwrap_err();
        assert_eq!(long.code(), "too_large");
        cx.progress(&"x".repeat(60_000)).await.unwrap();
        text.repeat(times)
    }

    /// Who is it?
    #[action(public, job)]
    async fn whoami(_this: Handle<Self>, cx: JobContext<Self>) -> String {
        cx.caller().subject().to_owned()
    }

    #[action]
    fn seen(&self) -> (Vec<u64>, Vec<u32>, Vec<JobStatus>) {
        (
            self.ground.clone(),
            self.attempts.clone(),
            self.heard.clone(),
        )
    }

    #[event(JobChanged)]
    fn on_changed(&mut self, changed: JobChanged) {
        self.heard.push(changed.status);
    }
}

stayput::app!(Mill);

#[test]
fn a_job_is_accepted_at_once_and_runs_to_its_end() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let job = mill.grind(3u64).await.unwrap().job;
        let view = mill.jobs().get(job.as_str()).await.unwrap();
        assert_eq!(
            (view.status, view.attempt, view.result),
            (JobStatus::Running, 1, None)
        );
        t.advance(seconds(2)).await;
        let view = mill.jobs().get(job.as_str()).await.unwrap();
        assert_eq!(
            (view.status, view.progress),
            (JobStatus::Running, Some(2.into()))
        );
        t.advance(seconds(2)).await;
        let view = mill.jobs().get(job.as_str()).await.unwrap();
        assert_eq!(
            (view.status, view.result),
            (JobStatus::Done, Some(3.into()))
        );
        assert_eq!(mill.seen().await.unwrap().0, [0, 1, 2]);
    });
}

#[test]
fn a_job_that_returns_nothing_is_done() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let job = mill.rest().await.unwrap().job;
        t.settle().await;
        let view = mill.jobs().get(job.as_str()).await.unwrap();
        assert_eq!((view.status, view.result), (JobStatus::Done, None));
    });
}

#[test]
fn long_parameters_and_long_results_are_no_reason_to_run_again() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        // Twice as long as JSON text within JSON text.
        let quotes = "\"".repeat(490_000);
        for (times, status, code) in [
            (1, JobStatus::Done, None),
            (2, JobStatus::Failed, Some("too_large")),
        ] {
            let job = mill.copy(quotes.as_str(), times).await.unwrap().job;
            t.advance(minutes(1)).await;
            let view = mill.jobs().get(job.as_str()).await.unwrap();
            let error = view.error.map(|error| error.code);
            assert_eq!((view.status, view.attempt), (status, 1));
            assert_eq!(error.as_deref(), code);
        }
    });
}

#[test]
fn a_job_goes_on_where_it_was_after_a_crash_and_an_eviction_waits_for_it() {
    use JobStatus::{Done, Queued, Running};
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let job = mill.grind(3u64).await.unwrap().job;
        t.evict().await;
        t.advance(seconds(1)).await;
        t.crash().await;
        // Nobody is asked again before the lease is over.
        t.advance(seconds(1)).await;
        assert_eq!(mill.seen().await.unwrap().0, [0]);
        t.advance(seconds(20)).await;
        let view = mill.jobs().get(job.as_str()).await.unwrap();
        assert_eq!(
            (view.status, view.attempt, view.result),
            (Done, 2, Some(3.into()))
        );
        let (ground, attempts, heard) = mill.seen().await.unwrap();
        assert_eq!((ground, attempts), (vec![0, 1, 2], vec![1, 2]));
        assert_eq!(
            heard,
            [
                Queued, Running, Running, Queued, Running, Running, Running, Done
            ]
        );
    });
}

#[test]
fn a_job_that_crashes_each_time_fails_in_the_end() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let job = mill.grind(100u64).await.unwrap().job;
        for _ in 0..4 {
            t.crash().await;
            t.advance(seconds(11)).await;
        }
        let view = mill.jobs().get(job.as_str()).await.unwrap();
        assert_eq!((view.status, view.attempt), (JobStatus::Failed, 4));
        assert_eq!(view.error.unwrap().code, "jobs.lost");
    });
}

#[test]
fn what_may_pass_is_tried_again_and_other_errors_end_the_job() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        for (fails, with, status, attempt, code) in [
            (2, "calm", JobStatus::Done, 3, None),
            (3, "calm", JobStatus::Failed, 3, Some("mill.calm")),
            (1, "panic", JobStatus::Done, 2, None),
            (9, "panic", JobStatus::Failed, 3, Some("internal")),
            (1, "empty", JobStatus::Failed, 1, Some("mill.empty")),
        ] {
            let job = mill.try_often(fails, with).await.unwrap().job;
            t.advance(seconds(10)).await;
            let view = mill.jobs().get(job.as_str()).await.unwrap();
            assert_eq!(
                (view.status, view.attempt),
                (status, attempt),
                "{fails} {with}"
            );
            let error = view.error.map(|error| error.code);
            assert_eq!(error.as_deref(), code, "{fails} {with}");
        }
    });
}

#[test]
fn a_cancelled_job_ends_at_its_next_await() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let job = mill.grind(100u64).await.unwrap().job;
        t.advance(seconds(2)).await;
        let view = mill.jobs().cancel(job.as_str()).await.unwrap();
        assert_eq!(view.status, JobStatus::Cancelled);
        t.advance(minutes(5)).await;
        assert_eq!(mill.seen().await.unwrap().0.len(), 2);
        // What has ended stays as it is.
        let view = mill.jobs().cancel(job.as_str()).await.unwrap();
        assert_eq!(view.status, JobStatus::Cancelled);
    });
}

#[test]
fn jobs_are_their_callers_own() {
    testing::run(app(), async |t| {
        let (ada, bob) = (t.as_user("ada"), t.as_user("bob"));
        let mill = Mill::named(&ada, "old");
        let job = mill.whoami().await.unwrap().job;
        t.settle().await;
        assert_eq!(
            mill.jobs().get(job.as_str()).await.unwrap().result,
            Some("ada".into())
        );
        let others = Mill::named(&bob, "old").jobs();
        for found in [
            others.get(job.as_str()).await,
            others.cancel(job.as_str()).await,
        ] {
            let error = found.unwrap_err();
            assert!(matches!(error, CallError::Failed(JobError::NotFound { id }) if id == job));
        }
        assert_eq!(others.list(None).await.unwrap(), []);
        assert_eq!(mill.jobs().list(None).await.unwrap().len(), 1);
        let anybody = Mill::named(&t.anonymous(), "old");
        let job = anybody.whoami().await.unwrap().job;
        t.settle().await;
        assert_eq!(
            anybody.jobs().get(job.as_str()).await.unwrap().result,
            Some("".into())
        );
    });
}

#[test]
fn params_are_checked_when_a_job_is_accepted_and_a_key_begins_it_once() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let error = mill.grind(0u64).await.unwrap_err();
        assert_eq!(error.rejection().unwrap().code(), "invalid_params");
        let one = mill.grind(2u64).key("order-7").await.unwrap();
        assert_eq!(mill.grind(2u64).key("order-7").await.unwrap(), one);
        t.advance(seconds(5)).await;
        assert_eq!(mill.seen().await.unwrap().0, [0, 1]);
    });
}

#[test]
fn sixteen_run_at_once_a_thousand_wait_and_the_next_is_refused() {
    testing::run(app(), async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let mut jobs = Vec::new();
        for _ in 0..1_000 {
            jobs.push(mill.grind(1u64).await.unwrap().job);
        }
        let error = mill.grind(1u64).await.unwrap_err();
        assert!(matches!(
            error,
            CallError::Failed(JobError::Full { max: 1_000 })
        ));
        assert_eq!(mill.seen().await.unwrap().1.len(), 16);
        t.advance(seconds(1)).await;
        assert_eq!(mill.seen().await.unwrap().1.len(), 32);
        t.advance(seconds(70)).await;
        for job in jobs {
            let view = mill.jobs().get(job.as_str()).await.unwrap();
            assert_eq!((view.status, view.attempt), (JobStatus::Done, 1));
        }
        // Ended ones are forgotten after a day.
        t.advance(hours(25)).await;
        for _ in 0..70 {
            mill.whoami().await.unwrap();
        }
        t.settle().await;
        assert_eq!(mill.jobs().list(None).await.unwrap().len(), 70);
    });
}

#[test]
fn who_asked_is_told_by_a_post_until_it_is_taken() {
    let posts = Arc::new(Mutex::new(Vec::new()));
    let seen = posts.clone();
    let test = Test::new(app()).http(move |sent| {
        let mut posts = seen.lock().unwrap();
        let signature = sent.header("webhook-signature").unwrap_or_default();
        assert!(signature.starts_with("v1,"), "{signature:?}");
        posts.push(sent.json::<serde_json::Value>().unwrap_or_default());
        Answer::status(if posts.len() < 3 { 500 } else { 204 })
    });
    let test = test.env(
        "STAYPUT_JOBS_SECRET",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    );
    test.run(async |t| {
        let mill = Mill::named(&t.as_user("ada"), "old");
        let job = mill.grind(1u64).await.unwrap().job;
        let error = mill
            .jobs()
            .notify(job.as_str(), "http://hooks.example/x")
            .await
            .unwrap_err();
        assert!(matches!(error, CallError::Failed(JobError::BadUrl { .. })));
        mill.jobs()
            .notify(job.as_str(), "https://hooks.example/x")
            .await
            .unwrap();
        t.advance(seconds(30)).await;
        let posts = posts.lock().unwrap().clone();
        assert_eq!(posts.len(), 3);
        assert_eq!(
            (&posts[0]["id"], &posts[0]["status"], &posts[0]["result"]),
            (&job.into(), &"done".into(), &1.into())
        );
        // The posts are nobody's jobs.
        assert_eq!(mill.jobs().list(None).await.unwrap().len(), 1);
    });
}
