//! Requests that come by a route of an action.

use ::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use ::http::request::Parts;
use ::http::{Method, StatusCode};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::binary::Answers;
use super::door::DoorWay;
use super::etag::found;
use super::front::{
    Front, OF_COMMAND, OF_QUERY, key_of, no_path, not_draining, segment, written, wrong_method,
};
use super::params::{from_query, with_segments};
use super::path::Path;
use super::request::Trace;
use super::response::{Refusal, empty};
use super::route::{Found, Segment};
use super::session::Source;
use super::{Dispatch, Request, Response};
use crate::error::Code;
use crate::object::Mode;
use crate::order::sort_by;
use crate::rpc::{WireError, parse_params, shorten};

/// What a segment of a URL need not encode.
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Front {
    /// Answers a request whose path is a route's; `None` if it is none.
    pub(super) async fn by_route(
        &self,
        path: Path<'_>,
        request: &Request,
        answers: Answers,
        trace: &Trace,
        dispatch: &impl Dispatch,
    ) -> Option<Result<Response, Refusal>> {
        let method = request.method();
        let (class, _, below) = path.below()?;
        let known = self.classes().get(&segment(class).ok()?).ok()?;
        if !known.has_routes() {
            return None;
        }
        let found = known.routes.find(method, below);
        let found = found.or_else(|| Some((known.fetch(path)?, Vec::new())));
        if let Some(found) = found {
            return Some(
                self.run_route(path, request, found, answers, trace, dispatch)
                    .await,
            );
        }
        let allow = self.allowed(path)?;
        let allows = allow.split(", ").any(|allowed| allowed == method.as_str());
        // Then it is the REST form's.
        (!allows).then(|| Err(wrong_method(method, allow)))
    }

    async fn run_route(
        &self,
        path: Path<'_>,
        request: &Request,
        (route, values): Found<'_, '_>,
        answers: Answers,
        trace: &Trace,
        dispatch: &impl Dispatch,
    ) -> Result<Response, Refusal> {
        let (class, name, below) = path.below().ok_or_else(no_path)?;
        let base = format!("/{class}/{name}");
        let caller = self.identify(request, dispatch).await?;
        let (class, target) = self.find(class, name)?;
        let mut session = self.session(class, &target, &caller, trace, dispatch);
        session.key = match route.raw {
            Some(_) => None,
            None => key_of(request)?,
        };
        let params = if let Some(raw) = route.raw {
            self.admit_whole(request, dispatch)?;
            raw.encode(request, below)
        } else if route.method == "GET" {
            not_draining(dispatch)?;
            from_query(request.query())?
        } else {
            parse_params(&self.admit_route(request, dispatch)??)?
        };
        let params = with_segments(&values, &params)?;
        let source = Source::Url(route.in_url);
        if let Some(streams) = route.action.streams {
            return session
                .items(streams, &route.action, params, source, request)
                .await;
        }
        let result = session.call(&route.action, params, source).await?;
        if let Some(raw) = route.raw {
            return Ok(raw.decode(&result)?);
        }
        if route.method == "GET" {
            if *result == *b"null" && !route.null_is_found {
                let message = format!("`{}` found nothing", route.action.name);
                return Err(WireError::framework(Code::NotFound, message).into());
            }
            return Ok(found(written(result), request.headers(), answers));
        }
        if let Some(begins) = route.action.job.filter(|_| route.status == 200) {
            let name = &route.action.name;
            return Ok((begins.answer)(&base, name, written(result), answers));
        }
        let status = StatusCode::from_u16(route.status).unwrap_or(StatusCode::OK);
        let location = (route.location.as_ref()).map(|location| place(&base, location, &result));
        let mut response = if status == StatusCode::NO_CONTENT {
            empty(status)
        } else {
            answers.answer(status, written(result))
        };
        match location {
            Some(Ok(location)) => {
                response.headers_mut().insert(LOCATION, location);
            }
            // It has been done, so it is no fault of the caller's.
            Some(Err(fault)) => dispatch.report(&format!(
                "action `{}` has no `Location`: {fault}",
                route.action.name
            )),
            None => {}
        }
        Ok(response)
    }

    /// Whether a body may be looked at. A `DELETE` says all in its path as a rule: without a body it needs no media type,
    /// and no page sends one across origins unasked.
    fn admit_route(
        &self,
        request: &Request,
        dispatch: &impl Dispatch,
    ) -> Result<Result<Bytes, Box<WireError>>, Refusal> {
        let bare = request.body.is_empty() && !request.headers().contains_key(CONTENT_TYPE);
        if bare && request.method() == Method::DELETE {
            not_draining(dispatch)?;
            return Ok(Ok(Bytes::new()));
        }
        self.admit(request, dispatch)
    }

    /// Whether any handler reads bodies as they come.
    pub fn takes_bodies(&self) -> bool {
        self.classes().take_bodies
    }

    /// Whether the body of a request is left to be read as it comes, by the object's own handler.
    pub fn takes_body(&self, head: &Parts) -> bool {
        if !self.takes_bodies() {
            return false;
        }
        let uri = match self.way(head) {
            DoorWay::Own => return false,
            DoorWay::Object(uri) => uri,
            DoorWay::Past => head.uri.clone(),
        };
        let path = Path::split(uri.path());
        self.takes_body_at(path, &head.method).unwrap_or(false)
    }

    fn takes_body_at(&self, path: Path<'_>, method: &Method) -> Option<bool> {
        let (class, _, below) = path.below()?;
        let class = self.classes().get(&segment(class).ok()?).ok()?;
        let fetch = class.fetch(path)?;
        Some(fetch.takes_body() && class.routes.find(method, below).is_none())
    }

    /// The methods of a path that is a route's, with those of the action that has it as its name.
    pub(super) fn allowed(&self, path: Path<'_>) -> Option<String> {
        let (class, _, below) = path.below()?;
        let class = self.classes().get(&segment(class).ok()?).ok()?;
        let mut methods: Vec<&str> = class.routes.methods(below).collect();
        if methods.is_empty() {
            class.fetch(path)?;
            return Some("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT".to_owned());
        }
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        if let Path::Action { action, .. } = path
            && let Ok(action) = class.action(&segment(action).ok()?)
        {
            let rest = if action.mode == Mode::Read {
                OF_QUERY
            } else {
                OF_COMMAND
            };
            methods.extend(rest.split(", "));
        }
        sort_by(&mut methods, Ord::cmp);
        methods.dedup();
        Some(methods.join(", "))
    }

    /// Nothing is at this path below an object.
    pub(super) fn no_route(&self, class: &str, below: &str) -> Refusal {
        let class = segment(class).map(|class| self.classes().get(&class));
        let Ok(Ok(class)) = class else {
            return no_path();
        };
        if class.routes.is_empty() {
            return no_path();
        }
        let routes = class.routes.listed();
        let message = format!(
            "class `{}` has no route `/{}`; it has {}",
            class.path,
            shorten(below),
            routes.join(", ")
        );
        let details = serde_json::json!({ "routes": routes });
        WireError::framework(Code::NotFound, message)
            .details(&details)
            .into()
    }
}

/// The path that `Location` names: members of the result in a route's placeholders. A result that is one text or number
/// fills them itself.
fn place(base: &str, location: &[Segment], result: &Bytes) -> Result<HeaderValue, String> {
    let result: Value = serde_json::from_slice(result).unwrap_or_default();
    let mut path = base.to_owned();
    for segment in location {
        path.push('/');
        match segment {
            Segment::Word(word) => path.push_str(word),
            Segment::Value(name) => {
                let value = if result.is_object() {
                    result.get(name).unwrap_or(&Value::Null)
                } else {
                    &result
                };
                let text = match value {
                    Value::String(text) if !text.is_empty() => text.clone(),
                    Value::Number(_) | Value::Bool(_) => value.to_string(),
                    _ => return Err(format!("the result has no text or number `{name}`")),
                };
                path.extend(utf8_percent_encode(&text, UNRESERVED));
            }
        }
    }
    HeaderValue::try_from(path).map_err(|fault| fault.to_string())
}
