//! Which bodies are executed: JSON in UTF-8, or the app's binary form, declared as such and not compressed.
//!
//! A web page of another origin cannot send these media types without asking first, so this is also what keeps forms
//! and beacons of foreign pages out.

use ::http::HeaderMap;
use ::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::Binary;
use crate::error::Code;
use crate::rpc::WireError;

/// Refuses everything but `application/json`, in UTF-8 and without content coding.
pub(super) fn only_json(headers: &HeaderMap) -> Result<(), WireError> {
    form_of(headers, None).map(drop)
}

/// The form that a body is in, if it is not JSON. Refuses all others.
pub(super) fn form_of(
    headers: &HeaderMap,
    binary: Option<Binary>,
) -> Result<Option<Binary>, WireError> {
    let refuse =
        |message: &'static str| Err(WireError::framework(Code::UnsupportedMediaType, message));
    let form = binary.filter(|binary| binary.is_sent(headers));
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_json = types.next().is_some_and(|value| is_json(value.as_bytes()));
    if form.is_none() && (!is_json || types.next().is_some()) {
        let json = "send the body as `Content-Type: application/json` (charset utf-8)";
        return refuse(binary.map_or(json, Binary::refused_type));
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
    Ok(form)
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
