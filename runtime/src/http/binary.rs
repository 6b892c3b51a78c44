//! A form of the wire beside JSON text.

use std::fmt;

use ::http::header::{CONTENT_TYPE, HeaderValue, VARY};
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use super::Response;
use super::response::json;
use crate::rpc::WireError;

/// What reads and writes a binary form. A trait, so that an app without one links nothing of it.
pub(crate) trait Transcode: fmt::Debug + Send + Sync {
    /// What is said to bodies in neither form.
    fn refused_type(&self) -> &'static str;
    /// What is said to who asks for neither on a WebSocket.
    fn refused_protocol(&self) -> &'static str;
    /// How bodies in it are declared.
    fn media_type(&self) -> &'static str;
    /// How a WebSocket asks for it.
    fn subprotocol(&self) -> &'static str;
    /// Whether a request's body is in it.
    fn is_sent(&self, headers: &HeaderMap) -> bool;
    /// Whether a request is to be answered in it.
    fn is_wanted(&self, headers: &HeaderMap) -> bool;
    /// The JSON text of a body; empty for an empty one.
    fn read(&self, bytes: &[u8]) -> Result<Bytes, Box<WireError>>;
    /// The form of a JSON text of ours.
    fn write(&self, json: &[u8]) -> Vec<u8>;
}

/// The binary form that an app speaks beside JSON.
#[derive(Debug, Clone, Copy)]
pub struct Binary(&'static dyn Transcode);

impl Binary {
    pub(crate) const fn new(form: &'static dyn Transcode) -> Self {
        Self(form)
    }

    pub(crate) fn media_type(self) -> &'static str {
        self.0.media_type()
    }

    pub(crate) fn subprotocol(self) -> &'static str {
        self.0.subprotocol()
    }

    pub(super) fn is_sent(self, headers: &HeaderMap) -> bool {
        self.0.is_sent(headers)
    }

    pub(super) fn refused_type(self) -> &'static str {
        self.0.refused_type()
    }

    pub(super) fn refused_protocol(self) -> &'static str {
        self.0.refused_protocol()
    }

    /// The JSON text of a body.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Bytes, Box<WireError>> {
        self.0.read(bytes)
    }

    /// The form of a JSON text of ours.
    pub(crate) fn write(self, json: &[u8]) -> Vec<u8> {
        self.0.write(json)
    }
}

/// In which form a request is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    /// The form, if it is not JSON.
    form: Option<Binary>,
    /// Whether it could have been another one.
    chosen: bool,
}

impl Answers {
    /// JSON, whatever is asked for.
    pub(super) const JSON: Self = Self {
        form: None,
        chosen: false,
    };

    /// As the client asks for it. It is not much, and at many places.
    #[inline(never)]
    pub(super) fn of(headers: &HeaderMap, binary: Option<Binary>) -> Self {
        Self {
            form: binary.filter(|binary| binary.0.is_wanted(headers)),
            chosen: binary.is_some(),
        }
    }

    /// The bytes of a JSON text.
    pub(super) fn bytes(self, text: Bytes) -> Bytes {
        match self.form {
            None => text,
            Some(form) => form.write(&text).into(),
        }
    }

    /// A response of bytes in this form.
    pub(super) fn response(self, status: StatusCode, bytes: Bytes) -> Response {
        let mut response = json(status, bytes);
        if let Some(form) = self.form {
            let media_type = HeaderValue::from_static(form.media_type());
            response.headers_mut().insert(CONTENT_TYPE, media_type);
        }
        response
    }

    /// A response of a JSON text.
    pub(super) fn answer(self, status: StatusCode, text: impl Into<Bytes>) -> Response {
        self.response(status, self.bytes(text.into()))
    }

    /// Tells caches that others may get it in another form.
    pub(super) fn vary(self, response: &mut Response) {
        if self.chosen {
            let accept = HeaderValue::from_static("accept");
            response.headers_mut().insert(VARY, accept);
        }
    }
}
