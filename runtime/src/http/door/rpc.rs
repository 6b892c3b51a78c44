//! `POST /rpc`: methods of the app's own, by JSON-RPC.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::EdgeAuth;
use super::super::auth::authorize;
use super::super::session::write_answer;
use super::Entrance;
use super::context::{FrontContext, Place, Visit};
use super::routes::{Procedure, Routes};
use crate::error::Code;
use crate::object::idempotency_key;
use crate::rpc::{
    Call, Id, Incoming, Message, Reply, WireError, nearest, parse, shorten, write_error,
};

impl Routes {
    /// Answers a body, or that it has no JSON text; `None` if nothing in it wants an answer.
    pub(super) async fn answer(
        &self,
        visit: &Rc<Visit>,
        body: Result<Bytes, Box<WireError>>,
        key: Option<Arc<str>>,
        entrance: &Entrance<'_>,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let id = &visit.trace.id;
        let read = match &body {
            Ok(body) => parse(body),
            Err(error) => Incoming::Refused(error.clone()),
        };
        match read {
            Incoming::Single(message) => {
                self.message(visit, message, key, entrance, &mut out).await;
            }
            Incoming::Refused(error) => write_error(&mut out, Id::NULL, &error, id),
            Incoming::Batch(_) if key.is_some() => {
                let message = "the `Idempotency-Key` of a batch would be one key for many calls: give each its own `key`";
                let error = WireError::framework(Code::InvalidRequest, message);
                write_error(&mut out, Id::NULL, &error, id);
            }
            Incoming::Batch(messages) => {
                for message in messages {
                    let before = out.len();
                    out.push(if before == 0 { b'[' } else { b',' });
                    let begun = out.len();
                    self.message(visit, message, None, entrance, &mut out).await;
                    if out.len() == begun {
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

    /// Executes one message and appends its answer, if it wants one.
    async fn message(
        &self,
        visit: &Rc<Visit>,
        message: Message<'_>,
        key: Option<Arc<str>>,
        entrance: &Entrance<'_>,
        out: &mut Vec<u8>,
    ) {
        let trace = &visit.trace;
        let call = match message {
            Message::Call(call) => call,
            Message::Invalid { id, error } => return write_error(out, id, &error, &trace.id),
        };
        let id = call.id;
        let method = call.method.clone();
        let reply = self.procedure(visit, call, key).await;
        if let Err(error) = &reply {
            entrance.note(&method, trace, error);
        }
        if let Some(id) = id {
            write_answer(out, id, reply, &trace.id);
        }
    }

    async fn procedure(&self, visit: &Rc<Visit>, call: Call<'_>, key: Option<Arc<str>>) -> Reply {
        // Elements of a batch may have waited for others.
        if visit.caller.is_expired(visit.environment.now()) {
            let message = "the credentials have expired";
            return Err(Box::new(WireError::framework(
                Code::Unauthenticated,
                message,
            )));
        }
        let key = match call.key.as_deref() {
            Some(key) => Some(idempotency_key(key)?),
            None => key,
        };
        match &*call.method {
            "rpc.ping" => return Ok(Bytes::from_static(b"\"pong\"")),
            "rpc.discover" => return Ok(self.discover()),
            _ => {}
        }
        let method = (self.methods.iter())
            .find(|known| known.name == call.method)
            .ok_or_else(|| Box::new(self.unknown(&call.method)))?;
        authorize(method.name, &method.auth, &visit.caller)?;
        let place = Place {
            key: key.map(|key| key.to_string()),
            ..Place::default()
        };
        let cx = FrontContext::new(visit.clone(), place);
        (method.call)(cx, call.params).await
    }

    /// The methods, and who may call them.
    fn discover(&self) -> Bytes {
        let entry = |method: &Procedure| {
            let auth = match &method.auth {
                EdgeAuth::Public => json!({ "kind": "public" }),
                EdgeAuth::Scope(scope) => json!({ "kind": "scope", "scope": &**scope }),
                EdgeAuth::Authenticated | EdgeAuth::Internal => json!({ "kind": "authenticated" }),
            };
            (method.name.to_owned(), json!({ "auth": auth }))
        };
        let methods: Map<String, Value> = self.methods.iter().map(entry).collect();
        json!({ "methods": methods }).to_string().into()
    }

    fn unknown(&self, name: &str) -> WireError {
        let names = || self.methods.iter().map(|method| method.name);
        let nearest = nearest(name, names());
        let mut message = format!("there is no method `{}`", shorten(name));
        if let Some(nearest) = nearest {
            message.push_str("; did you mean `");
            message.push_str(nearest);
            message.push_str("`?");
        }
        let methods: Vec<&str> = names().collect();
        let details = json!({ "methods": methods, "nearest": nearest });
        WireError::framework(Code::MethodNotFound, message).details(&details)
    }
}
