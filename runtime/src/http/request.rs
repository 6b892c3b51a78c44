//! What a backend hands to the front, and what it gets back.

use std::borrow::Cow;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::HeaderName;
use ::http::request::Parts;
use ::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Subscription;
use crate::auth::Surroundings;
use crate::backend::SharedEnvironment;
use crate::error::{Code, Rejection};
use crate::hex::hex;
use crate::object::{Caller, Envelope, Target};
use crate::remote::TIMEOUT_HEADER;
use crate::rpc::{Reply, WireError, from_utf8};
use crate::stream::Begun;

/// A whole response; as `Response<`[`Body`](super::Body)`>` one whose body may be sent piece by piece.
pub type Response<B = Bytes> = ::http::Response<B>;

/// A request whose body has been read; as `Request<`[`Incoming`](super::Incoming)`>` one whose body is read as it comes.
#[derive(Debug)]
pub struct Request<B = Bytes> {
    /// Method, URL and headers.
    pub head: Parts,
    /// The body. A backend stops reading beyond [`Limits::body`](super::Limits::body) and answers by
    /// [`Front::refuse`](super::Front::refuse).
    pub body: B,
    /// Who is connected.
    pub peer: Peer,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peer {
    /// Its address, where the backend knows it.
    pub ip: Option<IpAddr>,
    /// Whether both the address that listens and the one that connected are loopback addresses: then nobody but this
    /// machine is at the other end.
    pub loopback: bool,
    /// The port that accepted the connection, if `Host` must name it.
    pub port: Option<u16>,
}

/// What the front needs of its backend.
pub trait Dispatch: Surroundings {
    /// Brings a call to its object and waits for the reply, until its commit is durable.
    fn call(&self, envelope: Envelope) -> impl Future<Output = Reply>;
    /// Brings a call whose items are wanted one by one, in the envelope's [`Pipe`](crate::stream::Pipe) or in a place of the
    /// backend's own, which adds them to the response itself. Ready when the first has come, or the end.
    fn stream(&self, envelope: Envelope) -> impl Future<Output = Result<Begun, Box<WireError>>> {
        drop(envelope);
        let message = "no items are read here";
        std::future::ready(Err(Box::new(WireError::framework(Code::Internal, message))))
    }
    /// Changes what a connection listens to, and answers `{"events": [..]}`: all that it listens to then.
    fn subscribe(&self, subscription: Subscription) -> impl Future<Output = Reply> {
        drop(subscription);
        std::future::ready(Err(Box::new(no_connection())))
    }
    /// Makes a ticket with which this caller may open one connection to this object.
    fn issue_ticket(
        &self,
        target: &Target,
        caller: &Arc<Caller>,
    ) -> impl Future<Output = Result<String, Box<WireError>>> {
        let _ = (target, caller);
        std::future::ready(Err(Box::new(no_connection())))
    }
    /// Whose ticket it is, which is void from now on; `None` if it is none for this object, or not any more.
    fn redeem_ticket(
        &self,
        target: &Target,
        ticket: &str,
    ) -> impl Future<Output = Result<Option<Arc<Caller>>, Box<WireError>>> {
        let _ = (target, ticket);
        std::future::ready(Ok(None))
    }
    /// Fills `bytes` with randomness fit for identifiers.
    fn random(&self, bytes: &mut [u8]);
    /// Whether calls are welcome.
    fn readiness(&self) -> Readiness;
    /// What handlers of the app's own routes call objects by. `None`: requests pass no such routes here.
    fn environment(&self) -> Option<SharedEnvironment> {
        None
    }
}

/// What is said to who would hear events over something that does not stay open.
pub(super) fn no_connection() -> WireError {
    let message = "events need a connection that stays open: a WebSocket to this path, or `GET` on its `~events`";
    WireError::framework(Code::MethodNotFound, message)
}

/// Whether a server takes calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// It does, but some objects cannot be called; the text says why.
    Degraded(Cow<'static, str>),
    /// It is shutting down: calls are refused, those that run are finished.
    Draining,
    /// It takes calls, but should be sent none; the text says why.
    Unready(Cow<'static, str>),
}

impl<B> Request<B> {
    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path, still percent-encoded.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// What follows the `?`, still percent-encoded.
    pub fn query(&self) -> &str {
        self.head.uri.query().unwrap_or("")
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header's text; `None` if it is not there, or no visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }
}

impl Request {
    /// A request read by any server that speaks in the types of the `http` crate.
    pub fn new(request: ::http::Request<Bytes>, peer: Peer) -> Self {
        let (head, body) = request.into_parts();
        Self { head, body, peer }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as a value of JSON.
    ///
    /// # Errors
    ///
    /// `invalid_params` when it is none of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        from_utf8(&self.body).map_err(|fault| Rejection::new(misfit("the body", &fault)))
    }
}

/// What was sent is JSON of another shape than the handler takes, or none.
pub(super) fn misfit(what: &str, fault: &serde_json::Error) -> Box<WireError> {
    let text = fault.to_string();
    let details =
        serde_json::json!({ "faults": [{ "path": "", "rule": "type", "expected": text }] });
    let message = format!("{what} is not what is taken here: {text}");
    Box::new(WireError::framework(Code::InvalidParams, message).details(&details))
}

/// What tells one request from all others.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    /// Shown in the response's header, in errors and in logs.
    pub(super) id: Arc<str>,
    /// Tells chains of calls that began in the same millisecond apart.
    pub(super) nonce: u64,
    /// How long the client says it waits.
    pub(super) patience: Option<Duration>,
}

/// The header a request's id is taken from and given back in.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Trace {
    /// That of something that is no HTTP request.
    pub(super) fn fresh(dispatch: &impl Dispatch) -> Self {
        Self::of(&HeaderMap::new(), dispatch)
    }

    /// The client's `X-Request-Id` if it is harmless in logs, else a new one of 32 hex digits.
    pub(super) fn of(headers: &HeaderMap, dispatch: &impl Dispatch) -> Self {
        let mut random = [0; 24];
        dispatch.random(&mut random);
        Self::drawn(headers, random)
    }

    /// The same with randomness that was drawn already.
    pub(super) fn drawn(headers: &HeaderMap, random: [u8; 24]) -> Self {
        let mut nonce = [0; 8];
        nonce.copy_from_slice(&random[16..]);
        let given = headers
            .get(X_REQUEST_ID)
            .and_then(|value| harmless(value.as_bytes()));
        let id = given.map_or_else(|| Arc::from(hex(&random[..16])), Arc::from);
        Self {
            id,
            nonce: u64::from_le_bytes(nonce),
            patience: headers.get(TIMEOUT_HEADER).and_then(patience),
        }
    }
}

/// What is no number is as good as nothing said: a deadline there is anyway.
fn patience(value: &HeaderValue) -> Option<Duration> {
    let millis = value.to_str().ok()?.parse().ok()?;
    Some(Duration::from_millis(millis))
}

fn harmless(id: &[u8]) -> Option<&str> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    if !(1..=64).contains(&id.len()) || !id.iter().all(allowed) {
        return None;
    }
    std::str::from_utf8(id).ok()
}
