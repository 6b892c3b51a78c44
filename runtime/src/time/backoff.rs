//! How often deferred work that fails is tried again, and after how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::object::{hours, seconds};

/// How deferred work that fails is tried again: by default six times, after 2 s, 4 s, 8 s, .., each up to a quarter longer, so
/// that what failed together does not come back together. What fails for the last time becomes a
/// [dead letter](super::DeadLetter).
///
/// ```
/// use stayput::prelude::*;
/// use stayput::time::Backoff;
///
/// #[durable_object(defers)]
/// struct Invoice { reminded: u64 }
///
/// #[durable_object]
/// impl Invoice {
///     #[action]
///     fn send_out(&mut self, cx: &mut Context<Self>) {
///         let remind = cx.me().remind();
///         cx.schedule("remind", remind)
///             .backoff(Backoff::default().retries(20).cap(hours(6)))
///             .after(days(14));
///     }
///
///     #[action(internal)]
///     fn remind(&mut self) { self.reminded += 1; }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    retries: u32,
    first: Duration,
    cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            retries: 6,
            first: seconds(2),
            cap: hours(1),
        }
    }
}

impl Backoff {
    /// Tried again so often, after the first time.
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The wait before the first retry; it doubles.
    #[must_use]
    pub const fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// The longest wait.
    #[must_use]
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// How long to wait after attempt number `attempt`, counted from 1; `random` is any number.
    pub(crate) fn pause(&self, attempt: u32, random: u64) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let pause = self.first.saturating_mul(doubled).min(self.cap);
        let part = u32::try_from(random % 1_000).unwrap_or(0);
        pause.saturating_add((pause / 4_000).saturating_mul(part))
    }

    /// Whether attempt number `attempt`, counted from 1, was the last.
    pub(crate) fn is_spent(&self, attempt: u32) -> bool {
        attempt > self.retries
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_a_quarter() {
        let backoff = Backoff::default().cap(seconds(10));
        for (attempt, shortest) in [(1, 2), (2, 4), (3, 8), (4, 10), (40, 10)] {
            let shortest = seconds(shortest);
            assert_eq!(backoff.pause(attempt, 0), shortest);
            let longest = backoff.pause(attempt, 999);
            assert!(longest > shortest && longest < shortest.mul_f64(1.25));
        }
    }

    #[test]
    fn six_retries_are_seven_attempts() {
        assert!(!Backoff::default().is_spent(6));
        assert!(Backoff::default().is_spent(7));
        assert!(Backoff::default().retries(0).is_spent(1));
    }
}
