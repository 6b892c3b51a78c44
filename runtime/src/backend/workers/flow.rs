//! Items on their way out of an object, as fast as they are read.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use js_sys::{Function, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::environment::{Run, WorkersEnvironment, fault_of};
use super::externs::{Flow, Source, deliver};
use super::home::Home;
use super::instance::{forget_call, note_call};
use super::object::{ObjectHost, answer_of};
use super::talk::submit;
use crate::backend::Environment;
use crate::object::{Delivery, Envelope};
use crate::rpc::Reply;
use crate::socket::ConnectionId;
use crate::stream::{Form, Piece, Pipe, Reader, Readers, Steer};

/// The form of what goes out, the way that it takes, and what comes in.
pub(super) type Ways = (u8, Flow, Option<Source>);

/// What sends items out of an object: reached by actions that do only.
pub(crate) struct Flows {
    /// Runs a call whose items go out by a flow.
    pub(super) pour: fn(&ObjectHost, u32, Envelope, Ways, Function),
    /// What stands behind the items of a call that ended with its instance.
    pub(super) tail: fn(u8, &str, &str) -> Option<Vec<u8>>,
    /// Runs a call whose items go out over a connection.
    pub(super) items: fn(&Rc<Home>, u32, ConnectionId, Envelope, Box<dyn FnOnce()>),
    /// Does what is said of them.
    pub(super) steer: fn(&Home, ConnectionId, &Steer) -> Reply,
}

impl Flows {
    pub(crate) const ALL: Self = Self {
        pour,
        tail: |form, request_id, fault| {
            let text = Form::numbered(form).error(&fault_of(Some(fault)), request_id, "")?;
            Some(text.to_vec())
        },
        items,
        steer: |home, id, steer| readers(home, id).steer(steer),
    };
}

fn pour(
    host: &ObjectHost,
    call: u32,
    mut envelope: Envelope,
    (form, flow, _): Ways,
    done: Function,
) {
    let pipe = Pipe::new(Form::numbered(form), envelope.request_id.clone());
    envelope.stream = Some(pipe.clone());
    let run = Run {
        call,
        request_id: envelope.request_id.clone(),
    };
    let reader = pipe.reader();
    let pouring = Box::pin(async move {
        let begun = poll_fn(|cx| reader.poll_begun(cx)).await;
        if begun.is_ok() {
            // When nobody reads any more, the other side is gone, too.
            let _ = items_of(&reader, &flow).await;
        }
        // Who still sends is told.
        drop(reader);
        deliver(&done, &answer_of(begun.map(|()| Bytes::new())));
    });
    WorkersEnvironment::attribute(run, || host.home.environment.spawn(pouring));
    host.submit_to(call, envelope, Box::new(move |reply| pipe.end(reply)));
}

async fn items_of(reader: &Reader, flow: &Flow) -> Result<(), JsValue> {
    flow.begin(reader.form().beat(), None)?;
    all(reader, flow).await
}

/// Sends what is read into a flow that has begun.
pub(super) async fn all(reader: &Reader, flow: &Flow) -> Result<(), JsValue> {
    let mut gone = pin!(JsFuture::from(flow.gone()?));
    loop {
        let piece = poll_fn(|cx| match gone.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => reader.poll_next(cx).map(Some),
        });
        match piece.await {
            Some(Piece::More(bytes)) => {
                if let Some(room) = flow.write(&Uint8Array::from(bytes.as_ref()))? {
                    JsFuture::from(room).await?;
                }
            }
            Some(Piece::End) => return flow.end(true),
            Some(Piece::Broken) => return flow.end(false),
            None => return Ok(()),
        }
    }
}

/// Makes a call whose items are sent as they come, as fast as whoever reads says that it has taken them.
fn items(
    home: &Rc<Home>,
    call: u32,
    id: ConnectionId,
    envelope: Envelope,
    done: Box<dyn FnOnce()>,
) {
    let Some(pipe) = envelope.stream.clone() else {
        return done();
    };
    let (readers, reader) = (readers(home, id), pipe.reader());
    if let Err(error) = readers.add(reader.clone()) {
        home.connections().answer(id, &pipe.refusal(&error));
        return done();
    }
    let of = home.clone();
    home.environment.spawn(Box::pin(async move {
        while let Piece::More(frame) = poll_fn(|cx| reader.poll_frame(cx)).await {
            of.connections().answer(id, &frame);
        }
        readers.remove(&reader);
        done();
    }));
    let delivery = Delivery::new(envelope);
    note_call(call, &delivery);
    let reply = move |reply| {
        forget_call(call);
        pipe.end(reply);
    };
    submit(home, delivery, Box::new(reply));
}

fn readers(home: &Home, id: ConnectionId) -> Rc<Readers> {
    let roster = &home.connections().roster;
    let readers = roster.place(id, |place| {
        let readers = || Rc::new(Readers::default()) as Rc<dyn Reads>;
        place.readers.get_or_init(readers).clone().readers()
    });
    readers.unwrap_or_default()
}

/// What is read over a connection: behind a pointer, so that those that read nothing link nothing of it.
pub(super) trait Reads {
    /// Nobody reads any of it any more.
    fn close(&self);
    fn readers(self: Rc<Self>) -> Rc<Readers>;
}

impl Reads for Readers {
    fn close(&self) {
        self.close();
    }

    fn readers(self: Rc<Self>) -> Rc<Readers> {
        self
    }
}
