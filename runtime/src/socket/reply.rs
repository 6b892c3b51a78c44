//! What a connection is told by the object's side, on every backend.

use std::sync::Arc;

use bytes::Bytes;

use super::{Attachment, CloseCode};
use crate::error::Code;
use crate::rpc::WireError;

/// How many connections one object may have.
pub(crate) const MAX_PER_OBJECT: usize = 32_768;

/// The answer to `rpc.subscribe` and `rpc.unsubscribe`: `{"events": [..]}`.
pub(crate) fn listed(attachment: &Attachment) -> Bytes {
    let names: Vec<&Arc<str>> = attachment.events.iter().collect();
    // A list of texts always encodes.
    let text = serde_json::to_vec(&serde_json::json!({ "events": names }));
    text.unwrap_or_default().into()
}

/// One connection too many.
pub(crate) fn full() -> Box<WireError> {
    let message = format!("the object has {MAX_PER_OBJECT} connections already");
    Box::new(WireError::framework(Code::Overloaded, message))
}

/// The code that a refused connection is closed with.
pub(crate) fn refusal(error: &WireError) -> u16 {
    let code = if error.is(Code::Internal) {
        CloseCode::Internal
    } else if error.retryable {
        CloseCode::RefusedForNow
    } else {
        CloseCode::Refused
    };
    code.number()
}

/// The object does not know the connection any more.
pub(crate) fn lost() -> Box<WireError> {
    let message = "the object was reset and does not know this connection any more; connect again";
    Box::new(WireError::framework(Code::ObjectReset, message))
}
