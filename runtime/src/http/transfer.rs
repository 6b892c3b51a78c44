//! Whole objects over HTTP: `GET /{class}/{name}/~export` and `PUT /{class}/{name}/~import`.

use ::http::Method;
use ::http::StatusCode;
use ::http::header::{CONTENT_TYPE, HeaderValue};
use bytes::Bytes;

use super::class::Action;
use super::front::{Front, not_draining, wrong_method};
use super::request::Trace;
use super::response::{Refusal, json};
use super::session::Source;
use super::{Dispatch, EdgeAuth, Request, Response};
use crate::error::Code;
use crate::object::Mode;
use crate::rpc::WireError;
use crate::transfer::{EXPORT, IMPORT, MAX_TEXT, SCOPE};

/// A text of JSON lines. No page of another origin may send it unasked.
const LINES: &str = "application/x-ndjson";

impl Front {
    /// The methods of a path's last segment, if it is about whole objects and the app lets them out and in.
    pub(super) fn carries(&self, action: &str) -> Option<&'static str> {
        self.transfer()?;
        match action {
            EXPORT => Some("GET, HEAD, OPTIONS"),
            IMPORT => Some("OPTIONS, POST, PUT"),
            _ => None,
        }
    }

    /// The longest body that is taken at a path, in bytes.
    pub fn body_limit(&self, path: &str) -> usize {
        let action = path.rsplit('/').next();
        match action.and_then(|action| self.carries(action)) {
            Some(_) => MAX_TEXT,
            None => self.limits().body,
        }
    }

    /// Writes an object, or takes one in.
    pub(super) async fn carry(
        &self,
        (class, name, action): (&str, &str, &str),
        request: &Request,
        trace: &Trace,
        dispatch: &impl Dispatch,
    ) -> Result<Response, Refusal> {
        let method = request.method();
        let exports = action == EXPORT;
        let fits = if exports {
            matches!(*method, Method::GET | Method::HEAD)
        } else {
            matches!(*method, Method::POST | Method::PUT)
        };
        if !fits {
            return Err(wrong_method(
                method,
                self.carries(action).unwrap_or_default(),
            ));
        }
        let caller = self.identify(request, dispatch).await?;
        let (class, target) = self.find(class, name)?;
        not_draining(dispatch)?;
        let text = if exports {
            Bytes::new()
        } else {
            lines(request)?
        };
        let action = Action {
            name: action.into(),
            // It has the object to itself, but may take as long as a process.
            mode: Mode::Free,
            auth: EdgeAuth::Scope(SCOPE.into()),
            job: None,
            streams: None,
        };
        let session = self.session(class, &target, &caller, trace, dispatch);
        let result = session.call(&action, text, Source::Body).await?;
        let mut response = json(StatusCode::OK, result);
        if exports {
            let lines = HeaderValue::from_static(LINES);
            response.headers_mut().insert(CONTENT_TYPE, lines);
        }
        Ok(response)
    }
}

fn lines(request: &Request) -> Result<Bytes, WireError> {
    let mut types = request.headers().get_all(CONTENT_TYPE).iter();
    if types.next().is_none_or(|value| value != LINES) || types.next().is_some() {
        let message = "send an exported object as `Content-Type: application/x-ndjson`";
        return Err(WireError::framework(Code::UnsupportedMediaType, message));
    }
    if request.body.len() > MAX_TEXT {
        let message = format!("the body is longer than {MAX_TEXT} bytes");
        return Err(WireError::framework(Code::TooLarge, message));
    }
    Ok(request.body.clone())
}
