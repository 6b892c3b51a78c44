//! A request that is being made.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use ::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT,
};
use ::http::{HeaderMap, Method};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::error::{HttpError, HttpErrorKind};
use super::response::Response;
use super::retry::{IDEMPOTENCY_KEY, Retry};
use super::send;
use super::url::Url;
use crate::object::Turn;

/// How long a try may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How large an answer may be.
const MAX_RESPONSE: usize = 10 << 20;
/// How often a request is sent on.
const MAX_REDIRECTS: u32 = 5;

/// What stays as it is in a query (RFC 3986, 2.3).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the client says itself, or the platform.
const RESERVED: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "accept-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-authorization",
    "proxy-connection",
];

/// The headers that every request begins with.
pub(super) fn defaults() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static("stayput"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

/// A request to another server; [`Http`](super::Http) makes it, [`send`](Self::send) sends it.
#[must_use = "it leaves by `send`"]
pub struct Request {
    turn: Rc<Turn>,
    pub(super) draft: Draft,
    query: String,
    /// The first thing that is wrong with it.
    fault: Option<String>,
}

/// What is sent, and how.
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) url: Option<Url>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) timeout: Duration,
    pub(super) limit: usize,
    pub(super) redirects: u32,
    pub(super) retry: Option<Retry>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            method: Method::GET,
            url: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: TIMEOUT,
            limit: MAX_RESPONSE,
            redirects: MAX_REDIRECTS,
            retry: None,
        }
    }
}

impl Request {
    pub(crate) fn new(turn: Rc<Turn>, method: Method, url: &str) -> Self {
        let mut fault = None;
        let read = Url::read(url);
        if let Err(what) = read {
            fault = Some(format!("the URL of a request {what}"));
        }
        if matches!(method, Method::CONNECT | Method::TRACE) {
            fault = Some(format!("`{method}` is for proxies"));
        }
        Self {
            turn,
            draft: Draft {
                method,
                url: read.ok(),
                headers: defaults(),
                ..Draft::default()
            },
            query: String::new(),
            fault,
        }
    }

    /// Adds `name=value` to the query, encoded.
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        push_pair(&mut self.query, name, &value.to_string());
        self
    }

    /// Sets a header, in place of an earlier one of its name.
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let Ok(parsed) = name.parse::<HeaderName>() else {
            return self.wrong(|| format!("`{}` is no name of a header", name.escape_debug()));
        };
        if RESERVED.contains(&parsed.as_str()) {
            return self.wrong(|| format!("the header `{parsed}` is not yours to set"));
        }
        match HeaderValue::try_from(value.as_ref()) {
            // What it says may be a secret, and is never shown.
            Ok(mut value) => {
                value.set_sensitive(true);
                self.draft.headers.insert(parsed, value);
                self
            }
            Err(_) => self.wrong(|| format!("the value of the header `{parsed}` cannot be sent")),
        }
    }

    /// Sends a token: `Authorization: Bearer ..`.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        let value = format!("Bearer {}", token.as_ref());
        self.header(AUTHORIZATION.as_str(), value)
    }

    /// Sends a key by which the other server knows the request if it comes again, so that any method may be
    /// [tried again](Self::retry).
    pub fn idempotency_key(self, key: impl AsRef<str>) -> Self {
        self.header(IDEMPOTENCY_KEY, key)
    }

    /// The body, as JSON.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.typed("application/json", body),
            // What serde says may quote the value.
            Err(_) => self.wrong(|| "the body of a request cannot be written as JSON".to_owned()),
        }
    }

    /// The body, as the fields of a form.
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut body = String::new();
        for (name, value) in fields {
            push_pair(&mut body, name, value);
        }
        self.typed("application/x-www-form-urlencoded", body)
    }

    /// The body, as text.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.typed("text/plain; charset=utf-8", text.into())
    }

    /// The body; its type is said by the header `content-type`.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if matches!(self.draft.method, Method::GET | Method::HEAD) {
            let method = self.draft.method.clone();
            return self.wrong(|| format!("`{method}` takes no body"));
        }
        self.draft.body = body.into();
        self
    }

    /// How long each try may take, its whole answer included; 30 s, and never beyond the action's deadline.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.draft.timeout = timeout;
        self
    }

    /// How many bytes the answer's body may have; 10 MiB.
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.draft.limit = bytes;
        self
    }

    /// How often the request may be sent on to another URL, at most 5, which is the default. With 0 the answer that would
    /// send it on is the answer.
    pub fn redirects(mut self, times: u32) -> Self {
        self.draft.redirects = times.min(MAX_REDIRECTS);
        self
    }

    /// Sends it again when that may help; without it a request is sent once. See [`Retry`].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.draft.retry = Some(retry);
        self
    }

    /// Sends it, once everything that this object has committed so far is on disk, and waits for the answer.
    ///
    /// An answer of any status is an answer; [`error_for_status`](Response::error_for_status) makes errors of those from
    /// 400 on.
    ///
    /// # Errors
    ///
    /// The codes of [`HttpErrorKind`], but for `http.status` and `http.decode`.
    pub async fn send(self) -> Result<Response, HttpError> {
        let turn = self.turn.clone();
        let (draft, url) = self.into_parts()?;
        send::send(&turn, draft, url).await
    }

    /// The same with another method.
    pub(crate) fn method(mut self, method: Method) -> Self {
        self.draft.method = method;
        self
    }

    /// What is sent, and where to; or what is wrong with it.
    pub(super) fn into_parts(self) -> Result<(Draft, Url), HttpError> {
        let mut draft = self.draft;
        match (self.fault, draft.url.take()) {
            (None, Some(url)) => Ok((draft, url.with_query(&self.query))),
            (fault, _) => {
                let message = fault.unwrap_or_default();
                Err(HttpError::new(HttpErrorKind::InvalidRequest, message))
            }
        }
    }

    fn typed(mut self, media: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = &mut self.draft.headers;
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(media));
        self.body(body)
    }

    fn wrong(mut self, what: impl FnOnce() -> String) -> Self {
        self.fault.get_or_insert_with(what);
        self
    }
}

fn push_pair(pairs: &mut String, name: &str, value: &str) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
    pairs.extend(utf8_percent_encode(name, PLAIN));
    pairs.push('=');
    pairs.extend(utf8_percent_encode(value, PLAIN));
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.draft.method)
            .field("origin", &self.draft.url.as_ref().map(Url::origin))
            .finish_non_exhaustive()
    }
}
