//! When a request is sent again, and after how long.

use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, Method, StatusCode};

use super::error::{HttpError, HttpErrorKind};
use super::response::Response;
use crate::object::Timestamp;

/// The header that tells servers that two requests are one.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How often a request or a [call](crate::object::Call::retry) is made, and how long it waits in between: each wait is a random part of a span that doubles, so
/// that many who failed together do not come again together.
///
/// Requests are sent again that may happen twice: `GET`, `HEAD`, `OPTIONS`, `PUT`, `DELETE`, and whatever has an idempotency key
/// ([`Request::idempotency_key`](super::Request::idempotency_key)). They are when there was no connection or it broke, and
/// at the statuses 408, 429, 502, 503 and 504. A `Retry-After`, in seconds or as a date, is waited for if it is no longer than
/// the cap; a longer one, as the end of the tries, leaves the answer as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    tries: u32,
    base: Duration,
    cap: Duration,
}

impl Default for Retry {
    /// Three tries, with up to 100 ms and 200 ms between them.
    fn default() -> Self {
        Self {
            tries: 3,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(3),
        }
    }
}

impl Retry {
    /// Sent at most so many times, the first one included.
    #[must_use]
    pub const fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// The span of the first wait.
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The longest span, and the longest `Retry-After` that is waited for.
    #[must_use]
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Whether a request may be sent twice.
    pub(super) fn suits(method: &Method, headers: &HeaderMap) -> bool {
        method.is_idempotent() || headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// How long to wait after try number `tried`, counted from 1; `None`: it stays as it is. `now` is when the answer
    /// came, `chance` any number.
    pub(super) fn pause(
        &self,
        tried: u32,
        outcome: &Result<Response, HttpError>,
        now: Timestamp,
        chance: u64,
    ) -> Option<Duration> {
        let asked = match outcome {
            Err(error) if error.kind() == HttpErrorKind::Connect => None,
            Ok(answer) if is_passing(answer.status()) => match answer.header("retry-after") {
                None => None,
                Some(after) => Some(asked(after.trim(), now)?),
            },
            _ => return None,
        };
        self.wait(tried, asked, chance)
    }

    /// How long to wait after try number `tried`, at least as long as was asked for; `None`: no longer than the cap, and not
    /// after the last try.
    pub(crate) fn wait(
        &self,
        tried: u32,
        asked: Option<Duration>,
        chance: u64,
    ) -> Option<Duration> {
        if tried >= self.tries || asked.is_some_and(|asked| asked > self.cap) {
            return None;
        }
        let doubled = 1_u32.checked_shl(tried - 1).unwrap_or(u32::MAX);
        let span = self.base.saturating_mul(doubled).min(self.cap);
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX - 1);
        let jitter = Duration::from_millis(chance % (millis + 1));
        Some(asked.map_or(jitter, |asked| asked.max(jitter)))
    }
}

/// How long a server asks to be left alone, by a `Retry-After` in seconds or as a date; a date that has passed asks for
/// nothing. `None` where it is neither.
pub(super) fn asked(after: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(after).ok()?;
    let at = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Some((Timestamp::from_millis(0) + at).since(now))
}

/// Whether a server says by this status that it may go better later.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 502..=504)
}
