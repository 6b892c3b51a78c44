//! Items on their way into an object that reads another one's.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::environment::{interrupted, lost, read};
use super::externs::{Answer, Bridge, Source};
use super::packed::{Packed, pack};
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::object::{Envelope, INTERNAL, Target};
use crate::remote::Message;
use crate::rpc::{Reply, WireError};
use crate::stream::{Lines, Pipe};

/// Makes a call whose items go into a pipe: a pointer in the pipe, so that whoever reads no items links nothing of it.
pub(crate) type FetchItems = fn(Bridge, Envelope, Arc<Pipe>) -> LocalFuture<'static, Reply>;

/// Makes a call whose items go into a pipe.
pub(crate) fn fetch_items(
    bridge: Bridge,
    envelope: Envelope,
    pipe: Arc<Pipe>,
) -> LocalFuture<'static, Reply> {
    Box::pin(async move {
        let answer = match ask(&bridge, &envelope).await {
            Ok(answer) => answer,
            Err(thrown) => return Err(Box::new(lost(&thrown))),
        };
        match answer.source().ok().flatten() {
            Some(source) => take_all(&Taking(source), &pipe).await,
            None => read(&answer),
        }
    })
}

async fn ask(bridge: &Bridge, envelope: &Envelope) -> Result<Answer, JsValue> {
    let Packed { text, params } = pack(envelope);
    let params = params.map(|params| Uint8Array::from(params.as_ref()));
    let Target { class, id, name } = &envelope.target;
    let id = name.is_none().then(|| id.to_string()).unwrap_or_default();
    let (name, near) = (name.as_deref(), envelope.near);
    let answer = bridge.items(class, &id, name, near, &text, params.as_ref())?;
    Ok(JsFuture::from(answer).await?.unchecked_into())
}

/// What brings items, until nobody takes them.
struct Taking(Source);

async fn take_all(from: &Taking, pipe: &Pipe) -> Reply {
    let mut lines = Lines::default();
    let mut failed = false;
    loop {
        while let Some(line) = lines.next() {
            // White space is sent while no item is.
            let line = line.trim_ascii();
            if failed {
                let error = Message::read(line).and_then(|message| message.reply(500));
                return match error {
                    // Here nobody is a client: the words are those of any call between objects.
                    Some(Err(error)) if error.is(Code::Internal) => {
                        let mut told = WireError::framework(Code::Internal, INTERNAL);
                        told.maybe_executed = error.maybe_executed;
                        Err(Box::new(told))
                    }
                    Some(reply) => reply,
                    None => Err(Box::new(interrupted())),
                };
            }
            if line.is_empty() {
                failed = true;
            } else if poll_fn(|cx| pipe.poll_room(cx)).await.is_ok() {
                pipe.push(line);
            } else {
                return Ok(Bytes::new());
            }
        }
        let more = match from.0.read() {
            Ok(more) => JsFuture::from(more).await,
            Err(thrown) => Err(thrown),
        };
        match more {
            Ok(more) if more.is_undefined() => return Ok(Bytes::new()),
            Ok(more) => lines.add(&more.unchecked_into::<Uint8Array>().to_vec()),
            // It broke off without a word.
            Err(_) => return Err(Box::new(interrupted())),
        }
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        // An instance that has ended takes nothing anyway.
        let _ = self.0.cancel();
    }
}
