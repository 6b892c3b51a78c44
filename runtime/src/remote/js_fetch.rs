//! Requests to objects that are written by hand in JavaScript.

use std::fmt;
use std::future::IntoFuture;

use ::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{Method, Uri};
use bytes::Bytes;
use serde::Serialize;

use crate::action::encode;
use crate::backend::LocalFuture;
use crate::error::{CallError, Code, Error, Rejection};
use crate::http::{Response, decode_response, encode_message};
use crate::object::{Call, Mode, StubCore};
use crate::rpc::WireError;

/// The name that stands for a request among calls. No method of JavaScript has it.
pub(crate) const REQUEST: &str = "~request";

/// A request to an object that is written in JavaScript: [`JsObject::fetch`](super::JsObject::fetch) makes it, awaiting
/// sends it.
#[must_use = "it leaves when it is awaited"]
pub struct JsRequest {
    stub: StubCore,
    request: ::http::Request<Bytes>,
    /// The first thing that is wrong with it.
    fault: Option<Box<WireError>>,
}

impl JsRequest {
    pub(super) fn new(stub: StubCore, method: Method, path: &str) -> Self {
        let mut request = ::http::Request::new(Bytes::new());
        *request.method_mut() = method;
        let mut made = Self {
            stub,
            request,
            fault: None,
        };
        match path.parse::<Uri>() {
            Ok(uri) if path.starts_with('/') => *made.request.uri_mut() = uri,
            _ => made.wrong(&format!(
                "`{}` is no path: it begins with `/`, and what is special in it is percent-encoded",
                path.escape_debug()
            )),
        }
        made
    }

    /// Sets a header, in place of an earlier one of its name.
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        match (
            name.parse::<HeaderName>(),
            HeaderValue::try_from(value.as_ref()),
        ) {
            (Ok(name), Ok(value)) => drop(self.request.headers_mut().insert(name, value)),
            // What it says may be a secret, and is never shown.
            _ => self.wrong(&format!("`{}` is no header", name.escape_debug())),
        }
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// Sets the body to a value as JSON, and its type.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match encode(value) {
            Ok(text) => *self.request.body_mut() = text,
            Err(fault) => self.fault = self.fault.or(Some(fault)),
        }
        let json = HeaderValue::from_static("application/json");
        self.request.headers_mut().insert(CONTENT_TYPE, json);
        self
    }

    fn wrong(&mut self, what: &str) {
        let error = WireError::framework(Code::InvalidRequest, what.to_owned());
        self.fault.get_or_insert(Box::new(error));
    }
}

impl IntoFuture for JsRequest {
    type Output = Result<Response, CallError<Error>>;
    type IntoFuture = LocalFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let (head, body) = self.request.into_parts();
        let first = format!("{} {}", head.method, head.uri);
        let message = encode_message(&first, &head.headers, &body);
        let params = self.fault.map_or(Ok(message), Err);
        let call: Call<(), Error> = self.stub.call_text(REQUEST, Mode::Write, params);
        Box::pin(async move {
            let response = call.into_reply().await.and_then(|text| {
                decode_response(&text).ok_or_else(|| {
                    let message = "the object's response cannot be read";
                    Box::new(WireError::framework(Code::BadReply, message).maybe_executed())
                })
            });
            response.map_err(|error| CallError::Rejected(Rejection::new(error)))
        })
    }
}

impl fmt::Debug for JsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, path) = (self.request.method(), self.request.uri().path());
        write!(f, "{method} {path} to {:?}", self.stub)
    }
}
