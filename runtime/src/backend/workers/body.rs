//! Bodies of requests and responses, on their way in and out as they come.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use js_sys::{Function, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::environment::{Run, WorkersEnvironment};
use super::externs::{Flow, Source, deliver};
use super::flow::{Flows, Ways, all};
use super::object::{ObjectHost, answer_of};
use crate::backend::Environment;
use crate::http::broken_off;
use crate::object::Envelope;
use crate::rpc::Reply;
use crate::stream::{Pipe, Reader};

impl Flows {
    /// Those of handlers of requests, to which no name leads, so that no connection has anything of it.
    pub(crate) const BODIES: Self = Self {
        pour,
        tail: |_, _, _| None,
        items: |_, _, _, _, done| done(),
        steer: |_, _, _| Ok(Bytes::from_static(b"false")),
    };
}

/// The body of a response that the front sends itself: a pointer, so that an app without such links nothing of it.
#[derive(Clone)]
pub(crate) struct Pouring {
    pub(crate) reader: Reader,
    pub(super) pour: fn(&Rc<WorkersEnvironment>, u32, Reader) -> Result<(), JsValue>,
}

impl Pouring {
    pub(crate) fn new(reader: Reader) -> Self {
        Self {
            reader,
            pour: pour_here,
        }
    }
}

fn pour(
    host: &ObjectHost,
    call: u32,
    mut envelope: Envelope,
    (_, flow, body): Ways,
    done: Function,
) {
    let run = Run {
        call,
        request_id: envelope.request_id.clone(),
    };
    let incoming = body.map(|body| (body, Pipe::body()));
    let reading = incoming.as_ref().map(|(_, pipe)| pipe.reader());
    let pipe = Pipe::exchange(envelope.request_id.clone(), reading);
    envelope.stream = Some(pipe.clone());
    let reader = pipe.reader();
    let pouring = Box::pin(async move {
        let reply = answer(&reader, &flow).await;
        // Who still sends is told.
        drop(reader);
        deliver(&done, &answer_of(reply));
    });
    let environment = &host.home.environment;
    WorkersEnvironment::attribute(run, || {
        if let Some((body, pipe)) = incoming {
            environment.spawn(Box::pin(async move { take(&Taking(body), &pipe).await }));
        }
        environment.spawn(pouring);
    });
    host.submit_to(call, envelope, Box::new(move |reply| pipe.end(reply)));
}

/// The whole answer, or an empty one when it has gone by the flow.
async fn answer(reader: &Reader, flow: &Flow) -> Reply {
    poll_fn(|cx| reader.poll_begun(cx)).await?;
    let Some((head, is_all)) = reader.head() else {
        return Ok(Bytes::new());
    };
    if is_all {
        return Ok(head);
    }
    // When nobody reads any more, the other side is gone, too.
    if flow
        .begin("", Some(&Uint8Array::from(head.as_ref())))
        .is_ok()
    {
        let _ = all(reader, flow).await;
    }
    Ok(Bytes::new())
}

fn pour_here(
    environment: &Rc<WorkersEnvironment>,
    call: u32,
    reader: Reader,
) -> Result<(), JsValue> {
    let flow = environment.bridge().flow(call)?;
    flow.begin("", None)?;
    environment.spawn(Box::pin(async move {
        let _ = all(&reader, &flow).await;
    }));
    Ok(())
}

/// What brings bytes, until nobody takes them.
struct Taking(Source);

async fn take(from: &Taking, pipe: &Arc<Pipe>) {
    loop {
        if poll_fn(|cx| pipe.poll_room(cx)).await.is_err() {
            return;
        }
        let Ok(next) = from.0.read() else {
            return pipe.break_off(broken_off());
        };
        let mut next = pin!(JsFuture::from(next));
        let next = poll_fn(|cx| match pipe.poll_closed(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => next.as_mut().poll(cx).map(Some),
        });
        match next.await {
            None => return,
            Some(Ok(end)) if end.is_undefined() => return pipe.end(Ok(Bytes::new())),
            Some(Ok(bytes)) => {
                pipe.push_bytes(bytes.unchecked_into::<Uint8Array>().to_vec().into());
            }
            Some(Err(_)) => return pipe.break_off(broken_off()),
        }
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        // An instance that has ended takes nothing anyway.
        let _ = self.0.cancel();
    }
}
