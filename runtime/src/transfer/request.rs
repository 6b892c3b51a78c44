//! Requests for whole objects: what they may look like.

use ::http::header::CONTENT_TYPE;
use bytes::Bytes;

use super::{EXPORT, IMPORT, MAX_TEXT};
use crate::error::Code;
use crate::http::Request;
use crate::rpc::WireError;

/// A text of JSON lines. No page of another origin may send it unasked.
pub(crate) const LINES: &str = "application/x-ndjson";

pub(super) fn allow(segment: &str) -> Option<&'static str> {
    match segment {
        EXPORT => Some("GET, HEAD, OPTIONS"),
        IMPORT => Some("OPTIONS, POST, PUT"),
        _ => None,
    }
}

pub(super) fn text(request: &Request) -> Result<Bytes, Box<WireError>> {
    let refused = |code, message: String| Err(Box::new(WireError::framework(code, message)));
    let mut types = request.headers().get_all(CONTENT_TYPE).iter();
    if types.next().is_none_or(|value| value != LINES) || types.next().is_some() {
        let message = format!("send an exported object as `Content-Type: {LINES}`");
        return refused(Code::UnsupportedMediaType, message);
    }
    if request.body.len() > MAX_TEXT {
        let message = format!("the body is longer than {MAX_TEXT} bytes");
        return refused(Code::TooLarge, message);
    }
    Ok(request.body.clone())
}
