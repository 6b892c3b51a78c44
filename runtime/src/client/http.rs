//! Calls over HTTP: one `POST` each, over connections that stay open.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::address::Address;
use super::error;
use super::tls::{Connector, Trust};
use crate::object::OutgoingCall;
use crate::remote::{MAX_ANSWER, Message, request_body};
use crate::rpc::Reply;

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

    /// `further`: headers beside those that every call has.
    pub(super) async fn call(
        &self,
        address: &Address,
        call: &OutgoingCall,
        further: HeaderMap,
    ) -> Reply {
        let body = request_body(1, &call.action, &call.params, call.key.as_deref());
        let (body, media_type) = match address.form {
            None => (body, "application/json"),
            Some(form) => (form.write(&body).into(), form.media_type()),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.of(&call.target)?;
        let headers = request.headers_mut();
        *headers = further;
        let media_type = HeaderValue::from_static(media_type);
        headers.insert(CONTENT_TYPE, media_type.clone());
        headers.insert(ACCEPT, media_type.clone());
        if let Some(token) = &address.authorization {
            headers.insert(AUTHORIZATION, token.clone());
        }
        let sent = self.pool.request(request).await;
        let response = sent.map_err(|fault| {
            let mode = (!fault.is_connect()).then_some(call.mode);
            error::network(&reason(&fault), mode)
        })?;
        let status = response.status().as_u16();
        let answered = response.headers().get(CONTENT_TYPE).cloned();
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await;
        let body = body.map_err(|fault| error::network(&reason(&*fault), Some(call.mode)))?;
        let mut body = body.to_bytes();
        // An app that does not speak the form says so in JSON.
        if let Some(form) = address.form.filter(|_| answered == Some(media_type)) {
            body = form
                .read(&body)
                .map_err(|_| error::bad_answer(status, Some(call.mode)))?;
        }
        Message::read(&body)
            .and_then(|message| message.reply(status))
            .unwrap_or_else(|| Err(error::bad_answer(status, Some(call.mode))))
    }
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
