//! When a refused call may be tried again.

use std::time::Duration;

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

    /// What an error says about it.
    pub(crate) fn of(error: &WireError) -> Option<Duration> {
        let details = error.details.as_ref()?.get();
        let after: Self = serde_json::from_str(details).ok()?;
        Some(Duration::from_millis(after.retry_after_ms))
    }

    /// What an error says about it, in whole seconds as HTTP counts them; one if it says nothing.
    pub(crate) fn seconds_of(error: &WireError) -> u64 {
        let millis = |after: Duration| u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self::of(error).map_or(1, |after| millis(after).div_ceil(1_000).max(1))
    }
}
