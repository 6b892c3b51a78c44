//! A counter that keeps its value: the smallest stayput app.

use stayput::prelude::*;

/// A number that survives restarts.
#[durable_object]
#[derive(Debug)]
pub struct Counter {
    value: i64,
}

/// Why a counter refuses.
#[derive(Debug, ActionError)]
#[error(prefix = "counter")]
pub enum CounterError {
    /// What `fail_after_write` always answers.
    #[error(status = 409, message = "failed after it had written {value}")]
    Deliberate {
        /// What it had written, and what was not kept.
        value: i64,
    },
}

#[durable_object]
impl Counter {
    /// Adds to the counter and returns the new value.
    #[action]
    fn increment(&mut self, #[param(default = 1)] by: i64) -> i64 {
        self.value = self.value.saturating_add(by);
        self.value
    }

    /// The present value.
    #[action(public)]
    fn value(&self) -> i64 {
        self.value
    }

    /// Sets the counter to zero.
    #[action]
    fn reset(&mut self) {
        self.value = 0;
    }

    /// Writes, then fails: nothing of it is kept.
    #[action]
    fn fail_after_write(&mut self) -> Result<i64, CounterError> {
        self.value = self.value.saturating_add(1_000);
        Err(CounterError::Deliberate { value: self.value })
    }
}

stayput::app!(Counter);
