//! Routes of the app's own, which run before any object.
//!
//! ```
//! use stayput::front::{FrontContext, Json, Request, Result, Routes, to};
//! use stayput::prelude::*;
//!
//! #[durable_object]
//! pub struct Counter {
//!     value: u64,
//! }
//!
//! #[durable_object]
//! impl Counter {
//!     #[action(public, get = "/value")]
//!     fn value(&self) -> u64 {
//!         self.value
//!     }
//! }
//!
//! fn front(routes: Routes) -> Routes {
//!     routes
//!         .route("/count/{name}/*", to::<Counter>())
//!         .get("/api/counters/{name}", value)
//!         .public()
//! }
//!
//! async fn value(cx: FrontContext, _: Request) -> Result<Json<u64>> {
//!     let name: String = cx.value("name")?;
//!     Ok(Json(Counter::named(&cx, &name).value().await?))
//! }
//!
//! stayput::app!(Counter; routes(front));
//! # fn main() {
//! stayput::testing::run(app(), async |t| {
//!     let ann = t.as_user("ann");
//!     for path in ["/count/home/value", "/api/counters/home", "/counter/home/value"] {
//!         assert_eq!(ann.get(path).await.body(), "0");
//!     }
//! });
//! # }
//! ```

mod check;
mod context;
#[cfg(not(target_arch = "wasm32"))]
mod describe;
mod enter;
mod error;
mod handler;
mod pattern;
mod pieces;
mod reply;
mod routes;
mod rpc;
mod to;

use std::fmt;

use ::http::Uri;
use ::http::request::Parts;

use super::{Front, Readiness};
use crate::auth::Surroundings;
use crate::backend::{LocalFuture, SharedEnvironment};
use crate::rpc::WireError;

pub use super::{Body, Chunks, Incoming, Request, Response};
pub use ::bytes::Bytes;
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use context::FrontContext;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use describe::Described;
pub use error::{FrontError, Result};
pub use handler::{Handler, MethodHandler};
pub use reply::{Answer, Forward, IntoResponse, Json};
pub(super) use reply::{Made, Pieces};
pub use routes::Routes;
pub use to::{To, to};

/// Where requests pass before any object. A trait, so that an app without routes of its own links nothing of them.
pub(crate) trait Door: fmt::Debug + Send + Sync {
    /// Refuses what means two things, and what would hide something of the house.
    fn check(&self, front: &Front) -> std::result::Result<(), WireError>;
    /// What the manifest says of it.
    #[cfg(not(target_arch = "wasm32"))]
    fn describe(&self) -> Described;
    /// What becomes of a request with this head.
    fn way(&self, front: &Front, head: &Parts) -> DoorWay;
    /// What becomes of a request: another one, or its response.
    fn enter<'a>(
        &'a self,
        request: Request,
        entrance: Entrance<'a>,
    ) -> LocalFuture<'a, std::result::Result<Request, Response>>;
}

/// What is known of a request before its body is read.
pub(crate) enum DoorWay {
    /// It is none of the routes'.
    Past,
    /// It is one to an object, at this URL.
    Object(Uri),
    /// The routes answer it, or say who does.
    Own,
}

/// What routes find around them.
pub(crate) struct Entrance<'a> {
    pub(crate) front: &'a Front,
    pub(crate) at: &'a dyn Surroundings,
    pub(crate) environment: SharedEnvironment,
    pub(crate) readiness: Readiness,
}
