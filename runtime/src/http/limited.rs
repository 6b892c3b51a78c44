//! Who asks, and whether that is too often: decided before any object wakes.

use std::sync::Arc;

use super::request::Trace;
use super::response::Refusal;
use super::{Dispatch, Front, Request};
use crate::middleware::SharedLimit;
use crate::object::{Caller, Envelope, Timestamp};
use crate::rpc::Reply;

/// The class that counts.
const LIMITER: &str = "rate-limiter";

/// Lies beside a request that has been counted.
#[derive(Clone)]
pub(super) struct Counted;

impl Front {
    /// The caller, unless it asks too often.
    pub(super) async fn identify(
        &self,
        request: &Request,
        dispatch: &impl Dispatch,
    ) -> Result<Arc<Caller>, Refusal> {
        let caller = self.auth().identify(request, dispatch).await?;
        if !self.auth().limits.is_empty() {
            let trace = Trace::fresh(dispatch);
            let ask = async |envelope| dispatch.call(envelope).await;
            self.admit_caller(request, &caller, &trace, dispatch.now(), ask)
                .await?;
        }
        Ok(caller)
    }

    /// Whether the limits that all objects share let a request pass; `ask` brings a call to its object.
    pub(super) async fn admit_caller(
        &self,
        request: &Request,
        caller: &Caller,
        trace: &Trace,
        now: Timestamp,
        ask: impl AsyncFn(Envelope) -> Reply,
    ) -> Result<(), Refusal> {
        // What a route's handler sends on was counted when it came.
        if request.head.extensions.get::<Counted>().is_some() {
            return Ok(());
        }
        for limit in &self.auth().limits {
            if let Some((object, params)) = limit.question(request, caller) {
                let (_, target) = self.find(LIMITER, &object)?;
                let id = Arc::clone(&trace.id);
                let envelope = SharedLimit::envelope(target, params?, id, trace.nonce, now);
                limit.judge(ask(envelope).await)?;
            }
        }
        Ok(())
    }
}
