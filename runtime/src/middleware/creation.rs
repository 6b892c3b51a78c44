//! Only so many new objects of each caller.

use std::sync::Arc;

use super::meter::{Asking, LIMITER, Meter};
use super::rate::RateLimit;
use super::shared::{name_of, unknown_address};
use super::{Invocation, Middleware, Next, Reply};
use crate::error::Code;
use crate::object::{CallerKind, Mode, Target};
use crate::rpc::WireError;

/// Lets each caller bring so many objects to life in a time, those of all classes that list it together:
/// `CreationLimit::per_minute(60)`, which is also the default. More are answered `rate_limited`, with the time to wait.
///
/// What counts are commands and processes of clients to objects that do not exist, whether or not the object comes to life by
/// them; not calls by other objects, and not connections. The app needs the class [`RateLimiter`](super::RateLimiter), which
/// keeps the counts in memory, as those of [`RateLimit::shared`]: a token bucket for each name, or address of callers without
/// one. Where it cannot be asked calls pass, or with [`or_refuse`](Self::or_refuse) are answered `overloaded`.
///
/// ```
/// use stayput::middleware::{CreationLimit, RateLimiter};
/// use stayput::prelude::*;
///
/// #[durable_object(middleware(CreationLimit::per_minute(60)))]
/// struct Room { said: u64 }
/// # #[durable_object] impl Room { #[action] fn say(&mut self) -> u64 { self.said += 1; self.said } }
///
/// stayput::app!(Room, RateLimiter);
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let ann = t.as_user("ann");
///     for number in 0..60 {
///         Room::named(&ann, &number.to_string()).say().await.unwrap();
///     }
///     let refused = Room::named(&ann, "one-more").say().await.unwrap_err();
///     assert_eq!(refused.rejection().unwrap().code(), "rate_limited");
///     assert_eq!(Room::named(&ann, "7").say().await.unwrap(), 2);
/// });
/// # }
/// ```
#[derive(Debug)]
pub struct CreationLimit {
    meter: Meter,
}

impl Default for CreationLimit {
    /// 60 a minute.
    fn default() -> Self {
        Self::per_minute(60)
    }
}

impl CreationLimit {
    /// So many new objects a minute.
    pub fn per_minute(objects: u32) -> Self {
        Self::of(&RateLimit::per_minute(objects))
    }

    /// So many new objects an hour.
    pub fn per_hour(objects: u32) -> Self {
        Self::of(&RateLimit::per_hour(objects))
    }

    fn of(rate: &RateLimit) -> Self {
        Self {
            meter: Meter::new("creations", rate.bucket()),
        }
    }

    /// The same, but calls that would be counted are refused with `overloaded` where nothing counts; else they pass then.
    #[must_use]
    pub fn or_refuse(mut self) -> Self {
        self.meter.refuse_unasked();
        self
    }

    /// Whether the caller may create one more.
    async fn ask(&self, call: &Invocation) -> Result<(), Box<WireError>> {
        let key = name_of(call.caller()).ok_or_else(|| Box::new(unknown_address()))?;
        let environment = call.environment();
        let name = self.meter.object(&key);
        let ids = environment.id_key(LIMITER).ok_or_else(no_limiter)?;
        let mut nonce = [0; 8];
        environment.random(&mut nonce);
        let asking = Asking {
            target: Target {
                class: LIMITER.into(),
                id: ids.named(&name),
                name: Some(name.into()),
            },
            request_id: Arc::from(call.request_id()),
            nonce: u64::from_le_bytes(nonce),
            now: call.now(),
        };
        let envelope = Meter::envelope(asking, self.meter.params(key)?);
        let reply = environment.call(envelope).await;
        self.meter
            .judge(reply, "too many new objects in a short time")
    }
}

impl Middleware for CreationLimit {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let is_free = call.exists()
            || call.mode() == Mode::Read
            || call.caller().kind() == CallerKind::System
            || !call.is_from_outside();
        if !is_free {
            self.ask(call).await?;
        }
        next.run(call).await
    }
}

fn no_limiter() -> Box<WireError> {
    let message = "a class has `CreationLimit` and nothing counts: add `stayput::middleware::RateLimiter` to the app's classes";
    Box::new(WireError::framework(Code::ConfigInvalid, message))
}
