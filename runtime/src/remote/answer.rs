//! What the server says, read.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Code;
use crate::rpc::{Reply, WireError, from_utf8};

/// A message from the server: an answer, or an event.
#[cfg_attr(
    target_arch = "wasm32",
    expect(
        dead_code,
        reason = "only a client has connections, over which events come"
    )
)]
#[derive(Debug, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(default)]
    pub(crate) id: Option<u64>,
    /// There is a difference between no result and the result `null`.
    #[serde(default, borrow, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorObject>,
    #[serde(default, borrow)]
    pub(crate) params: Option<EventParams<'a>>,
}

/// An event, as it travels.
#[cfg_attr(
    target_arch = "wasm32",
    expect(
        dead_code,
        reason = "only a client has connections, over which events come"
    )
)]
#[derive(Debug, Deserialize)]
pub(crate) struct EventParams<'a> {
    pub(crate) event: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
    /// Its place in the object's log, if it is kept there.
    #[serde(default, borrow)]
    pub(crate) cursor: Option<Cow<'a, str>>,
    /// The rooms that it was sent to; none if it was sent everywhere.
    #[serde(default)]
    pub(crate) rooms: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorObject {
    code: i32,
    message: String,
    #[serde(default)]
    data: Option<ErrorData>,
}

#[derive(Debug, Deserialize)]
struct ErrorData {
    code: String,
    #[serde(default)]
    details: Option<Box<RawValue>>,
    #[serde(default)]
    retryable: bool,
    #[serde(default)]
    maybe_executed: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The number of the call that an answer belongs to which says nothing else of ours.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn answers_to(text: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Number {
        id: u64,
    }
    let number: Number = serde_json::from_slice(text).ok()?;
    Some(number.id)
}

impl<'a> Message<'a> {
    /// `None` if it is no message of ours.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        from_utf8(text).ok()
    }

    /// The answer, if it is one. `status` goes with an error whose own is not known.
    pub(crate) fn reply(self, status: u16) -> Option<Reply> {
        if let Some(error) = self.error {
            return Some(Err(Box::new(error.into_wire(status))));
        }
        let result = self.result?.get().as_bytes();
        Some(Ok(Bytes::copy_from_slice(result)))
    }
}

impl ErrorObject {
    fn into_wire(self, status: u16) -> WireError {
        let data = self.data.unwrap_or_else(|| ErrorData {
            // An error of JSON-RPC itself, by something that is not stayput.
            code: "internal".to_owned(),
            details: None,
            retryable: false,
            maybe_executed: true,
        });
        let known = Code::named(&data.code);
        WireError {
            rpc_code: self.code,
            status: known.map_or(status, |code| code.info().status),
            code: Cow::Owned(data.code),
            message: Cow::Owned(self.message),
            details: data.details,
            retryable: data.retryable,
            maybe_executed: data.maybe_executed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Option<Reply> {
        Message::read(text.as_bytes())?.reply(409)
    }

    #[test]
    fn null_is_a_result() {
        let result = reply(r#"{"jsonrpc":"2.0","id":1,"result":null}"#);
        assert_eq!(result.unwrap().unwrap(), "null");
        let result = reply(r#"{"id":1,"result":{"a":[1, 2]},"jsonrpc":"2.0"}"#);
        assert_eq!(result.unwrap().unwrap(), r#"{"a":[1, 2]}"#);
    }

    #[test]
    fn errors_keep_all_they_say() {
        let text = r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"full","data":{"code":"room.full",
            "details":{"max":3},"retryable":true,"maybe_executed":true,"request_id":"r"}}}"#;
        let error = reply(text).unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.status, error.rpc_code),
            ("room.full", 409, 1)
        );
        assert!(error.retryable && error.maybe_executed);
        assert_eq!(error.details.unwrap().get(), r#"{"max":3}"#);
        let text = r#"{"error":{"code":-32600,"message":"no","data":{"code":"too_deep"}}}"#;
        assert_eq!(reply(text).unwrap().unwrap_err().status, 400);
    }

    #[test]
    fn what_is_neither_is_told_apart() {
        for text in ["", "[]", "{}", "<html>", r#"{"id":"x","result":1}"#] {
            assert!(reply(text).is_none(), "{text}");
        }
    }
}
