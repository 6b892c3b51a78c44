//! A limit that all objects share: asked before the request's object wakes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::rate::{Bucket, RateLimit};
use crate::action::{InUrl, encode};
use crate::error::{Code, RetryAfter};
use crate::http::Request;
use crate::object::{Caller, CallerKind, Chain, Envelope, Target, Timestamp, seconds};
use crate::prelude::*;
use crate::rpc::{Reply, WireError, from_utf8};

/// Counts for [`RateLimit::shared`]: list it among the app's classes. Its counts are in memory; they begin anew when nobody
/// asked for a while.
#[durable_object(class = "rate-limiter")]
#[derive(Debug)]
pub struct RateLimiter {
    #[transient]
    buckets: HashMap<String, i64>,
}

#[durable_object]
impl RateLimiter {
    /// Takes a token of a bucket: 0, or in how many microseconds there will be one.
    #[action(internal)]
    fn take(&mut self, cx: &mut Context<Self>, key: String, interval: i64, burst: i64) -> i64 {
        let now = cx.now().as_millis().saturating_mul(1_000);
        let bucket = Bucket { interval, burst };
        bucket.take(&mut self.buckets, key, now).err().unwrap_or(0)
    }
}

/// Over how many objects the counts of one limit are spread.
const SPREAD: u64 = 16;
/// How long the answer of a [`RateLimiter`] is waited for.
const PATIENCE: std::time::Duration = seconds(2);

/// Whose bucket a request empties; `None`: it is not counted.
pub type CountBy = fn(&Request, &Caller) -> Option<String>;

/// By the caller's address; the runtime's own requests are not counted.
pub fn by_ip(_: &Request, caller: &Caller) -> Option<String> {
    match caller.ip() {
        Some(ip) => Some(format!("@{ip}")),
        None if caller.kind() == CallerKind::System => None,
        // Never one bucket for all whose address is not known: each caller has its own, and those without a name none.
        None => (!caller.subject().is_empty()).then(|| format!("={}", caller.subject())),
    }
}

/// By the caller's name; anonymous callers by their address.
pub fn by_subject(request: &Request, caller: &Caller) -> Option<String> {
    if caller.is_authenticated() {
        Some(format!("={}", caller.subject()))
    } else {
        by_ip(request, caller)
    }
}

/// A limit that all objects of an app share; made by [`RateLimit::shared`].
#[derive(Clone)]
pub struct SharedLimit {
    name: &'static str,
    by: CountBy,
    bucket: Bucket,
    closed: bool,
}

impl RateLimit {
    /// The same limit for all requests to the app together, told apart by `by`: it is asked before the request's object
    /// wakes. What is counted are HTTP requests (a batch is one) and the opening of connections.
    ///
    /// ```
    /// use stayput::middleware::{RateLimit, RateLimiter, by_ip};
    /// use stayput::prelude::*;
    ///
    /// #[durable_object]
    /// struct Room {}
    /// #[durable_object]
    /// impl Room {}
    ///
    /// stayput::app!(Room, RateLimiter; limits(RateLimit::per_minute(600).shared("api", by_ip)));
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn shared(self, name: &'static str, by: CountBy) -> SharedLimit {
        SharedLimit {
            name,
            by,
            bucket: self.bucket(),
            closed: false,
        }
    }
}

impl SharedLimit {
    /// The same, but requests are refused with `overloaded` where it cannot be asked; else they pass then.
    #[must_use]
    pub fn or_refuse(mut self) -> Self {
        self.closed = true;
        self
    }

    /// What to ask of which object, if the request is counted.
    pub(crate) fn question(&self, request: &Request, caller: &Caller) -> Option<(String, Reply)> {
        let Some(key) = (self.by)(request, caller) else {
            // Who cannot be told from others is not let by uncounted.
            let unknown = !caller.is_authenticated() && caller.ip().is_none();
            return unknown.then(|| (String::new(), Err(Box::new(unknown_address()))));
        };
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let object = format!("{}-{}", self.name, hash % SPREAD);
        Some((
            object,
            encode(&(key, self.bucket.interval, self.bucket.burst)),
        ))
    }

    /// The call that asks.
    pub(crate) fn envelope(
        target: Target,
        params: Bytes,
        request_id: Arc<str>,
        nonce: u64,
        now: Timestamp,
    ) -> Envelope {
        Envelope {
            request_id,
            target,
            action: "take".into(),
            params,
            in_url: InUrl::NONE,
            deadline: now + PATIENCE,
            chain: Chain::root(now, nonce),
            caller: Arc::new(Caller::system()),
            read_only: false,
            near: None,
            connection: None,
            key: None,
            stream: None,
            owed: None,
        }
    }

    /// Whether the request may pass.
    pub(crate) fn judge(&self, reply: Reply) -> Result<(), Box<WireError>> {
        let early = reply.and_then(|reply| {
            from_utf8::<i64>(&reply)
                .map_err(|fault| Box::new(WireError::framework(Code::BadReply, fault.to_string())))
        });
        match early {
            Ok(micros) if micros <= 0 => Ok(()),
            Ok(micros) => {
                let millis = micros.unsigned_abs().div_ceil(1_000);
                let error =
                    WireError::framework(Code::RateLimited, "too many requests in a short time");
                Err(Box::new(error.details(&RetryAfter::millis(millis))))
            }
            Err(_) if self.closed => {
                let message = "the limit of requests cannot be asked now";
                Err(Box::new(WireError::framework(Code::Overloaded, message)))
            }
            Err(_) => Ok(()),
        }
    }
}

fn unknown_address() -> WireError {
    let message = "the address of an anonymous request is not known, so it cannot be counted";
    WireError::framework(Code::RateLimited, message)
}

impl fmt::Debug for SharedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimit")
            .field("name", &self.name)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
