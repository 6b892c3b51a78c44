//! Jobs.

use stayput::mixins::Jobs;
use stayput::mixins::jobs::{JobChanged, JobStatus};
use stayput::prelude::*;

/// Why a job fails.
#[derive(Debug, ActionError)]
#[error(prefix = "mill")]
pub enum MillError {
    /// There is nothing to grind.
    #[error(code = "empty", status = 409)]
    Empty,
    /// The wind does not blow.
    #[error(code = "calm", status = 503, retryable)]
    Calm,
}

/// Grinds sacks, as a job.
#[durable_object]
#[derive(Debug)]
pub struct Mill {
    ground: Vec<u64>,
    attempts: Vec<u32>,
    heard: Vec<JobStatus>,
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Mill {
    /// Grinds sacks, one in so many milliseconds.
    #[action(job)]
    async fn grind(
        this: Handle<Self>,
        cx: JobContext<Self>,
        #[param(min = 1)] sacks: u64,
        #[param(default = 0)] millis: u64,
    ) -> Result<u64, MillError> {
        let attempt = cx.attempt();
        let begun = this.atomic(|mill, _| {
            mill.attempts.push(attempt);
            Ok::<_, MillError>(())
        });
        begun.await.map_err(|_| MillError::Calm)?;
        let done = cx.last_progress().unwrap_or(0);
        for sack in done..sacks {
            cx.sleep(std::time::Duration::from_millis(millis)).await;
            let ground = this.atomic(|mill, _| {
                mill.ground.push(sack);
                Ok::<_, MillError>(())
            });
            ground.await.map_err(|_| MillError::Calm)?;
            let told = cx.progress(&(sack + 1)).await;
            told.map_err(|_| MillError::Calm)?;
        }
        Ok(sacks)
    }

    /// Fails so often.
    #[action(job, retries = 1, post = "/tries/{fails}")]
    async fn try_often(
        _this: Handle<Self>,
        cx: JobContext<Self>,
        fails: u32,
        #[param(default = "calm")] with: String,
    ) -> Result<u32, MillError> {
        match (cx.attempt() <= fails, &*with) {
            (true, "empty") => Err(MillError::Empty),
            (true, "panic") => panic!("the mill is on fire"),
            (true, _) => Err(MillError::Calm),
            (false, _) => Ok(cx.attempt()),
        }
    }

    #[action]
    fn ground(&self) -> (Vec<u64>, Vec<u32>) {
        (self.ground.clone(), self.attempts.clone())
    }

    /// What the handler of the jobs' events heard.
    #[action]
    fn heard(&self) -> Vec<JobStatus> {
        self.heard.clone()
    }

    #[event(JobChanged)]
    fn on_changed(&mut self, changed: JobChanged) {
        self.heard.push(changed.status);
    }
}
