//! Messages of a protocol of the object's own, by type: JSON objects that say what they are, and are answered under the id
//! they bring.
//!
//! `{"type":"ping","payload":{..},"correlationId":"7"}` is answered by `{"type":"ping:response","payload":..,
//! "correlationId":"7"}`, or by `{"type":"error","payload":{"code":..,"message":..},"correlationId":"7"}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::connection::Connection;
use super::frame::Frame;
use super::hook::Incoming;
use super::packet::{json_list, json_string};
use crate::error::Code;
use crate::object::Context;
use crate::rpc::{WireError, from_utf8};
use crate::state::Stateful;

/// The member of an event that was sent to rooms.
const ROOMS: &str = "rooms";

/// The names of an envelope's members.
#[derive(Debug, Clone, Copy)]
pub struct MessageForm {
    tag: &'static str,
    payload: &'static str,
    id: &'static str,
    /// Part of the data, so that only programs with such messages link it.
    failed: fn(&Self, &Frame, &WireError) -> Frame,
}

impl MessageForm {
    /// `tag` says which type of message it is, `payload` is what an answer or an error carries, and `id` tells to which
    /// message it belongs.
    pub const fn new(tag: &'static str, payload: &'static str, id: &'static str) -> Self {
        Self {
            tag,
            payload,
            id,
            failed: failed_message,
        }
    }

    /// An event as a message: its name is its type, its data the payload; with the rooms that it was sent to, unless
    /// another member has that name.
    pub(crate) fn event(&self, name: &str, data: &[u8], rooms: &[Arc<str>]) -> Vec<u8> {
        let mut text = String::with_capacity(32 + name.len());
        text.push('{');
        member(&mut text, self.tag);
        text.push_str(&json_string(name));
        if !rooms.is_empty() && ![self.tag, self.payload].contains(&ROOMS) {
            text.push(',');
            member(&mut text, ROOMS);
            text.push_str(&json_list(rooms));
        }
        text.push(',');
        member(&mut text, self.payload);
        let mut text = text.into_bytes();
        text.extend_from_slice(data);
        text.push(b'}');
        text
    }

    /// The frame that tells the sender of a message why it failed.
    pub(crate) fn failed(&self, frame: &Frame, error: &WireError) -> Frame {
        (self.failed)(self, frame, error)
    }
}

/// A message, read.
#[derive(Debug)]
pub struct TypedMessage<M> {
    value: M,
    answer: MessageAnswer,
}

/// Answers a message.
#[derive(Debug)]
pub struct MessageAnswer {
    connection: Connection,
    head: Head,
    form: &'static MessageForm,
}

/// What an answer takes from its message.
#[derive(Debug, Default)]
struct Head {
    tag: Option<String>,
    /// JSON text.
    id: Option<Box<RawValue>>,
}

impl Head {
    /// Of a frame that is no JSON object, nothing is known.
    fn read(frame: &Frame, form: &MessageForm) -> Self {
        let members: BTreeMap<Cow<'_, str>, &RawValue> =
            from_utf8(frame.as_bytes()).unwrap_or_default();
        let tag = members.get(form.tag);
        let tag = tag.and_then(|tag| serde_json::from_str(tag.get()).ok());
        let id = members.get(form.id).filter(|id| id.get() != "null");
        Self {
            tag,
            id: id.map(|id| (*id).to_owned()),
        }
    }

    fn frame(&self, form: &MessageForm, tag: &str, payload: &[u8]) -> Frame {
        let mut text = String::with_capacity(64 + payload.len());
        text.push('{');
        member(&mut text, form.tag);
        text.push_str(&json_string(tag));
        text.push(',');
        member(&mut text, form.payload);
        // What was encoded by ourselves is UTF-8.
        text.push_str(&String::from_utf8_lossy(payload));
        if let Some(id) = &self.id {
            text.push(',');
            member(&mut text, form.id);
            text.push_str(id.get());
        }
        text.push('}');
        Frame::Text(text)
    }
}

fn member(text: &mut String, name: &str) {
    text.push_str(&json_string(name));
    text.push(':');
}

impl<M: DeserializeOwned> TypedMessage<M> {
    /// Reads the message of a frame.
    ///
    /// # Errors
    ///
    /// `parse_error` and `invalid_params`, if it is none of those that `M` has, with what is wrong with it.
    pub fn read(incoming: Incoming, form: &'static MessageForm) -> Result<Self, Box<WireError>> {
        let Incoming { connection, frame } = incoming;
        let Frame::Text(text) = &frame else {
            let message = "a message is a JSON object, in a text frame";
            return Err(Box::new(WireError::framework(Code::ParseError, message)));
        };
        let value = from_utf8(text.as_bytes()).map_err(|fault| {
            let (code, what) = if fault.is_data() {
                (
                    Code::InvalidParams,
                    "the message fits none that is known here",
                )
            } else {
                (Code::ParseError, "the message is no JSON")
            };
            Box::new(WireError::framework(code, format!("{what}: {fault}")))
        })?;
        let head = Head::read(&frame, form);
        let answer = MessageAnswer {
            connection,
            head,
            form,
        };
        Ok(Self { value, answer })
    }

    /// The message itself, and what answers it.
    pub fn split(self) -> (M, MessageAnswer) {
        (self.value, self.answer)
    }
}

impl MessageAnswer {
    /// Answers, with the turn's commit, if the message wants an answer or there is something to say. `payload` is JSON.
    pub fn send<S: Stateful>(self, cx: &mut Context<S>, payload: &[u8]) {
        let Self {
            connection,
            head,
            form,
        } = self;
        if head.id.is_none() && payload == b"null" {
            return;
        }
        let tag = match &head.tag {
            Some(tag) => format!("{tag}:response"),
            None => "response".to_owned(),
        };
        connection.send(cx, head.frame(form, &tag, payload));
    }
}

fn failed_message(form: &MessageForm, frame: &Frame, error: &WireError) -> Frame {
    let mut payload = serde_json::json!({ "code": error.code, "message": error.message });
    if let (Some(details), Some(payload)) = (&error.details, payload.as_object_mut()) {
        let details = serde_json::from_str(details.get()).unwrap_or_default();
        payload.insert("details".to_owned(), details);
    }
    Head::read(frame, form).frame(form, "error", payload.to_string().as_bytes())
}
