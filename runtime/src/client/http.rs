//! Calls over HTTP: one `POST` each, over connections that stay open.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::address::Address;
use super::answer::Message;
use super::error;
use super::tls::Trust;
use crate::object::OutgoingCall;
use crate::rpc::Reply;

/// What answers more than this is no app: it is not read into memory. The same as over a WebSocket.
const MAX_ANSWER: usize = 64 << 20;

#[cfg(feature = "client-tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "client-tls"))]
type Connector = HttpConnector;

/// The connections to one server, shared by clones.
#[derive(Clone)]
pub(super) struct Http {
    pool: Client<Connector, Full<Bytes>>,
}

impl Http {
    pub(super) fn new(trust: &Trust) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        let pool = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(trust.connector(tcp));
        Self { pool }
    }

    pub(super) async fn call(&self, address: &Address, call: &OutgoingCall) -> Reply {
        let mut request = Request::new(Full::new(request_body(1, &call.action, &call.params)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.of(&call.target)?;
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(CONTENT_TYPE, json.clone());
        headers.insert(ACCEPT, json);
        if let Some(token) = &address.authorization {
            headers.insert(AUTHORIZATION, token.clone());
        }
        let sent = self.pool.request(request).await;
        let response = sent.map_err(|fault| {
            let mode = (!fault.is_connect()).then_some(call.mode);
            error::network(&reason(&fault), mode)
        })?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await;
        let body = body.map_err(|fault| error::network(&reason(&*fault), Some(call.mode)))?;
        let body = body.to_bytes();
        Message::read(&body)
            .and_then(|message| message.reply(status))
            .unwrap_or_else(|| Err(error::bad_answer(status, Some(call.mode))))
    }
}

/// A JSON-RPC request. Names of actions are identifiers with dots, and so need no escapes.
pub(super) fn request_body(id: u64, action: &str, params: &[u8]) -> Bytes {
    let mut body = String::with_capacity(64 + action.len() + params.len());
    // Writing to a string cannot fail.
    let _ = write!(body, r#"{{"jsonrpc":"2.0","id":{id},"method":"{action}""#);
    let mut body = body.into_bytes();
    if !params.is_empty() {
        body.extend_from_slice(br#","params":"#);
        body.extend_from_slice(params);
    }
    body.push(b'}');
    body.into()
}

/// What happened, with its causes: the outermost error alone says "client error".
pub(super) fn reason(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(fault) = cause {
        let _ = write!(text, ": {fault}");
        cause = fault.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_json_with_and_without_parameters() {
        let body = request_body(7, "presence.enter", br#"["ann"]"#);
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"jsonrpc": "2.0", "id": 7, "method": "presence.enter", "params": ["ann"]})
        );
        let body = request_body(7, "rpc.ping", b"");
        assert_eq!(body, r#"{"jsonrpc":"2.0","id":7,"method":"rpc.ping"}"#);
    }
}
