//! JSON-RPC 2.0: messages, batches and what a call answers.

mod json;
mod message;
mod nearest;
mod query;
mod read;
mod reply;
mod write;

pub use json::{MAX_JSON_DEPTH, deeper_than};
pub use message::{Call, Id, Incoming, MAX_BATCH, Message, parse, parse_params};
pub(crate) use nearest::{nearest, shorten};
pub use query::QueryValue;
pub(crate) use read::from_utf8;
pub use reply::{Reply, WireError};
pub use write::{write_error, write_error_object, write_result};
