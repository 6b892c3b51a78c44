//! Making responses.

use std::borrow::Cow;

use ::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW,
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
    SEC_WEBSOCKET_VERSION, UPGRADE, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;

use super::Response;
use super::binary::Answers;
use super::gate::Pass;
use super::request::X_REQUEST_ID;
use crate::auth::AuthError;
use crate::error::RetryAfter;
use crate::rpc::{Id, WireError, write_error, write_error_object};

/// Why a request ended before, or instead of, a result.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: Box<WireError>,
    /// The methods the path takes, if the method was wrong.
    pub(super) allow: Option<Cow<'static, str>>,
    /// Whether credentials were sent, and were wrong.
    pub(super) wrong_credentials: bool,
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        Box::new(error).into()
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        Self {
            wrong_credentials: true,
            ..Box::new(error.into_wire()).into()
        }
    }
}

impl From<Box<WireError>> for Refusal {
    fn from(error: Box<WireError>) -> Self {
        Self {
            error,
            allow: None,
            wrong_credentials: false,
        }
    }
}

/// How errors look where a request was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `{"jsonrpc":"2.0","error":{..},"id":null}`
    JsonRpc,
    /// `{"error":{..}}`
    Rest,
}

/// JSON with a status.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A status and nothing more.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// The response to `OPTIONS`.
pub(super) fn options(allow: &str, pass: &Pass, headers: &HeaderMap) -> Response {
    let mut response = empty(StatusCode::NO_CONTENT);
    let answer = response.headers_mut();
    let Ok(allow) = HeaderValue::from_str(allow) else {
        return response;
    };
    answer.insert(ALLOW, allow.clone());
    if matches!(pass, Pass::Listed(_)) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, allow);
        let allowed = HeaderValue::from_static(
            "authorization, content-type, idempotency-key, if-none-match, x-api-key, x-request-id",
        );
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}

/// An error as a response, with its own status.
pub(super) fn refusal(
    refusal: &Refusal,
    form: Form,
    answers: Answers,
    request_id: &str,
) -> Response {
    let error = &refusal.error;
    let mut body = Vec::new();
    match form {
        Form::JsonRpc => write_error(&mut body, Id::NULL, error, request_id),
        Form::Rest => {
            body.extend_from_slice(b"{\"error\":");
            write_error_object(&mut body, error, request_id);
            body.push(b'}');
        }
    }
    let status = StatusCode::from_u16(error.status).ok();
    let status = status.filter(|status| status.is_client_error() || status.is_server_error());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answers.answer(status, body);
    let headers = response.headers_mut();
    if let Some(Ok(allow)) = refusal.allow.as_deref().map(HeaderValue::from_str) {
        headers.insert(ALLOW, allow);
    }
    match status {
        StatusCode::UPGRADE_REQUIRED => {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        StatusCode::UNAUTHORIZED => {
            // RFC 6750, 3: whoever sent no credentials is not told of an error.
            let challenge = if refusal.wrong_credentials {
                "Bearer error=\"invalid_token\""
            } else {
                "Bearer"
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if error.retryable => {
            headers.insert(RETRY_AFTER, RetryAfter::seconds_of(error).into());
        }
        _ => {}
    }
    response
}

/// What every response carries, whatever it says.
pub(super) fn finish(response: &mut Response, method: &Method, pass: &Pass, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    if let Pass::Listed(origin) = pass {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = HeaderValue::from_static("etag, location, retry-after, x-request-id");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        let vary = if headers.contains_key(VARY) {
            "accept, origin"
        } else {
            "origin"
        };
        headers.insert(VARY, HeaderValue::from_static(vary));
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        let headers = response.headers_mut();
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    if method == Method::HEAD && response.status() != StatusCode::NOT_MODIFIED {
        let length = response.body().len();
        // Of items nobody knows it.
        if length > 0 {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        *response.body_mut() = Bytes::new();
    }
}
