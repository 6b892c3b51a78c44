//! JSON-RPC 2.0: messages, batches and what a call answers.

mod reply;

pub use reply::{Reply, WireError};
