//! Only so many calls in a time, for each caller and object.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Invocation, Middleware, Next, Reply};
use crate::error::{Code, RetryAfter};
use crate::object::{Caller, CallerKind};
use crate::rpc::WireError;

/// Lets each caller make so many calls of an object in a time: `RateLimit::per_minute(600)`. More are answered
/// `rate_limited`, with the time to wait.
///
/// It is a token bucket: all calls may come at once, then one more as each part of the time passes. Callers are told apart
/// by their names, those without by their addresses. The runtime's own calls are free. Buckets are in memory: an object
/// that left it begins anew.
#[derive(Debug)]
pub struct RateLimit {
    bucket: Bucket,
    /// When all calls of a caller are forgiven.
    even: RefCell<HashMap<String, i64>>,
}

/// How a token bucket fills.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// How long one call takes to be forgiven, in microseconds.
    pub(super) interval: i64,
    /// How far ahead of time a caller may be.
    pub(super) burst: i64,
}

/// With so many callers, those who owe nothing are forgotten.
const SWEEP: usize = 1_024;

impl RateLimit {
    /// So many calls a second.
    pub fn per_second(calls: u32) -> Self {
        Self::per(1_000_000, calls)
    }

    /// So many calls a minute.
    pub fn per_minute(calls: u32) -> Self {
        Self::per(60_000_000, calls)
    }

    /// So many calls an hour.
    pub fn per_hour(calls: u32) -> Self {
        Self::per(3_600_000_000, calls)
    }

    fn per(period: i64, calls: u32) -> Self {
        let calls = i64::from(calls);
        let interval = period / calls.max(1);
        Self {
            bucket: Bucket {
                interval,
                burst: interval * calls,
            },
            even: RefCell::default(),
        }
    }

    pub(super) fn bucket(&self) -> Bucket {
        self.bucket
    }

    fn take(&self, caller: String, now: i64) -> Result<(), i64> {
        self.bucket.take(&mut self.even.borrow_mut(), caller, now)
    }
}

impl Bucket {
    /// Takes a token of the caller, or tells in how many microseconds there will be one. `all` tells when all calls of a
    /// caller are forgiven.
    pub(super) fn take(
        self,
        all: &mut HashMap<String, i64>,
        caller: String,
        now: i64,
    ) -> Result<(), i64> {
        if all.len() >= SWEEP && !all.contains_key(&caller) {
            all.retain(|_, even| *even > now);
        }
        let even = all.get(&caller).map_or(now, |even| now.max(*even)) + self.interval;
        let early = even - now - self.burst;
        if early > 0 {
            return Err(early);
        }
        all.insert(caller, even);
        Ok(())
    }
}

impl Middleware for RateLimit {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let now = call.now().as_millis().saturating_mul(1_000);
        if call.caller().kind() != CallerKind::System
            && let Err(micros) = self.take(key(call.caller()), now)
        {
            let millis = u64::try_from(micros).unwrap_or_default().div_ceil(1_000);
            let error = WireError::framework(Code::RateLimited, "too many calls in a short time");
            return Err(Box::new(error.details(&RetryAfter::millis(millis))));
        }
        next.run(call).await
    }
}

/// What tells callers apart.
fn key(caller: &Caller) -> String {
    match caller.ip() {
        Some(ip) if !caller.is_authenticated() => format!("@{ip}"),
        _ => format!("={}", caller.subject()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_calls_at_once_then_one_each_interval() {
        let limit = RateLimit::per_second(4);
        let take = |who: &str, at: i64| limit.take(who.to_owned(), at);
        let at_once = (0..6).filter(|_| take("a", 0).is_ok()).count();
        assert_eq!(at_once, 4);
        assert_eq!(take("a", 0), Err(250_000));
        assert_eq!(take("b", 0), Ok(()), "another's bucket is full");
        assert_eq!(take("a", 249_999), Err(1));
        assert_eq!(take("a", 250_000), Ok(()));
        assert_eq!(take("a", 250_000), Err(250_000));
        let later = (0..9).filter(|_| take("a", 9_000_000).is_ok()).count();
        assert_eq!(later, 4, "never more than the bucket holds");
    }

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let limit = RateLimit::per_second(1);
        for number in 0..SWEEP {
            assert_eq!(limit.take(number.to_string(), 0), Ok(()));
        }
        assert_eq!(limit.take("new".to_owned(), 2_000_000), Ok(()));
        assert_eq!(limit.even.borrow().len(), 1);
    }

    #[test]
    fn none_is_none() {
        assert!(RateLimit::per_minute(0).take(String::new(), 0).is_err());
    }
}
