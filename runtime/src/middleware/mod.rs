//! What runs around calls: `#[durable_object(middleware(RequestLog, RateLimit::per_minute(600)))]`.
//!
//! A chain belongs to one object in memory, so what a middleware keeps in its fields it keeps of that object, until the
//! object leaves memory. It runs in the order written, before the parameters are decoded and outside of the action's
//! transaction.

mod cache;
mod chain;
mod concurrency;
mod creation;
mod invocation;
mod map_errors;
mod meter;
mod quota;
mod rate;
mod request_log;
#[cfg(all(feature = "jsonschema", not(target_arch = "wasm32")))]
mod schema;
mod shared;
mod timeout;

pub use cache::Cache;
pub(crate) use chain::{Chains, Inner};
pub use chain::{Layer, MakeLayer, Next, layer};
pub use concurrency::ConcurrencyLimit;
pub use creation::CreationLimit;
pub use invocation::Invocation;
pub use map_errors::MapErrors;
pub use meter::RateLimiter;
pub(crate) use meter::{Asking, LIMITER, Meter};
pub use quota::Quota;
pub use rate::RateLimit;
pub use request_log::{LoggedCall, RequestLog};
#[cfg(all(feature = "jsonschema", not(target_arch = "wasm32")))]
pub use schema::ParamsSchema;
pub(crate) use shared::name_of;
pub use shared::{CountBy, SharedLimit, by_ip, by_subject};
pub use timeout::Timeout;

use std::future::Future;

use serde::Serialize;

use crate::error::ActionError;
pub use crate::rpc::Reply;

/// Something that runs around calls.
///
/// ```
/// # use stayput::prelude::*;
/// use stayput::middleware::{Invocation, Middleware, Next, Reply};
///
/// /// Gives everybody but the developer a second.
/// #[derive(Default)]
/// struct Impatient;
///
/// impl Middleware for Impatient {
///     async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
///         if !call.caller().has_scope("slow") {
///             call.limit(seconds(1));
///         }
///         next.run(call).await
///     }
/// }
///
/// #[durable_object(middleware(Impatient))]
/// struct Room {}
/// # #[durable_object] impl Room {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no middleware",
    label = "no middleware",
    note = "implement `stayput::middleware::Middleware` for the type: `async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply`"
)]
pub trait Middleware: 'static {
    /// Runs around one call: `next.run(call).await` is the rest of the chain and the action itself. What it answers goes
    /// to the caller when everything the call could have seen is on disk.
    fn call(&self, call: &mut Invocation, next: Next<'_>) -> impl Future<Output = Reply>;
}

/// A value as the answer of a call.
pub fn answer<T: Serialize + ?Sized>(value: &T) -> Reply {
    crate::action::encode(value)
}

/// An error as the answer of a call.
pub fn refuse<E: ActionError>(error: &E) -> Reply {
    Err(Box::new(error.to_wire()))
}
