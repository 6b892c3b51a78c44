//! A limit that all objects share: asked before the request's object wakes.

use std::fmt;

use super::meter::Meter;
use super::rate::RateLimit;
use crate::error::Code;
use crate::http::Request;
use crate::object::{Caller, CallerKind};
use crate::rpc::{Reply, WireError};

/// Whose bucket a request empties; `None`: it is not counted.
pub type CountBy = fn(&Request, &Caller) -> Option<String>;

/// By the caller's address; the runtime's own requests are not counted.
pub fn by_ip(_: &Request, caller: &Caller) -> Option<String> {
    address_of(caller)
}

fn address_of(caller: &Caller) -> Option<String> {
    match caller.ip() {
        Some(ip) => Some(format!("@{ip}")),
        None if caller.kind() == CallerKind::System => None,
        // Never one bucket for all whose address is not known: each caller has its own, and those without a name none.
        None => (!caller.subject().is_empty()).then(|| format!("={}", caller.subject())),
    }
}

/// By the caller's name; anonymous callers by their address.
pub fn by_subject(_: &Request, caller: &Caller) -> Option<String> {
    name_of(caller)
}

/// What tells a caller from others, if anything does.
pub(crate) fn name_of(caller: &Caller) -> Option<String> {
    if caller.is_authenticated() {
        Some(format!("={}", caller.subject()))
    } else {
        address_of(caller)
    }
}

/// A limit that all objects of an app share; made by [`RateLimit::shared`].
#[derive(Clone)]
pub struct SharedLimit {
    by: CountBy,
    pub(crate) meter: Meter,
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
            by,
            meter: Meter::new(name, self.bucket()),
        }
    }
}

impl SharedLimit {
    /// The same, but requests are refused with `overloaded` where it cannot be asked; else they pass then.
    #[must_use]
    pub fn or_refuse(mut self) -> Self {
        self.meter.refuse_unasked();
        self
    }

    /// What to ask of which object, if the request is counted.
    pub(crate) fn question(&self, request: &Request, caller: &Caller) -> Option<(String, Reply)> {
        let Some(key) = (self.by)(request, caller) else {
            // Who cannot be told from others is not let by uncounted.
            let unknown = !caller.is_authenticated() && caller.ip().is_none();
            return unknown.then(|| (String::new(), Err(Box::new(unknown_address()))));
        };
        Some((self.meter.object(&key), self.meter.params(key)))
    }
}

/// Why somebody who cannot be told from others is refused.
pub(super) fn unknown_address() -> WireError {
    let message = "the address of an anonymous request is not known, so it cannot be counted";
    WireError::framework(Code::RateLimited, message)
}

impl fmt::Debug for SharedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimit")
            .field("meter", &self.meter)
            .finish_non_exhaustive()
    }
}
