//! What handlers return, and how it becomes a response.

use ::http::StatusCode;
use ::http::header::{CONTENT_TYPE, HeaderValue};
use bytes::Bytes;
use serde::Serialize;

use super::super::raw::{Body, Kind, tidy};
use super::super::response::{empty, json};
use super::super::{Request, Response};
use super::error::FrontError;
use crate::action::encode;
use crate::error::Code;
use crate::object::Target;
use crate::rpc::WireError;
use crate::stream::Body as Send;

/// What a handler may return: a [`Response`], a text, [`Json`], a [`StatusCode`], nothing, a [`Body`] or a response with one,
/// one of these with a status before it, [`Forward`], and a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a handler",
    label = "no response is made of this",
    note = "return `Json(value)`, a text, a `StatusCode`, a `Response`, what `stub.fetch(request)` gives, or a `Result` of one of these"
)]
pub trait IntoResponse {
    /// Whether the body may be sent piece by piece. An implementation of one's own that makes use of one which does says so,
    /// too.
    const STREAMS: bool = false;

    /// The response, or where it comes from.
    fn into_answer(self) -> Answer;
}

/// What came of a handler.
#[derive(Debug)]
pub struct Answer(pub(in crate::http) Result<Made, Box<WireError>>);

#[derive(Debug)]
pub(in crate::http) enum Made {
    Response(Response),
    Pieces(Box<::http::Response<Option<Pieces>>>),
    Forward(Box<Forward>),
}

/// What sends the body of a response.
pub(in crate::http) struct Pieces(pub(in crate::http) Send);

/// A value as a JSON body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// A request on its way to an object; made by [`Stub::fetch`](crate::object::Stub::fetch).
#[derive(Debug)]
#[must_use = "does nothing until the handler returns it"]
pub struct Forward {
    pub(super) request: Request,
    pub(super) target: Result<Target, Box<WireError>>,
    /// The path below the object, if not what the route left over.
    pub(super) at: Option<String>,
}

impl Forward {
    pub(crate) fn new(request: Request, target: Result<Target, Box<WireError>>) -> Self {
        Self {
            request,
            target,
            at: None,
        }
    }

    /// The same to this path below the object (`/history`), percent-encoded. Without it the request goes to what the `/*`
    /// of its route stands for, or to the object itself.
    pub fn at(self, path: &str) -> Self {
        Self {
            at: Some(path.to_owned()),
            ..self
        }
    }
}

impl Made {
    /// The response, where nothing can be sent on.
    pub(in crate::http) fn response(self) -> Result<Response, Box<WireError>> {
        match self {
            Self::Response(response) => tidy(response),
            Self::Pieces(_) => {
                let message = "the body is sent piece by piece, which the answer's `IntoResponse::STREAMS` does not say";
                Err(Box::new(WireError::framework(Code::Internal, message)))
            }
            Self::Forward(_) => {
                let message = "an object sends no request on: call the other one by its stub";
                Err(Box::new(WireError::framework(Code::Internal, message)))
            }
        }
    }
}

impl Answer {
    fn response(response: Response) -> Self {
        Self(Ok(Made::Response(response)))
    }
}

impl IntoResponse for Response {
    fn into_answer(self) -> Answer {
        Answer::response(self)
    }
}

impl IntoResponse for ::http::Response<Body> {
    const STREAMS: bool = true;

    fn into_answer(self) -> Answer {
        let (head, Body(kind)) = self.into_parts();
        Answer(Ok(match kind {
            Kind::Whole(body) => Made::Response(Response::from_parts(head, body)),
            Kind::Pieces(send) => Made::Pieces(Box::new(::http::Response::from_parts(
                head,
                Some(Pieces(send)),
            ))),
        }))
    }
}

impl IntoResponse for Body {
    const STREAMS: bool = true;

    fn into_answer(self) -> Answer {
        ::http::Response::new(self).into_answer()
    }
}

impl IntoResponse for Forward {
    fn into_answer(self) -> Answer {
        Answer(Ok(Made::Forward(Box::new(self))))
    }
}

impl IntoResponse for StatusCode {
    fn into_answer(self) -> Answer {
        Answer::response(empty(self))
    }
}

impl IntoResponse for () {
    fn into_answer(self) -> Answer {
        StatusCode::NO_CONTENT.into_answer()
    }
}

impl IntoResponse for String {
    fn into_answer(self) -> Answer {
        let mut response = Response::new(Bytes::from(self));
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        Answer::response(response)
    }
}

impl IntoResponse for &'static str {
    fn into_answer(self) -> Answer {
        self.to_owned().into_answer()
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_answer(self) -> Answer {
        let made = encode(&self.0).map(|text| json(StatusCode::OK, text));
        Answer(made.map(Made::Response))
    }
}

impl<R: IntoResponse> IntoResponse for (StatusCode, R) {
    const STREAMS: bool = R::STREAMS;

    fn into_answer(self) -> Answer {
        let (status, answer) = self;
        let mut answer = answer.into_answer();
        match &mut answer.0 {
            Ok(Made::Response(response)) => *response.status_mut() = status,
            Ok(Made::Pieces(response)) => *response.status_mut() = status,
            Ok(Made::Forward(_)) | Err(_) => {}
        }
        answer
    }
}

impl<R: IntoResponse, E: Into<FrontError>> IntoResponse for Result<R, E> {
    const STREAMS: bool = R::STREAMS;

    fn into_answer(self) -> Answer {
        match self {
            Ok(answer) => answer.into_answer(),
            Err(error) => Answer(Err(error.into().into_wire())),
        }
    }
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pieces(..)")
    }
}
