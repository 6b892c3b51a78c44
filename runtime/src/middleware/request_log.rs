//! The last calls of an object.

use std::cell::RefCell;
use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Invocation, Middleware, Next, Reply};
use crate::object::Timestamp;

/// Keeps the last calls of an object in memory, 100 if nothing else is said. An action reads them by
/// `cx.middleware::<RequestLog>()`.
#[derive(Debug)]
pub struct RequestLog {
    keep: usize,
    calls: RefCell<VecDeque<LoggedCall>>,
}

/// One call in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoggedCall {
    /// The request it belonged to.
    pub request_id: String,
    /// The object's class path.
    pub class: String,
    /// The action's wire name.
    pub action: String,
    /// The caller's name; empty for an anonymous one.
    pub caller: String,
    /// When it came.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The code of its error; `ok` if it had none.
    pub code: String,
}

impl RequestLog {
    /// Keeps so many.
    pub const fn keeping(calls: usize) -> Self {
        Self {
            keep: calls,
            calls: RefCell::new(VecDeque::new()),
        }
    }

    /// The calls that have ended, oldest first.
    pub fn calls(&self) -> Vec<LoggedCall> {
        self.calls.borrow().iter().cloned().collect()
    }
}

impl Default for RequestLog {
    fn default() -> Self {
        Self::keeping(100)
    }
}

impl Middleware for RequestLog {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let at = call.now();
        let reply = next.run(call).await;
        let code = reply.as_ref().map_or_else(|error| error.code(), |_| "ok");
        let logged = LoggedCall {
            request_id: call.request_id().to_owned(),
            class: call.class().to_owned(),
            action: call.action().to_owned(),
            caller: call.caller().subject().to_owned(),
            at,
            ms: u64::try_from(call.now().since(at).as_millis()).unwrap_or(u64::MAX),
            code: code.to_owned(),
        };
        let mut calls = self.calls.borrow_mut();
        if self.keep > 0 {
            if calls.len() >= self.keep {
                calls.pop_front();
            }
            calls.push_back(logged);
        }
        reply
    }
}
