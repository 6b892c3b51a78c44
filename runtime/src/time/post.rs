//! Requests to other servers that are sent surely.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use ::http::Method;
use bytes::Bytes;
use serde::Serialize;

use super::backoff::Backoff;
use super::call::StoredCall;
use super::outbox::{self, SendId};
use crate::error::{ActionError as _, Code};
use crate::object::RawContext;
use crate::outgoing::webhook::StoredRequest;
use crate::outgoing::{HttpError, Request};
use crate::rpc::WireError;

/// The longest name of a lane, in bytes.
const MAX_LANE: usize = 256;
/// The longest that an attempt may take.
const MAX_TIMEOUT: Duration = Duration::from_mins(5);

/// A request that is sent surely; [`Context::post`](crate::object::Context::post) makes it, [`send`](Self::send) hands it over.
#[must_use = "it is handed over by `send`"]
pub struct Post<'a> {
    raw: RawContext,
    request: Request,
    lane: Option<String>,
    settings: Vec<(String, String)>,
    signed: Option<String>,
    backoff: Backoff,
    context: PhantomData<&'a mut ()>,
}

impl Post<'_> {
    pub(crate) fn new(raw: RawContext, url: &str) -> Self {
        Self {
            request: Request::new(raw.turn.clone(), Method::POST, url),
            raw,
            lane: None,
            settings: Vec::new(),
            signed: None,
            backoff: Backoff::default(),
            context: PhantomData,
        }
    }

    /// Another method: `PUT`, `PATCH` or `DELETE`.
    pub fn method(self, method: Method) -> Self {
        self.map(|request| request.method(method))
    }

    /// Adds `name=value` to the query, encoded.
    pub fn query(self, name: &str, value: impl fmt::Display) -> Self {
        self.map(|request| request.query(name, value))
    }

    /// Sets a header, in place of an earlier one of its name. It is stored with the object: what is secret is said by
    /// [`header_from`](Self::header_from).
    pub fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        self.map(|request| request.header(name, value))
    }

    /// Sets a header to the value that a setting has when the request is sent: `.header_from("authorization", "CRM_AUTH")`, where
    /// `CRM_AUTH` is `Bearer ..`.
    pub fn header_from(mut self, name: &str, setting: &str) -> Self {
        // Names are checked as those of other headers are; the value comes later.
        self.request = self.request.header(name, "");
        self.settings.push((name.to_owned(), setting.to_owned()));
        self
    }

    /// The body, as JSON.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.map(|request| request.json(value))
    }

    /// The body, as text.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.map(|request| request.text(text))
    }

    /// The body; its type is said by the header `content-type`.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.map(|request| request.body(body))
    }

    /// Signs each attempt as [Standard Webhooks](https://www.standardwebhooks.com) has it, by the header `webhook-signature`. The
    /// setting of this name is a secret, `whsec_` and 24 to 64 bytes in base64, or several, separated by spaces: each signs, so
    /// that receivers can go over from one to another. Of the secret nothing is stored.
    pub fn signed(mut self, setting: &str) -> Self {
        self.signed = Some(setting.to_owned());
        self
    }

    /// A line of its own, of 1 to 256 bytes. Requests to one origin (scheme, host and port) are sent one after the other; those of
    /// different lanes do not wait for each other.
    pub fn lane(mut self, lane: &str) -> Self {
        self.lane = Some(lane.to_owned());
        self
    }

    /// How it is tried again.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long an attempt may take, its whole answer included; 30 s if nothing is said, and at most 5 minutes.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.map(|request| request.timeout(timeout.min(MAX_TIMEOUT)))
    }

    /// Hands the request over: it is kept with the commit of the method that runs, and sent as soon as that is on disk, again
    /// and again until it is answered with a status of 200 to 299. It may come more than once, each time with the same `webhook-id` and
    /// `Idempotency-Key`. The answer here is what it may be [cancelled](crate::time::OutboxMut::cancel) by.
    ///
    /// The method fails in the end if it cannot be sent at all: with `http.invalid_request` when it is no request or its URL does not
    /// begin with `https://`, `http.refused_address` when it would lead into the program's own network, `config.invalid` when a
    /// setting is missing or a secret is none, `too_large` beyond 1,000,000 bytes of JSON, `overloaded` when 10,000 wait.
    pub fn send(self) -> SendId {
        let raw = self.raw.clone();
        let backoff = self.backoff;
        let pushed = self.at_rest().and_then(|call| {
            outbox::push(&raw.records(), raw.identity(), raw.turn.now, call, backoff)
        });
        match pushed {
            Ok((lane, id)) => {
                raw.turn.note_send(lane);
                id
            }
            Err(error) => {
                raw.fail(error);
                SendId::default()
            }
        }
    }

    fn at_rest(self) -> Result<StoredCall, Box<WireError>> {
        if let Some(lane) = &self.lane
            && !(1..=MAX_LANE).contains(&lane.len())
        {
            let message = "the lane of a request has 1 to 256 bytes";
            return Err(Box::new(WireError::framework(
                Code::InvalidRequest,
                message,
            )));
        }
        let id = format!("msg_{}", self.raw.uuid_v7());
        let turn = &self.raw.turn;
        let environment = &*turn.core.environment;
        let stored = StoredRequest::new(self.request, id, self.settings, self.signed, environment);
        let (stored, whither) = stored.map_err(|error: HttpError| Box::new(error.to_wire()))?;
        StoredCall::of_request(&stored, whither, self.lane, &turn.caller)
    }

    fn map(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        self.request = change(self.request);
        self
    }
}

impl fmt::Debug for Post<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}
