//! How items look to whom they are sent.

use ::http::HeaderValue;
use bytes::{BufMut, Bytes, BytesMut};

use crate::rpc::{Id, WireError, write_error, write_error_object, write_result};

/// What an item's notification begins with, before the request's id.
const NOTIFICATION: &str = "{\"jsonrpc\":\"2.0\",\"method\":\"rpc.item\",\"params\":{\"id\":";

/// How the items of a result are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON array.
    Array,
    /// NDJSON: a line each. A line of white space, which no item is, announces that the next one is the error which ended it.
    Lines,
    /// Server-Sent Events: `item`, and at the end `done` or `error`.
    Events,
    /// JSON-RPC: a notification each, and the answer behind them.
    Frames,
    /// The body of a message, which is no items but whatever it is.
    Bytes,
}

impl Form {
    /// What travels between Workers in its place.
    pub fn number(self) -> u8 {
        match self {
            Self::Array => 0,
            Self::Lines => 1,
            Self::Events => 2,
            // Never leaves the object that has the connection.
            Self::Frames => 3,
            Self::Bytes => 4,
        }
    }

    /// The form of a number.
    pub fn numbered(number: u8) -> Self {
        match number {
            1 => Self::Lines,
            2 => Self::Events,
            4 => Self::Bytes,
            _ => Self::Array,
        }
    }

    /// Its `Content-Type`.
    pub fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Array | Self::Frames => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Events => "text/event-stream",
            Self::Bytes => "application/octet-stream",
        })
    }

    /// What is sent now and then while nothing else is: no more than white space, so that whoever hung up is noticed and
    /// nobody on the way takes the connection for dead. Empty where nothing may be added.
    pub fn beat(self) -> &'static str {
        match self {
            Self::Bytes => "",
            Self::Array | Self::Lines | Self::Frames => " ",
            Self::Events => ": ping\n\n",
        }
    }

    /// The item after so many others; `id` is the request's.
    pub(super) fn item(self, before: u64, text: &[u8], id: &str) -> Bytes {
        // What an action returns for nothing is empty.
        let text = if text.is_empty() { b"null" } else { text };
        let (begin, end): (&[u8], &[u8]) = match self {
            Self::Array => (if before == 0 { b"[" } else { b"," }, b""),
            Self::Lines => (b"", b"\n"),
            Self::Bytes => (b"", b""),
            Self::Events => (b"event: item\ndata: ", b"\n\n"),
            Self::Frames => {
                let begin = format!("{NOTIFICATION}{id},\"item\":");
                return [begin.as_bytes(), text, b"}}"].concat().into();
            }
        };
        let mut out = BytesMut::with_capacity(begin.len() + text.len() + end.len());
        out.put_slice(begin);
        out.put_slice(text);
        out.put_slice(end);
        out.freeze()
    }

    /// What stands behind all items.
    pub(super) fn end(self, items: u64, id: &str) -> Bytes {
        match self {
            Self::Array if items == 0 => Bytes::from_static(b"[]"),
            Self::Array => Bytes::from_static(b"]"),
            Self::Lines | Self::Bytes => Bytes::new(),
            Self::Events => format!("event: done\ndata: {{\"items\":{items}}}\n\n").into(),
            Self::Frames => {
                let mut out = Vec::new();
                let result = format!("{{\"items\":{items}}}");
                write_result(&mut out, Id::of_json(id), result.as_bytes());
                out.into()
            }
        }
    }

    /// What stands behind the items before an error; `None` where that can only be told by breaking off.
    pub(crate) fn error(self, error: &WireError, request_id: &str, id: &str) -> Option<Bytes> {
        let (begin, end): (&[u8], &[u8]) = match self {
            Self::Array | Self::Bytes => return None,
            Self::Lines => (b"\n{\"error\":", b"}\n"),
            Self::Events => (b"event: error\ndata: {\"error\":", b"}\n\n"),
            Self::Frames => {
                let mut out = Vec::new();
                write_error(&mut out, Id::of_json(id), error, request_id);
                return Some(out.into());
            }
        };
        let mut out = begin.to_vec();
        write_error_object(&mut out, error, request_id);
        out.extend_from_slice(end);
        Some(out.into())
    }
}
