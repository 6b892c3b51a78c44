//! When a refused call may be tried again.

use serde::{Deserialize, Serialize};

use crate::rpc::WireError;

/// The details of an error that says when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryAfter {
    retry_after_ms: u64,
}

impl RetryAfter {
    /// In so many milliseconds.
    pub const fn millis(retry_after_ms: u64) -> Self {
        Self { retry_after_ms }
    }

    /// What an error says about it, in whole seconds as HTTP counts them; one if it says nothing.
    pub(crate) fn seconds_of(error: &WireError) -> u64 {
        let details = error.details.as_ref().map(|details| details.get());
        details
            .and_then(|details| serde_json::from_str::<Self>(details).ok())
            .map_or(1, |after| after.retry_after_ms.div_ceil(1_000).max(1))
    }
}
