//! A queue, a value that is read when it is asked for, a counter, a log that is kept short.

use stayput::prelude::*;
use stayput::state::Counter;

/// What waits, the plan, how much was done, the last two.
type Books = (Vec<(u64, String)>, Option<Vec<u64>>, i64, Vec<String>);

/// Hands out work.
#[durable_object]
#[derive(Debug)]
pub struct Depot {
    jobs: Queue<String>,
    plan: Lazy<Vec<u64>>,
    done: Counter,
    last: Log<String>,
}

#[durable_object]
impl Depot {
    /// Adds work, and fails if it says so.
    #[action]
    fn add(&mut self, jobs: Vec<(i64, String)>, fail: bool) -> Result<Vec<u64>> {
        let numbers = jobs
            .into_iter()
            .map(|(priority, job)| self.jobs.push_with(priority, job))
            .collect();
        self.plan.update(|plan| plan.push(self.jobs.len()));
        if fail {
            return Err(stayput::Error::msg("on purpose"));
        }
        Ok(numbers)
    }

    /// Takes so much of it, and remembers the last two.
    #[action]
    fn take(&mut self, count: u32) -> Vec<String> {
        let mut taken = Vec::new();
        for _ in 0..count {
            let Some(job) = self.jobs.pop() else { break };
            self.done.add(1);
            self.last.push(job.clone());
            self.last.keep_last(2);
            taken.push(job);
        }
        taken
    }

    /// What waits, the plan, how much was done, the last two.
    #[action]
    fn books(&self) -> Books {
        (
            self.jobs.iter().collect(),
            self.plan.get(),
            self.done.get(),
            self.last.last(10),
        )
    }
}
