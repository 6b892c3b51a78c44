//! What callers have used of their quotas: durable, until the day is over.

use std::time::Duration;

use crate::prelude::*;
use crate::state::TtlMap;

/// A day of UTC, in milliseconds.
const DAY: i64 = 86_400_000;

/// What callers have used up today of an object's [`Quota`](crate::middleware::Quota)s. Mount it as `#[mixin] quotas: Quotas`.
#[mixin]
#[derive(Debug)]
pub struct Quotas {
    /// By quota and caller, until midnight.
    used: TtlMap<(String, String), u64>,
}

#[mixin]
impl Quotas {
    /// Uses one of so many: 0, or in how many milliseconds the day is over that has none left.
    #[action(internal)]
    fn take(&mut self, cx: &mut Context<Self>, quota: String, who: String, limit: u64) -> u64 {
        let rest = rest_of_day(cx.now());
        let key = (quota, who);
        let used = self.used.get(&key).unwrap_or(0);
        if used >= limit {
            return u64::try_from(rest.as_millis()).unwrap_or(u64::MAX);
        }
        self.used.insert(key, used + 1, rest);
        0
    }

    /// How much of a quota the caller has used today. `calls` is the quota without a name of its own.
    #[action]
    fn used(&self, cx: &Context<Self>, #[param(default = "calls")] quota: String) -> u64 {
        let who = crate::middleware::name_of(cx.caller()).unwrap_or_default();
        self.used.get(&(quota, who)).unwrap_or(0)
    }
}

/// How long it is until midnight, UTC.
fn rest_of_day(now: Timestamp) -> Duration {
    let rest = DAY - now.as_millis().rem_euclid(DAY);
    Duration::from_millis(u64::try_from(rest).unwrap_or(0))
}
