//! Requests of processes to other servers, by the platform's `fetch`.
//!
//! Names are resolved by the platform, out of sight: what is looked at is the host as its URL has it. Deployed Workers
//! reach no private network anyway.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, StatusCode};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::externs::{Bridge, Fetch, Fetched, text_of};
use super::instance::bridge;
use crate::backend::LocalFuture;
use crate::outgoing::{Fault, Inbound, Sent, collect};

/// Sends a request over the network.
pub(crate) fn exchange(sent: Sent) -> LocalFuture<'static, Result<Inbound, Fault>> {
    Box::pin(async move {
        let Some(bridge) = bridge() else {
            return Err(Fault::Connect("the instance has ended".to_owned()));
        };
        let url = sent.url.text();
        let host = bridge.host_of(&url);
        let host =
            host.map_err(|_| Fault::Impossible("has an URL that the platform does not take"))?;
        if !sent
            .allow
            .allows_host(host.trim_start_matches('[').trim_end_matches(']'))
        {
            return Err(Fault::Refused);
        }
        let answer = fetch(&bridge, &sent, &url).await;
        answer.map_err(|thrown| Fault::Connect(text_of(&thrown)))
    })
}

async fn fetch(bridge: &Bridge, sent: &Sent, url: &str) -> Result<Inbound, JsValue> {
    let headers = lines_of(&sent.headers);
    let body = (!sent.body.is_empty()).then(|| Uint8Array::from(sent.body.as_ref()));
    #[expect(clippy::cast_precision_loss, reason = "bodies are not that large")]
    let limit = sent.limit as f64;
    let promise = bridge.fetch(sent.method.as_str(), url, &headers, body.as_ref(), limit)?;
    let under_way = UnderWay {
        answer: JsFuture::from(js_sys::Promise::from(promise.clone())),
        promise,
    };
    inbound(&under_way.await?.unchecked_into())
}

/// Names and values in turn.
pub(super) fn lines_of(headers: &HeaderMap) -> Array {
    let lines = Array::new();
    for (name, value) in headers {
        lines.push(&name.as_str().into());
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        lines.push(&value.into());
    }
    lines
}

/// What came.
pub(super) fn inbound(fetched: &Fetched) -> Result<Inbound, JsValue> {
    let headers = fetched.headers()?;
    let text = |at: u32| headers.get(at).as_string().unwrap_or_default();
    let lines = (0..headers.length()).step_by(2).filter_map(|at| {
        let name = text(at).parse::<HeaderName>().ok()?;
        // The platform has undone it.
        let is_coding = name == http::header::CONTENT_ENCODING;
        (!is_coding).then(|| (name, text(at + 1).into_bytes()))
    });
    Ok(Inbound {
        status: StatusCode::from_u16(fetched.status()?).unwrap_or_default(),
        headers: collect(lines),
        body: fetched.body()?.to_vec().into(),
    })
}

/// A request that is aborted when nobody waits for it.
struct UnderWay {
    promise: Fetch,
    answer: JsFuture,
}

impl Future for UnderWay {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Of one that is answered nothing is left to abort.
        let _ = self.promise.abort();
    }
}
