//! A call as JSON-RPC over HTTP: its body, and the path it is sent to.

use std::fmt::Write as _;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::object::Target;

/// What stays as it is in a segment of a path (RFC 3986, 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where an object is called, below the app's root.
pub(crate) fn path_of(target: &Target) -> String {
    let class = &target.class;
    match &target.name {
        Some(name) => format!("/{class}/{}", utf8_percent_encode(name, SEGMENT)),
        None => format!("/{class}/~{}", target.id),
    }
}

/// A JSON-RPC request. Names of actions are identifiers with dots, and so need no escapes.
/// Nor need idempotency keys, but for two characters.
pub(crate) fn request_body(id: u64, action: &str, params: &[u8], key: Option<&str>) -> Bytes {
    let mut body = String::with_capacity(64 + action.len() + params.len());
    // Writing to a string cannot fail.
    let _ = write!(body, r#"{{"jsonrpc":"2.0","id":{id},"method":"{action}""#);
    if let Some(key) = key {
        let key = key.replace('\\', r"\\").replace('"', "\\\"");
        let _ = write!(body, r#","key":"{key}""#);
    }
    let mut body = body.into_bytes();
    if !params.is_empty() {
        body.extend_from_slice(br#","params":"#);
        body.extend_from_slice(params);
    }
    body.push(b'}');
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_json_with_and_without_parameters() {
        let body = request_body(7, "presence.enter", br#"["ann"]"#, Some(r#"a"b\c"#));
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"jsonrpc": "2.0", "id": 7, "method": "presence.enter", "key": r#"a"b\c"#, "params": ["ann"]})
        );
        let body = request_body(7, "rpc.ping", b"", None);
        assert_eq!(body, r#"{"jsonrpc":"2.0","id":7,"method":"rpc.ping"}"#);
    }
}
