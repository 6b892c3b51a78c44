//! Calls to objects of other apps: by the binding of their class, the service binding of their Worker, or a URL.

use std::future::ready;

use bytes::Bytes;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::environment::{lost, read};
use super::externs::{Answer, Bridge, Fetched, Posted, flag_of, text_of};
use super::instance::bridge;
use super::outgoing::{inbound, lines_of};
use super::packed::{Packed, pack};
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::http::{MAX_RESPONSE, Response, decode_request, encode_response};
use crate::object::{Envelope, Mode, Target};
use crate::remote::{
    Message, REQUEST, Remote, RemoteCall, TIMEOUT_HEADER, UNKNOWN, bad_answer, network, path_of,
    request_body,
};
use crate::rpc::{Reply, WireError};

/// Brings a call to an object of another app.
pub(crate) fn deliver(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    let Some(bridge) = bridge() else {
        return failed(network(&"the instance has ended", None));
    };
    let RemoteCall {
        remote,
        mut envelope,
        mode,
        patience,
        variable,
    } = call;
    let name = envelope.target.name.as_deref();
    match bridge.remote_id(remote.binding, name) {
        Ok(Some(id)) => {
            if let Ok(id) = id.parse()
                && envelope.target.id == UNKNOWN
            {
                envelope.target.id = id;
            }
            return bound(bridge, remote, envelope);
        }
        Ok(None) => {}
        Err(thrown) => return failed(network(&text_of(&thrown), None)),
    }
    let service = match bridge.remote_service(remote.service) {
        Ok(true) => Some(remote.service),
        Ok(false) => None,
        Err(thrown) => return failed(network(&text_of(&thrown), None)),
    };
    // A service binding leads to the Worker whatever the host, but the Worker may look at it.
    let url = variable(remote.setting)
        .filter(|url| !url.is_empty())
        .or_else(|| service.map(|_| "http://app".to_owned()));
    let Some(url) = url else {
        return failed(remote.unbound(&lines(remote)));
    };
    let url = format!("{}{}", url.trim_end_matches('/'), path_of(&envelope.target));
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json".to_owned()),
        ("x-request-id", envelope.request_id.to_string()),
        (TIMEOUT_HEADER, patience.as_millis().to_string()),
    ];
    if let Some(token) = variable(&remote.token_setting()) {
        headers.push(("authorization", format!("Bearer {token}")));
    }
    let pairs = headers.iter().map(|(name, value)| [*name, value]);
    let headers: Array = pairs.flatten().map(JsValue::from_str).collect();
    let body = request_body(
        1,
        &envelope.action,
        &envelope.params,
        envelope.key.as_deref(),
    );
    let setting = remote.setting;
    Box::pin(async move {
        post(&bridge, service, &url, &headers, &body, mode)
            .await
            .map_err(|thrown| {
                let text = text_of(&thrown);
                if flag_of(&thrown, "stayputUrl") {
                    remote.misled(setting, &format!("is of no use: {text}"))
                } else {
                    network(&text, Some(mode))
                }
            })?
    })
}

/// Brings a call to an object that is written in JavaScript.
pub(crate) fn deliver_js(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    let Some(bridge) = bridge() else {
        return failed(network(&"the instance has ended", None));
    };
    let RemoteCall {
        remote, envelope, ..
    } = call;
    Box::pin(async move {
        let Target { id, name, .. } = &envelope.target;
        let sent = async {
            if bridge.remote_id(remote.binding, name.as_deref())?.is_none() {
                return Ok(None);
            }
            let (id, name) = (id.to_string(), name.as_deref());
            if *envelope.action == *REQUEST {
                let response = request_js(&bridge, remote.binding, &id, name, &envelope.params);
                return response.await.map(Some);
            }
            let args = as_text(&envelope.params);
            let answer = bridge.js_call(remote.binding, &id, name, &envelope.action, args)?;
            let text = JsFuture::from(answer).await?.as_string();
            Ok(text.map(|text| Ok(text.into())))
        };
        match sent.await {
            Ok(Some(reply)) => reply,
            Ok(None) => {
                let binding = remote.binding;
                let message = format!(
                    "the Worker has no binding `{binding}`: add {{ \"name\": \"{binding}\", \"class_name\": .., \"script_name\": .. }} \
                     to `durable_objects.bindings` in its configuration"
                );
                Err(Box::new(WireError::framework(
                    Code::ConfigBindingMissing,
                    message,
                )))
            }
            Err(thrown) if flag_of(&thrown, "overloaded") => Err(Box::new(lost(&thrown))),
            Err(thrown) => {
                let error = WireError::framework(Code::JsException, text_of(&thrown));
                Err(Box::new(error.maybe_executed()))
            }
        }
    })
}

/// Sends a request to an object that is written in JavaScript.
async fn request_js(
    bridge: &Bridge,
    binding: &str,
    id: &str,
    name: Option<&str>,
    message: &Bytes,
) -> Result<Reply, JsValue> {
    let Some(request) = decode_request(message) else {
        return Err(JsValue::from_str("the request cannot be read"));
    };
    let body = (!request.body.is_empty()).then(|| Uint8Array::from(request.body.as_ref()));
    let uri = request.head.uri.to_string();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let limit = MAX_RESPONSE as f64;
    let answer = bridge.js_fetch(
        binding,
        id,
        name,
        request.head.method.as_str(),
        &uri,
        &lines_of(&request.head.headers),
        body.as_ref(),
        limit,
    )?;
    let fetched: Fetched = JsFuture::from(answer).await?.unchecked_into();
    let inbound = inbound(&fetched)?;
    if inbound.body.len() > MAX_RESPONSE {
        let message = format!("the response is longer than {MAX_RESPONSE} bytes");
        let error = WireError::framework(Code::TooLarge, message).maybe_executed();
        return Ok(Err(Box::new(error)));
    }
    let mut response = Response::new(inbound.body);
    *response.status_mut() = inbound.status;
    *response.headers_mut() = inbound.headers;
    Ok(Ok(encode_response(&response)))
}

fn as_text(params: &[u8]) -> &str {
    match str::from_utf8(params) {
        Ok("") | Err(_) => "[]",
        Ok(text) => text,
    }
}

/// By the binding of the class: one more object of this account, so the call is the same as to one of our own.
fn bound(
    bridge: Bridge,
    remote: &'static Remote,
    envelope: Envelope,
) -> LocalFuture<'static, Reply> {
    if envelope.chain.holds(envelope.target.id) == Some(Mode::Write) {
        let message = format!(
            "`{}` would wait for the command that calls it: the object is already in this chain",
            envelope.action
        );
        return failed(Box::new(WireError::framework(Code::ReentrantCall, message)));
    }
    Box::pin(async move {
        let sent = async {
            let Packed { text, params } = pack(&envelope);
            let params = params.map(|params| Uint8Array::from(params.as_ref()));
            let Target { id, name, .. } = &envelope.target;
            let (id, name) = (id.to_string(), name.as_deref());
            let answer = bridge.remote_call(remote.binding, &id, name, &text, params.as_ref())?;
            Ok(JsFuture::from(answer).await?.unchecked_into::<Answer>())
        };
        match sent.await {
            Ok(answer) => read(&answer),
            Err(thrown) => Err(Box::new(lost(&thrown))),
        }
    })
}

async fn post(
    bridge: &Bridge,
    service: Option<&str>,
    url: &str,
    headers: &Array,
    body: &[u8],
    mode: Mode,
) -> Result<Reply, JsValue> {
    let posted = bridge.remote_post(service, url, headers, &Uint8Array::from(body))?;
    let posted: Posted = JsFuture::from(posted).await?.unchecked_into();
    let (status, body) = (posted.status()?, posted.body()?.to_vec());
    let reply = Message::read(&body).and_then(|message| message.reply(status));
    Ok(reply.unwrap_or_else(|| Err(bad_answer(status, Some(mode)))))
}

/// What leads to the app, to be added to the Worker's configuration.
fn lines(remote: &Remote) -> String {
    let Remote {
        app,
        exported,
        setting,
        service,
        binding,
        ..
    } = remote;
    format!(
        "add {{ \"name\": \"{binding}\", \"class_name\": \"{exported}\", \"script_name\": \"{app}\" }} to \
         `durable_objects.bindings` or {{ \"binding\": \"{service}\", \"service\": \"{app}\" }} to `services` in the \
         Worker's configuration, or set `{setting}` to its URL"
    )
}

fn failed(error: Box<WireError>) -> LocalFuture<'static, Reply> {
    Box::pin(ready(Err(error)))
}
