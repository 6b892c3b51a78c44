//! Less time than the caller allows.

use std::time::Duration;

use super::{Invocation, Middleware, Next, Reply};

/// Gives calls so much time, the wait for the object included: `Timeout::millis(500)`. Then they answer `timeout`, and
/// nothing they did is kept; of a process, what it committed before.
#[derive(Debug, Clone, Copy)]
pub struct Timeout(Duration);

impl Timeout {
    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl Middleware for Timeout {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        call.limit(self.0);
        next.run(call).await
    }
}
