//! Answering messages about one object, whatever they came by.

use std::sync::Arc;

use bytes::Bytes;

use super::auth::authorize;
use super::class::{Action, Class};
use super::request::{Trace, no_connection};
use super::{Dispatch, Limits};
use crate::action::{InUrl, Param, Params};
use crate::error::Code;
use crate::object::{Caller, Chain, Envelope, Listening, Mode, Target, idempotency_key};
use crate::rpc::{Call, Id, Incoming, Message, Reply, WireError, parse, write_error, write_result};
use crate::socket::ConnectionId;
use crate::stream::{Steer, Streams};

/// An authenticated caller and the object it talks to.
pub(super) struct Session<'a, D> {
    pub(super) class: &'a Class,
    pub(super) target: &'a Target,
    pub(super) caller: &'a Arc<Caller>,
    pub(super) trace: &'a Trace,
    pub(super) limits: &'a Limits,
    pub(super) dispatch: &'a D,
    /// What it came by, if that stays open.
    pub(super) connection: Option<ConnectionId>,
    /// The idempotency key of a call that names none itself.
    pub(super) key: Option<Arc<str>>,
}

/// How the parameters were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// As JSON.
    Body,
    /// These in a URL, the others as JSON.
    Url(InUrl),
}

/// What a message asks for.
pub(super) enum Step {
    /// Nothing that is not known here.
    Done(Bytes),
    /// A call of the object.
    Call(Envelope),
    /// One whose result comes item by item.
    Items(&'static Streams, Envelope),
    /// Something about such a result that is being read.
    Steer(&'static Streams, Steer),
    /// Other events for its connection.
    Subscribe(Subscription),
}

/// A change of the events that a connection listens to.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The connection.
    pub connection: ConnectionId,
    /// The object it is open to.
    pub target: Target,
    /// The events, sorted.
    pub events: Vec<Arc<str>>,
    /// To listen to them, or not to any more.
    pub on: bool,
}

/// The parameters of `rpc.subscribe` and `rpc.unsubscribe`.
const EVENTS: &[Param] = &[
    Param::new("events", "Names of events."),
    Param::new(
        "after",
        "How far the caller has come: a cursor, or `oldest`.",
    ),
];

impl<D: Dispatch> Session<'_, D> {
    /// Answers a JSON-RPC body; `None` if nothing in it wants an answer.
    pub(super) async fn answer(&self, body: &Bytes) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match parse(body) {
            Incoming::Single(message) => {
                self.message(message, &mut out).await;
            }
            Incoming::Refused(error) => write_error(&mut out, Id::NULL, &error, &self.trace.id),
            Incoming::Batch(_) if self.key.is_some() => {
                let message = "the `Idempotency-Key` of a batch would be one key for many calls: give each its own `key`";
                let error = WireError::framework(Code::InvalidRequest, message);
                write_error(&mut out, Id::NULL, &error, &self.trace.id);
            }
            Incoming::Batch(messages) => {
                for message in messages {
                    let before = out.len();
                    out.push(if before == 0 { b'[' } else { b',' });
                    if !self.message(message, &mut out).await {
                        out.truncate(before);
                    }
                }
                if !out.is_empty() {
                    out.push(b']');
                }
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// The answer to a body of which nothing can be answered one by one.
    pub(super) fn refused(&self, error: &WireError) -> Vec<u8> {
        let mut out = Vec::new();
        write_error(&mut out, Id::NULL, error, &self.trace.id);
        out
    }

    /// Executes one message and appends its answer. Whether there is one.
    async fn message(&self, message: Message<'_>, out: &mut Vec<u8>) -> bool {
        let Call {
            id,
            method,
            params,
            key,
            ..
        } = match message {
            Message::Call(call) => call,
            Message::Invalid { id, error } => {
                write_error(out, id, &error, &self.trace.id);
                return true;
            }
        };
        let reply = self.method(&method, params, key.as_deref()).await;
        let Some(id) = id else { return false };
        write_answer(out, id, reply, &self.trace.id);
        true
    }

    /// Does what a method asks for.
    pub(super) async fn method(&self, method: &str, params: Bytes, key: Option<&str>) -> Reply {
        match self.step(method, params, key)? {
            Step::Done(result) => Ok(result),
            Step::Call(envelope) | Step::Items(_, envelope) => self.dispatch.call(envelope).await,
            Step::Steer(..) => Err(Box::new(no_items(method))),
            Step::Subscribe(subscription) => self.dispatch.subscribe(subscription).await,
        }
    }

    /// What a method asks for, if the caller may.
    pub(super) fn step(
        &self,
        method: &str,
        params: Bytes,
        key: Option<&str>,
    ) -> Result<Step, Box<WireError>> {
        // Elements of a batch may have waited for others.
        if self.caller.is_expired(self.dispatch.now()) {
            let message = "the credentials have expired";
            return Err(Box::new(WireError::framework(
                Code::Unauthenticated,
                message,
            )));
        }
        match method {
            "rpc.ping" => Ok(Step::Done(Bytes::from_static(b"\"pong\""))),
            "rpc.discover" => Ok(Step::Done(self.class.discover.text(&self.class.path))),
            "rpc.subscribe" | "rpc.unsubscribe" => {
                self.subscription(method == "rpc.subscribe", params)
            }
            "rpc.cancel" | "rpc.more" if let Some(streams) = self.class.streams => {
                (streams.steer)(method, &params).map(|steer| Step::Steer(streams, steer))
            }
            _ => {
                let action = self.class.action(method)?;
                let envelope = self.envelope(action, params, Source::Body, key)?;
                Ok(match action.streams {
                    Some(streams) => Step::Items(streams, envelope),
                    None => Step::Call(envelope),
                })
            }
        }
    }

    fn subscription(&self, on: bool, params: Bytes) -> Result<Step, Box<WireError>> {
        let Some(connection) = self.connection else {
            return Err(Box::new(no_connection()));
        };
        let known = if on { EVENTS } else { &EVENTS[..1] };
        let mut params = Params::new(known, params, InUrl::NONE);
        let (asked, after) = if on {
            params.decode::<(Option<Vec<String>>, Option<String>)>()?
        } else {
            (params.decode::<(Option<Vec<String>>,)>()?.0, None)
        };
        let asked = asked.as_ref().map(|names| names.iter().map(String::as_str));
        let events = self.class.events(asked, self.caller, self.target)?;
        if on && self.class.keeps(&events) {
            // What was missed lies with the object.
            return self.listening(&Listening { events, after }).map(Step::Call);
        }
        Ok(Step::Subscribe(Subscription {
            connection,
            target: self.target.clone(),
            events,
            on,
        }))
    }

    /// The call that has the connection listen to events of which something is kept.
    pub(super) fn listening(&self, listening: &Listening) -> Result<Envelope, Box<WireError>> {
        let params = listening.params();
        self.envelope(&Action::of_listening(), params, Source::Body, None)
    }

    /// Calls an action, if the caller may.
    pub(super) async fn call(&self, action: &Action, params: Bytes, source: Source) -> Reply {
        let envelope = self.envelope(action, params, source, None)?;
        self.dispatch.call(envelope).await
    }

    pub(super) fn envelope(
        &self,
        action: &Action,
        params: Bytes,
        source: Source,
        key: Option<&str>,
    ) -> Result<Envelope, Box<WireError>> {
        authorize(&action.name, &action.auth, self.caller)?;
        let now = self.dispatch.now();
        let patience = if action.mode == Mode::Free {
            self.limits.process
        } else {
            self.limits.call
        };
        let patience = self
            .trace
            .patience
            .map_or(patience, |shorter| shorter.min(patience));
        Ok(Envelope {
            request_id: Arc::clone(&self.trace.id),
            target: self.target.clone(),
            action: Arc::clone(&action.name),
            params,
            in_url: match source {
                Source::Body => InUrl::NONE,
                Source::Url(in_url) => in_url,
            },
            deadline: now + patience,
            chain: Chain::root(now, self.trace.nonce),
            caller: Arc::clone(self.caller),
            read_only: false,
            near: None,
            connection: self.connection,
            key: match key {
                Some(key) => Some(idempotency_key(key)?),
                None => self.key.clone(),
            },
            stream: None,
            owed: None,
        })
    }
}

/// What is said to who would steer what is not sent item by item.
fn no_items(method: &str) -> WireError {
    let message =
        format!("`{method}` is about a result that is being sent over the same WebSocket");
    WireError::framework(Code::MethodNotFound, message)
}

/// Appends the answer to a request.
pub(super) fn write_answer(out: &mut Vec<u8>, id: Id<'_>, reply: Reply, request_id: &str) {
    match reply {
        Ok(result) => write_result(out, id, &result),
        Err(error) => write_error(out, id, &error, request_id),
    }
}
