//! The HTTP front: everything between a parsed HTTP request and a call, the same on every backend.
//!
//! A backend reads a request, hands it to [`Front::handle`] with something that can [`Dispatch`] calls, and writes
//! the response. Which bytes a client gets is decided here alone.

mod accepted;
mod asset;
mod auth;
mod binary;
mod class;
pub mod door;
mod enter;
mod etag;
mod front;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod limited;
mod live;
mod media;
mod names;
mod origin;
mod params;
mod path;
mod raw;
mod request;
mod response;
mod route;
mod routed;
mod session;
pub(crate) mod streamed;
mod ticket;

#[cfg(test)]
mod tests;

pub use crate::transfer::Transfer;
pub use accepted::Begins;
pub use asset::Asset;
pub use binary::Binary;
pub(crate) use binary::Transcode;
pub use class::{Discover, EdgeAction, EdgeAuth, EdgeClass, EdgeEvent};
pub use enter::{AppRoutes, Entered};
pub use front::{Front, FrontConfig, Limits};
pub(crate) use limited::{Limits as EdgeLimits, SharedLimits};
pub use live::{Answerable, Asked, Live, Opening};
pub(crate) use params::{from_query, pairs};
pub(crate) use raw::broken_off;
pub use raw::{Body, Chunks, FETCH, FromRequest, Incoming, Raw, Upload, raw_reply, raw_request};
#[cfg(target_arch = "wasm32")]
pub(crate) use raw::{MAX_RESPONSE, decode_request};
pub(crate) use raw::{decode_response, encode as encode_message, encode_response};
pub use request::{Dispatch, Peer, Readiness, Request, Response};
pub use session::Subscription;
