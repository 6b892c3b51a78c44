//! Idempotency keys, as callers choose them.

use std::sync::Arc;

use crate::error::Code;
use crate::rpc::WireError;

/// How long a key may be, in bytes.
pub(crate) const MAX_IDEMPOTENCY_KEY: usize = 255;

/// Checks a key: 1 to 255 visible ASCII characters, so that it is the same text in a header, in JSON and in a log.
pub(crate) fn idempotency_key(text: &str) -> Result<Arc<str>, Box<WireError>> {
    let sound = (1..=MAX_IDEMPOTENCY_KEY).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sound {
        return Ok(text.into());
    }
    let message = format!(
        "an idempotency key has 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters, such as a UUID"
    );
    Err(Box::new(WireError::framework(
        Code::InvalidRequest,
        message,
    )))
}
