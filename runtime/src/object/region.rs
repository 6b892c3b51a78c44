//! Where an object is to live, where the backend has a choice.

use crate::error::Code;
use crate::rpc::WireError;

/// Cloudflare's location hints (<https://developers.cloudflare.com/durable-objects/reference/data-location/>).
const HINTS: [&str; 9] = [
    "wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me",
];

/// A hint that the platform takes.
pub(crate) fn location_hint(text: &str) -> Result<&'static str, Box<WireError>> {
    HINTS.into_iter().find(|hint| *hint == text).ok_or_else(|| {
        let message = format!("`{text}` is no location hint; one of {}", HINTS.join(", "));
        Box::new(WireError::framework(Code::InvalidRequest, message))
    })
}
