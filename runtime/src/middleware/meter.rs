//! Token buckets that all objects of an app share, and how they are asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::rate::Bucket;
use crate::action::{InUrl, encode};
use crate::error::{Code, RetryAfter};
use crate::object::{Caller, Chain, Envelope, Target, Timestamp, seconds};
use crate::prelude::*;
use crate::rpc::{Reply, WireError, from_utf8};

/// The class that counts.
pub(crate) const LIMITER: &str = "rate-limiter";

/// Counts for [`RateLimit::shared`](super::RateLimit::shared) and [`CreationLimit`](super::CreationLimit): list it among the
/// app's classes. Its counts are in memory; they begin anew when nobody asked for a while.
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

/// Over how many objects the buckets of one limit are spread.
const SPREAD: u64 = 16;
/// How long the answer of a [`RateLimiter`] is waited for.
const PATIENCE: Duration = seconds(2);

/// One limit: a bucket for each caller, kept by [`RateLimiter`]s.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    name: &'static str,
    bucket: Bucket,
    /// Whether nothing passes that cannot be counted.
    closed: bool,
}

/// Who brings a call about to a [`RateLimiter`]: everything of it that is not the question.
pub(crate) struct Asking {
    pub(crate) target: Target,
    pub(crate) request_id: Arc<str>,
    pub(crate) nonce: u64,
    pub(crate) now: Timestamp,
}

impl Meter {
    pub(super) fn new(name: &'static str, bucket: Bucket) -> Self {
        Self {
            name,
            bucket,
            closed: false,
        }
    }

    pub(super) fn refuse_unasked(&mut self) {
        self.closed = true;
    }

    /// Who keeps this bucket.
    pub(super) fn object(&self, key: &str) -> String {
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{}-{}", self.name, hash % SPREAD)
    }

    pub(super) fn params(&self, key: String) -> Reply {
        encode(&(key, self.bucket.interval, self.bucket.burst))
    }

    /// The call that asks.
    pub(crate) fn envelope(asking: Asking, params: Bytes) -> Envelope {
        let Asking {
            target,
            request_id,
            nonce,
            now,
        } = asking;
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

    /// Whether a token was had. `too_many` says to the caller of what there were too many.
    pub(crate) fn judge(&self, reply: Reply, too_many: &'static str) -> Result<(), Box<WireError>> {
        let early = reply.and_then(|reply| {
            from_utf8::<i64>(&reply)
                .map_err(|fault| Box::new(WireError::framework(Code::BadReply, fault.to_string())))
        });
        match early {
            Ok(micros) if micros <= 0 => Ok(()),
            Ok(micros) => {
                let millis = micros.unsigned_abs().div_ceil(1_000);
                let error = WireError::framework(Code::RateLimited, too_many);
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
