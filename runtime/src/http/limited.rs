//! Who asks, and whether that is too often: decided before any object wakes.

use std::fmt;
use std::sync::Arc;

use super::request::Trace;
use super::response::Refusal;
use super::{Dispatch, Front, Request};
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::middleware::{Asking, LIMITER, Meter, SharedLimit};
use crate::object::{Caller, Envelope, Timestamp};
use crate::rpc::{Reply, WireError};

/// What an app is told that has limits and nothing that counts.
pub(super) fn no_limiter() -> WireError {
    let message = "the app has `limits(..)` and nothing that counts: add `stayput::middleware::RateLimiter` to its classes";
    WireError::framework(Code::ConfigInvalid, message)
}

/// Limits that all objects share. Behind a pointer, so that a wasm without them links nothing of it.
pub(crate) trait Limits: Send + Sync {
    /// Whether a request may pass.
    fn admit<'a>(&'a self, asked: Asked<'a>) -> LocalFuture<'a, Result<(), Box<WireError>>>;
}

/// A request, and how to ask about it.
pub(crate) struct Asked<'a> {
    pub(super) front: &'a Front,
    pub(super) request: &'a Request,
    pub(super) caller: &'a Caller,
    pub(super) trace: Trace,
    pub(super) now: Timestamp,
    /// Brings a call to its object.
    pub(super) ask: &'a dyn Fn(Envelope) -> LocalFuture<'a, Reply>,
}

/// The limits of an app.
#[derive(Clone, Default)]
pub(crate) struct SharedLimits(Vec<SharedLimit>);

impl SharedLimits {
    pub(crate) fn push(&mut self, limit: SharedLimit) {
        self.0.push(limit);
    }
}

/// Lies beside a request that has been counted.
#[derive(Clone)]
pub(super) struct Counted;

impl Limits for SharedLimits {
    fn admit<'a>(&'a self, asked: Asked<'a>) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move {
            let Asked {
                front,
                request,
                caller,
                trace,
                now,
                ask,
            } = asked;
            // What a route's handler sends on was counted when it came.
            if request.head.extensions.get::<Counted>().is_some() {
                return Ok(());
            }
            for limit in &self.0 {
                if let Some((object, params)) = limit.question(request, caller) {
                    let params = params?;
                    let (_, target) = front
                        .find(LIMITER, &object)
                        .map_err(|_| Box::new(no_limiter()))?;
                    let asking = Asking {
                        target,
                        request_id: Arc::clone(&trace.id),
                        nonce: trace.nonce,
                        now,
                    };
                    let reply = ask(Meter::envelope(asking, params)).await;
                    limit
                        .meter
                        .judge(reply, "too many requests in a short time")?;
                }
            }
            Ok(())
        })
    }
}

impl Front {
    /// The caller, unless it asks too often.
    pub(super) async fn identify(
        &self,
        request: &Request,
        dispatch: &impl Dispatch,
    ) -> Result<Arc<Caller>, Refusal> {
        let caller = self.auth().identify(request, dispatch).await?;
        if let Some(limits) = &self.auth().limits {
            let asked = Asked {
                front: self,
                request,
                caller: &caller,
                trace: Trace::fresh(dispatch),
                now: dispatch.now(),
                ask: &|envelope| Box::pin(dispatch.call(envelope)),
            };
            limits.admit(asked).await?;
        }
        Ok(caller)
    }
}

impl fmt::Debug for SharedLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}
