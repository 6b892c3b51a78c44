//! Requests that an object's own `fetch` handler answers, and how they travel: head and body in one text, or the head
//! alone, and the body piece by piece.

mod body;
mod flow;
mod handler;
mod incoming;

use ::http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, PROXY_AUTHENTICATE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use ::http::{Method, StatusCode, Uri};
use bytes::Bytes;

use super::{Peer, Request, Response};
use crate::error::Code;
use crate::rpc::WireError;

pub(in crate::http) use body::Kind;
pub use body::{Body, Chunks};
pub use handler::{FromRequest, raw_reply, raw_request};
pub(crate) use incoming::broken_off;
pub use incoming::{Incoming, Upload};

/// The name of the action that such a handler is. No name of a caller's leads to it.
pub const FETCH: &str = "~fetch";

/// The longest body of a response. It is whole in memory, more than once, and an isolate has 128 MB.
pub(crate) const MAX_RESPONSE: usize = 16 << 20;

/// How requests are brought to a handler. Pointers, so that an app without one links nothing of them.
#[derive(Debug)]
pub struct Raw {
    /// What travels of a request to this path below the object.
    encode: fn(&Request, &str) -> Bytes,
    /// The response that came.
    decode: fn(&Bytes) -> Option<Response>,
}

impl Raw {
    /// Head and body at once.
    pub const WHOLE: Self = Self {
        encode: encode_request,
        decode: decode_response,
    };
}

impl Raw {
    /// What travels of a request.
    pub(super) fn encode(&self, request: &Request, below: &str) -> Bytes {
        (self.encode)(request, below)
    }

    /// The response that came.
    pub(super) fn decode(&self, answer: &Bytes) -> Result<Response, WireError> {
        (self.decode)(answer).ok_or_else(unreadable)
    }
}

/// What came in place of a response.
pub(super) fn unreadable() -> WireError {
    let message = "the object's response cannot be read";
    WireError::framework(Code::BadReply, message).maybe_executed()
}

/// Refuses what no handler can answer by, and takes away what belongs to the connection.
pub(super) fn tidy<B: Default>(
    mut response: ::http::Response<B>,
) -> Result<::http::Response<B>, Box<WireError>> {
    if response.status().is_informational() {
        let message = format!("a handler answered by the status {}", response.status());
        return Err(Box::new(WireError::framework(Code::Internal, message)));
    }
    let headers = response.headers_mut();
    for name in [
        CONNECTION,
        CONTENT_LENGTH,
        PROXY_AUTHENTICATE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        HeaderName::from_static("keep-alive"),
    ] {
        headers.remove(name);
    }
    let is_bare = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RESET_CONTENT
    );
    if is_bare {
        *response.body_mut() = B::default();
    }
    Ok(response)
}

/// `GET /files/a?b`, a line for each header, an empty line, the body.
fn encode_request(request: &Request, below: &str) -> Bytes {
    let query = match request.query() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    // Its answer loses its body on the way out.
    let method = match *request.method() {
        Method::HEAD => &Method::GET,
        ref method => method,
    };
    let first = format!("{method} /{below}{query}");
    encode(&first, request.headers(), &request.body)
}

pub(crate) fn decode_request(text: &Bytes) -> Option<Request> {
    let (first, headers, body) = decode(text)?;
    let (method, uri) = first.split_once(' ')?;
    let mut request = ::http::Request::new(body);
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(uri).ok()?;
    for (name, value) in headers {
        request.headers_mut().append(name, value);
    }
    Some(Request::new(request, Peer::default()))
}

pub(crate) fn encode_response(response: &Response) -> Bytes {
    encode(
        response.status().as_str(),
        response.headers(),
        response.body(),
    )
}

pub(crate) fn decode_response(text: &Bytes) -> Option<Response> {
    let (first, headers, body) = decode(text)?;
    let mut response = Response::new(body);
    *response.status_mut() = first.parse().ok()?;
    for (name, value) in headers {
        response.headers_mut().append(name, value);
    }
    Some(response)
}

/// A first line, headers and a body as one. No part of a head has a line feed in it.
pub(crate) fn encode(first: &str, headers: &::http::HeaderMap, body: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(256 + body.len());
    text.extend_from_slice(first.as_bytes());
    text.push(b'\n');
    for (name, value) in headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b':');
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(body);
    text.into()
}

type Headers = Vec<(HeaderName, HeaderValue)>;

fn decode(text: &Bytes) -> Option<(&str, Headers, Bytes)> {
    let mut at = 0;
    let mut line = || {
        let rest = text.get(at..)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        at += end + 1;
        rest.get(..end)
    };
    let first = std::str::from_utf8(line()?).ok()?;
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(header.get(..colon)?).ok()?;
        headers.push((
            name,
            HeaderValue::from_bytes(header.get(colon + 1..)?).ok()?,
        ));
    }
    Some((first, headers, text.slice(at..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses_travel_byte_for_byte() {
        let request = ::http::Request::put("/file/x/a%2Fb/c?d=e&f")
            .header("x-one", "1")
            .header("x-one", "2")
            .header("x-bytes", HeaderValue::from_bytes(b"\xff:\x80").unwrap())
            .body(Bytes::from_static(b"\n\n\0\xff"))
            .unwrap();
        let request = Request::new(request, Peer::default());
        let came = decode_request(&encode_request(&request, "a%2Fb/c")).unwrap();
        assert_eq!(came.head.method, Method::PUT);
        assert_eq!(came.head.uri, "/a%2Fb/c?d=e&f");
        assert_eq!(came.head.headers, request.head.headers);
        assert_eq!(came.body, request.body);
        let mut response = Response::new(Bytes::from_static(b"x:y\n\nz"));
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        let value = HeaderValue::from_static("a: b");
        response.headers_mut().insert("x-three", value);
        let came = decode_response(&encode_response(&response)).unwrap();
        assert_eq!(came.status(), response.status());
        assert_eq!(came.headers(), response.headers());
        assert_eq!(came.body(), response.body());
    }

    #[test]
    fn whatever_else_travels_is_refused() {
        for text in [
            "",
            "{}",
            "[]\n\n",
            "GET\n\n",
            "GET /\nx\n\n",
            "GET /\nx:y\n",
        ] {
            assert!(decode_request(&Bytes::from_static(text.as_bytes())).is_none());
        }
    }
}
