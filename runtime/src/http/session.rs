//! Answering messages about one object, whatever they came by.

use std::sync::Arc;

use bytes::Bytes;

use super::auth::authorize;
use super::class::{Action, Class};
use super::request::Trace;
use super::{Dispatch, Limits};
use crate::object::{Caller, Chain, Envelope, Mode, Target};
use crate::rpc::{Call, Id, Incoming, Message, Reply, parse, write_error, write_result};

/// An authenticated caller and the object it talks to.
pub(super) struct Session<'a, D> {
    pub(super) class: &'a Class,
    pub(super) target: Target,
    pub(super) caller: Arc<Caller>,
    pub(super) trace: &'a Trace,
    pub(super) limits: &'a Limits,
    pub(super) dispatch: &'a D,
}

/// How the parameters were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// As JSON.
    Body,
    /// As a URL's query.
    Query,
}

impl<D: Dispatch> Session<'_, D> {
    /// Answers a JSON-RPC body; `None` if nothing in it wants an answer.
    pub(super) async fn answer(&self, body: &Bytes) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match parse(body) {
            Incoming::Single(message) => {
                self.message(message, &mut out).await;
            }
            Incoming::Refused(error) => write_error(&mut out, Id::NULL, &error, &self.trace.id),
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

    /// Executes one message and appends its answer. Whether there is one.
    async fn message(&self, message: Message<'_>, out: &mut Vec<u8>) -> bool {
        let Call { id, method, params } = match message {
            Message::Call(call) => call,
            Message::Invalid { id, error } => {
                write_error(out, id, &error, &self.trace.id);
                return true;
            }
        };
        let reply = self.method(&method, params).await;
        let Some(id) = id else { return false };
        match reply {
            Ok(result) => write_result(out, id, &result),
            Err(error) => write_error(out, id, &error, &self.trace.id),
        }
        true
    }

    async fn method(&self, method: &str, params: Bytes) -> Reply {
        match method {
            "rpc.ping" => Ok(Bytes::from_static(b"\"pong\"")),
            "rpc.discover" => Ok(self.class.discover.clone()),
            _ => {
                self.call(self.class.action(method)?, params, Source::Body)
                    .await
            }
        }
    }

    /// Calls an action, if the caller may.
    pub(super) async fn call(&self, action: &Action, params: Bytes, source: Source) -> Reply {
        authorize(&action.name, &action.auth, &self.caller)?;
        let now = self.dispatch.now();
        let patience = if action.mode == Mode::Free {
            self.limits.process
        } else {
            self.limits.call
        };
        let envelope = Envelope {
            request_id: Arc::clone(&self.trace.id),
            target: self.target.clone(),
            action: Arc::clone(&action.name),
            params,
            query: source == Source::Query,
            deadline: now + patience,
            chain: Chain::root(now, self.trace.nonce),
            caller: Arc::clone(&self.caller),
            read_only: false,
        };
        self.dispatch.call(envelope).await
    }
}
