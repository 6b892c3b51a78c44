//! Reading what a client sent: one request or a batch, without building a value of it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{MAX_JSON_DEPTH, WireError, deeper_than};
use crate::error::Code;

/// How many elements a batch may have.
pub const MAX_BATCH: usize = 50;

/// What a body holds.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// One message.
    Single(Message<'a>),
    /// A batch of 1 to [`MAX_BATCH`] messages.
    Batch(Vec<Message<'a>>),
    /// Nothing that could be answered one by one: answered by this error alone, with the id `null`.
    Refused(Box<WireError>),
}

/// One element of a batch, or the only message.
#[derive(Debug)]
pub enum Message<'a> {
    /// A request or a notification.
    Call(Call<'a>),
    /// Neither; to be answered by this error.
    Invalid {
        /// The id to answer with: `null` if none could be read.
        id: Id<'a>,
        /// What is wrong.
        error: Box<WireError>,
    },
}

/// A request, or without an id a notification, which is never answered.
#[derive(Debug)]
pub struct Call<'a> {
    /// What to answer with.
    pub id: Option<Id<'a>>,
    /// The action's name.
    pub method: Cow<'a, str>,
    /// JSON text of the parameters, a slice of the body: an object or an array; empty if there are none.
    pub params: Bytes,
    /// The idempotency key, an extension of ours: the member `key` beside `params`.
    pub key: Option<Cow<'a, str>>,
    /// Whether items are wanted one by one, an extension of ours: the member `stream` beside `params`.
    pub stream: bool,
}

/// A request's id: the very JSON text the client wrote (a string, a number or `null`), so that it is echoed exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id<'a>(&'a str);

impl<'a> Id<'a> {
    /// The id of an answer to something that has none.
    pub const NULL: Id<'static> = Id("null");

    /// An id that was read before, from its JSON text.
    pub(crate) fn of_json(text: &'a str) -> Self {
        Self(text)
    }

    /// The id's JSON text.
    pub fn as_json(&self) -> &'a str {
        self.0
    }

    fn read(raw: &'a RawValue) -> Option<Self> {
        let text = raw.get();
        matches!(
            text.as_bytes().first(),
            Some(b'"' | b'-' | b'0'..=b'9' | b'n')
        )
        .then_some(Self(text))
    }
}

/// Reads a body. Nothing in it is executed if any of it is no JSON.
pub fn parse(body: &Bytes) -> Incoming<'_> {
    match read(body) {
        Ok(incoming) => incoming,
        Err(error) => Incoming::Refused(Box::new(error)),
    }
}

/// Reads a body that is nothing but parameters: a slice of it, empty if there are none.
pub fn parse_params(body: &Bytes) -> Result<Bytes, WireError> {
    let text = utf8(body)?;
    if first_byte(text).is_none() {
        return Ok(Bytes::new());
    }
    let raw: &RawValue = document(text)?;
    check_depth(text)?;
    params(raw, body).ok_or_else(|| invalid("the parameters must be a JSON object or array"))
}

fn read(body: &Bytes) -> Result<Incoming<'_>, WireError> {
    let text = utf8(body)?;
    match first_byte(text) {
        Some(b'{') => {
            let frame: Frame<'_> = document(text)?;
            check_depth(text)?;
            Ok(Incoming::Single(frame.message(body)))
        }
        Some(b'[') => {
            let Elements { items, count } = document(text)?;
            check_depth(text)?;
            if count == 0 {
                return Err(invalid("the batch is empty"));
            }
            if count > MAX_BATCH {
                let message =
                    format!("the batch has {count} elements, at most {MAX_BATCH} are allowed");
                return Err(WireError::framework(Code::BatchTooLarge, message));
            }
            Ok(Incoming::Batch(
                items.into_iter().map(|item| element(item, body)).collect(),
            ))
        }
        _ => {
            document::<&RawValue>(text)?;
            Err(invalid(
                "a request is a JSON object, a batch an array of them",
            ))
        }
    }
}

fn element<'a>(raw: &'a RawValue, body: &Bytes) -> Message<'a> {
    let frame = if raw.get().starts_with('{') {
        serde_json::from_str::<Frame<'a>>(raw.get()).ok()
    } else {
        None
    };
    match frame {
        Some(frame) => frame.message(body),
        None => Message::Invalid {
            id: Id::NULL,
            error: Box::new(invalid("a request is a JSON object")),
        },
    }
}

fn utf8(body: &Bytes) -> Result<&str, WireError> {
    std::str::from_utf8(body).map_err(|error| {
        let message = format!(
            "the body is not UTF-8: byte {} is wrong",
            error.valid_up_to()
        );
        WireError::framework(Code::ParseError, message)
    })
}

fn document<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, WireError> {
    serde_json::from_str(text).map_err(|error| {
        WireError::framework(Code::ParseError, format!("the body is not JSON: {error}"))
    })
}

fn check_depth(text: &str) -> Result<(), WireError> {
    if deeper_than(text.as_bytes(), MAX_JSON_DEPTH) {
        let message = format!("the body is nested deeper than {MAX_JSON_DEPTH} levels");
        return Err(WireError::framework(Code::TooDeep, message));
    }
    Ok(())
}

fn invalid(message: impl Into<Cow<'static, str>>) -> WireError {
    WireError::framework(Code::InvalidRequest, message)
}

fn first_byte(text: &str) -> Option<u8> {
    text.bytes()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn params(raw: &RawValue, body: &Bytes) -> Option<Bytes> {
    raw.get()
        .starts_with(['{', '['])
        .then(|| body.slice_ref(raw.get().as_bytes()))
}

/// The members of a request, undecoded.
#[derive(Default)]
struct Frame<'a> {
    jsonrpc: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    key: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    /// A member that stands twice: nobody can say which one is meant.
    twice: Option<Member>,
}

impl<'a> Frame<'a> {
    fn message(self, body: &Bytes) -> Message<'a> {
        let id = match self.id {
            Some(_) if self.twice == Some(Member::Id) => None,
            Some(raw) => match Id::read(raw) {
                Some(id) => Some(id),
                None => return refuse(None, "`id` must be a string, a number or null"),
            },
            None => None,
        };
        if let Some(member) = self.twice {
            return refuse(id, format!("`{}` stands twice", member.name()));
        }
        if self.jsonrpc.and_then(text).as_deref() != Some("2.0") {
            return refuse(id, "`jsonrpc` must be \"2.0\"");
        }
        let Some(method) = self.method.and_then(text) else {
            return refuse(id, "`method` must be a string");
        };
        let params = match self.params.map(|raw| params(raw, body)) {
            None => Bytes::new(),
            Some(Some(params)) => params,
            Some(None) => {
                return refuse(
                    id,
                    "`params` must be an object or an array; leave it out for none",
                );
            }
        };
        let key = match self.key.map(text) {
            Some(None) => return refuse(id, "`key`, the idempotency key, must be a string"),
            key => key.flatten(),
        };
        Message::Call(Call {
            id,
            method,
            params,
            key,
            stream: self.stream.is_some_and(|raw| raw.get() == "true"),
        })
    }
}

fn refuse(id: Option<Id<'_>>, message: impl Into<Cow<'static, str>>) -> Message<'_> {
    Message::Invalid {
        id: id.unwrap_or(Id::NULL),
        error: Box::new(invalid(message)),
    }
}

/// A JSON string's text, borrowed unless it has escapes.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(raw.get()).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Jsonrpc,
    Method,
    Params,
    Id,
    Key,
    Stream,
    Other,
}

impl Member {
    fn named(name: &str) -> Self {
        match name {
            "jsonrpc" => Self::Jsonrpc,
            "method" => Self::Method,
            "params" => Self::Params,
            "id" => Self::Id,
            "key" => Self::Key,
            "stream" => Self::Stream,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jsonrpc => "jsonrpc",
            Self::Method => "method",
            Self::Params => "params",
            Self::Id => "id",
            Self::Key => "key",
            Self::Stream => "stream",
            Self::Other => "",
        }
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                Ok(Member::named(name))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Frame<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
            type Value = Frame<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Frame<'a>, A::Error> {
                let mut frame = Frame::default();
                while let Some(member) = map.next_key::<Member>()? {
                    let slot = match member {
                        Member::Jsonrpc => &mut frame.jsonrpc,
                        Member::Method => &mut frame.method,
                        Member::Params => &mut frame.params,
                        Member::Id => &mut frame.id,
                        Member::Key => &mut frame.key,
                        Member::Stream => &mut frame.stream,
                        Member::Other => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if slot.replace(map.next_value()?).is_some() {
                        frame.twice = Some(member);
                    }
                }
                Ok(frame)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// The elements of a batch, at most [`MAX_BATCH`] of them kept, all counted.
struct Elements<'a> {
    items: Vec<&'a RawValue>,
    count: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Items<'a> {
            type Value = Elements<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Elements<'a>, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX_BATCH {
                    match seq.next_element::<&'de RawValue>()? {
                        Some(item) => items.push(item),
                        None => {
                            return Ok(Elements {
                                count: items.len(),
                                items,
                            });
                        }
                    }
                }
                let mut count = items.len();
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count = count
                        .checked_add(1)
                        .ok_or_else(|| A::Error::custom("too many elements"))?;
                }
                Ok(Elements { items, count })
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }
}
