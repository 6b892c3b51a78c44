//! What a call answers.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

/// The answer to one call: JSON text of the result, or the error.
pub type Reply = Result<Bytes, Box<WireError>>;

/// An error as it travels. Its JSON-RPC form is `{code, message, data: {code, details, retryable, maybe_executed,
/// request_id}}`.
#[derive(Debug, Clone)]
pub struct WireError {
    /// The JSON-RPC code: -32700 .. -32600 for faults of the protocol, -32603 for `internal`, 1 for all others.
    pub rpc_code: i32,
    /// The HTTP status of the REST form.
    pub status: u16,
    /// What tells errors apart (`room.full`).
    pub code: Cow<'static, str>,
    /// For people.
    pub message: Cow<'static, str>,
    /// For programs: a JSON value.
    pub details: Option<Box<RawValue>>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// Whether the action may have taken effect all the same.
    pub maybe_executed: bool,
}
