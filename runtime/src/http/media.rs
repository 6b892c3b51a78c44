//! Which bodies are executed: JSON in UTF-8, declared as such and not compressed.
//!
//! A web page of another origin cannot send this media type without asking first, so this is also what keeps forms
//! and beacons of foreign pages out.

use ::http::HeaderMap;
use ::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::error::Code;
use crate::rpc::WireError;

/// Refuses everything but `application/json`, in UTF-8 and without content coding.
pub(super) fn only_json(headers: &HeaderMap) -> Result<(), WireError> {
    let refuse =
        |message: &'static str| Err(WireError::framework(Code::UnsupportedMediaType, message));
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_json = types.next().is_some_and(|value| is_json(value.as_bytes()));
    if !is_json || types.next().is_some() {
        return refuse("send the body as `Content-Type: application/json` (charset utf-8)");
    }
    let identity = |value: &::http::HeaderValue| {
        value
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    };
    if !headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        return refuse("send the body uncompressed, without `Content-Encoding`");
    }
    Ok(())
}

fn is_json(value: &[u8]) -> bool {
    // What nearly every client sends.
    if value == b"application/json" {
        return true;
    }
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let essence = parts
        .next()
        .is_some_and(|part| part.eq_ignore_ascii_case(b"application/json"));
    let utf8 = |part: &[u8]| {
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        let charset = halves
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(b"charset"));
        let value = halves.next().unwrap_or_default();
        let value = value
            .strip_prefix(b"\"")
            .and_then(|v| v.strip_suffix(b"\""))
            .unwrap_or(value);
        charset && (value.eq_ignore_ascii_case(b"utf-8") || value.eq_ignore_ascii_case(b"utf8"))
    };
    essence && parts.filter(|part| !part.is_empty()).all(utf8)
}
