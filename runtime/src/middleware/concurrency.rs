//! Only so many calls at once.

use std::cell::Cell;

use super::{Invocation, Middleware, Next, Reply};
use crate::error::{Code, RetryAfter};
use crate::rpc::WireError;

/// Lets so many calls of an object run or wait at once, and refuses more with `overloaded`: `ConcurrencyLimit::new(8)`.
/// On an action, only that action's calls count.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    limit: usize,
    running: Cell<usize>,
}

impl ConcurrencyLimit {
    /// At most so many.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            running: Cell::new(0),
        }
    }
}

impl Middleware for ConcurrencyLimit {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        if self.running.get() >= self.limit {
            let message = format!("{} calls run already", self.limit);
            let error = WireError::framework(Code::Overloaded, message);
            return Err(Box::new(error.details(&RetryAfter::millis(1_000))));
        }
        self.running.set(self.running.get() + 1);
        let _running = Running(&self.running);
        next.run(call).await
    }
}

/// Counts down when the call ends, however it does.
struct Running<'a>(&'a Cell<usize>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
