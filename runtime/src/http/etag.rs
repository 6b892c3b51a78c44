//! Entity tags: whoever has an answer already is not sent it again.

use std::hash::{DefaultHasher, Hasher as _};

use ::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use super::Response;
use super::binary::Answers;
use super::response::empty;

/// Tells one version from the next. Nobody gains by finding two with one tag, so no cryptography.
pub(super) fn etag(bytes: &[u8]) -> HeaderValue {
    let half = |number: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(number);
        hasher.write(bytes);
        hasher.finish()
    };
    let tag = format!("\"{:016x}{:016x}\"", half(0), half(1));
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether the client has what has this tag.
pub(super) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        let tags = value.as_bytes().split(|byte| *byte == b',');
        tags.map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes())
    })
}

/// What a query found, for a client that may have it already.
pub(super) fn found(result: Bytes, headers: &HeaderMap, answers: Answers) -> Response {
    // The tag is of the bytes that are sent: each form has its own.
    let result = answers.bytes(result);
    let etag = etag(&result);
    let mut response = if is_known(headers, &etag) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        answers.response(StatusCode::OK, result)
    };
    answers.vary(&mut response);
    let answer = response.headers_mut();
    answer.insert(ETAG, etag);
    // Kept by the caller alone, whose it is, and asked for anew each time.
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
