//! What happens on the connections of an object: they come, they say something, they go.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::environment::{INTERRUPTED, fault_of, interrupted};
use super::home::Home;
use super::instance::{forget_call, note_call};
use super::wire::Newcomer;
use crate::auth::Surroundings;
use crate::backend::{Connections, Environment};
use crate::error::Code;
use crate::http::{Asked, Dispatch, Live, Readiness, Subscription};
use crate::object::{
    Delivery, Envelope, IncomingCall, LISTEN_ACTION, Listening, Target, Timestamp, once,
};
use crate::rpc::{Reply, WireError};
use crate::socket::{
    Attachment, CloseCode, ConnectionId, ConnectionKind, Frame, Gone, Hook, MAX_FRAME,
    MAX_PER_OBJECT, full, listed, lost, refusal,
};

/// How much of what can be kept of a connection its caller may take; the rest is for events and state.
const MAX_CALLER: usize = 4 << 10;

/// How a connection ended.
pub(super) struct Parting {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) clean: bool,
}

/// Asks the object whether a connection may come in, whose socket `shell.js` has already.
pub(super) fn open(home: &Rc<Home>, header: &str, done: impl FnOnce(Reply) + 'static) {
    let newcomer = match Newcomer::decode(header) {
        Ok(newcomer) => newcomer,
        Err(fault) => {
            return done(Err(Box::new(WireError::framework(
                Code::ObjectReset,
                fault,
            ))));
        }
    };
    let (id, kind, name) = (newcomer.id, newcomer.kind(), newcomer.name.clone());
    let query = newcomer.query.clone();
    let listening = newcomer.listening.clone();
    let of = home.clone();
    let done = move |reply: Reply| match reply {
        Err(error) if kind == ConnectionKind::WebSocket => {
            // A page is told no HTTP status of a refused upgrade; it is told a close code.
            let code = refusal(&error);
            of.connections().close(id, code, &error.code);
            done(Ok(Bytes::new()));
        }
        reply => done(reply),
    };
    let (of, called) = (home.clone(), name.clone());
    let done = move |reply: Reply| match (reply, listening) {
        (Ok(_), Some(listening)) => listen(&of, id, called, &listening, done),
        (reply, _) => done(reply),
    };
    match begin(home, newcomer) {
        Err(error) => done(Err(error)),
        Ok(false) => done(Ok(Bytes::new())),
        Ok(true) => {
            let opened = home.clone();
            let ended = move |reply| opened_with(&opened, id, reply, done);
            run_hook(home, name, Hook::Connect(id, query), ended);
        }
    }
}

/// Has one that was let in listen, after what it missed. One that cannot goes.
fn listen(
    home: &Rc<Home>,
    id: ConnectionId,
    name: Option<Arc<str>>,
    listening: &Listening,
    done: impl FnOnce(Reply) + 'static,
) {
    let mut envelope = home.envelope(LISTEN_ACTION, listening.params().into());
    envelope.target.name = name;
    envelope.connection = Some(id);
    let of = home.clone();
    let listens = move |reply: Reply| {
        if reply.is_err() {
            of.connections().roster.remove(id);
        }
        done(reply);
    };
    submit(home, Delivery::new(envelope), Box::new(listens));
}

/// Adds it. Answers whether there are handlers to be asked.
fn begin(home: &Home, newcomer: Newcomer) -> Result<bool, Box<WireError>> {
    let connections = home.connections();
    if connections.roster.len() >= MAX_PER_OBJECT {
        return Err(full());
    }
    let (id, kind, caller) = (newcomer.id, newcomer.kind(), newcomer.caller);
    let scopes: usize = caller.scopes.iter().map(String::len).sum();
    if caller.subject.len() + scopes > MAX_CALLER {
        let message =
            "the caller's name and scopes are longer than the 4 KiB that a connection can carry";
        return Err(Box::new(WireError::framework(Code::TooLarge, message)));
    }
    let attachment = Attachment {
        events: newcomer.events,
        ..Attachment::new(id, kind, caller, home.environment.now())
    };
    let asks = home.hooks().connect;
    let speech = (newcomer.raw, newcomer.binary);
    let added = connections.add(attachment, newcomer.name, speech, asks);
    if let Err(fault) = added {
        connections.roster.remove(id);
        return Err(Box::new(WireError::framework(Code::ObjectReset, fault)));
    }
    Ok(asks)
}

/// The `connect` handlers have ended.
fn opened_with(home: &Rc<Home>, id: ConnectionId, reply: Reply, done: impl FnOnce(Reply)) {
    let connections = home.connections();
    let gone = connections.roster.opened(id);
    if reply.is_err() || gone.is_some() {
        let attachment = connections.roster.remove(id);
        // It went while it was asked whether it may come: it was in for a moment.
        if let (Ok(_), Some(gone), Some(attachment)) = (&reply, gone, attachment) {
            part(home, None, attachment, gone, || {});
        }
    } else if let Err(fault) = connections.keep(id, false) {
        home.environment.report(&fault);
    }
    done(reply);
}

/// Takes a message.
pub(super) fn message(
    home: &Rc<Home>,
    call: u32,
    id: &str,
    message: &JsValue,
    done: impl FnOnce() + 'static,
) {
    let Some(id) = known(home, id) else {
        return done();
    };
    let frame = match frame_of(message) {
        Ok(frame) => frame,
        Err(code) => {
            home.connections().close(id, code.number(), "");
            return done();
        }
    };
    let live = match live(home, id) {
        Ok(live) => live,
        Err(fault) => {
            home.environment.report(&fault);
            return done();
        }
    };
    if live.is_expired(home.environment.now()) {
        let code = CloseCode::Unauthenticated;
        home.connections().close(id, code.number(), code.reason());
        return done();
    }
    // What JSON-RPC there is, as text.
    let text = match (live.binary(), frame) {
        (Some(form), Frame::Binary(bytes)) => live.decode(form, &bytes, &Inside(home.clone())),
        (Some(_), Frame::Text(_)) => return unsupported(home, id, done),
        (None, Frame::Text(text)) if !live.is_raw() => Ok(Bytes::from(text)),
        (None, frame) => return hand_over(home, id, &live, frame, done),
    };
    match text {
        Ok(text) => answer(home, call, id, &live, text, done),
        Err(refused) => {
            home.connections().answer(id, &refused);
            done();
        }
    }
}

/// Gives a frame to the object's handler.
fn hand_over(
    home: &Rc<Home>,
    id: ConnectionId,
    live: &Live,
    frame: Frame,
    done: impl FnOnce() + 'static,
) {
    if matches!(frame, Frame::Binary(_)) && !live.takes_bytes() {
        return unsupported(home, id, done);
    }
    let of = home.clone();
    let ended = move |reply: Reply| {
        if reply.is_err_and(|error| error.is(Code::Overloaded)) {
            let code = CloseCode::TryAgainLater.number();
            of.connections().close(id, code, "overloaded");
        }
        done();
    };
    let name = live.target().name.clone();
    run_hook(home, name, Hook::Message(id, frame), ended);
}

/// Ends a connection that nobody can say anything to a message of.
fn unsupported(home: &Home, id: ConnectionId, done: impl FnOnce()) {
    let code = CloseCode::Unsupported.number();
    home.connections().close(id, code, "");
    done();
}

/// Does what JSON-RPC text asks for.
fn answer(
    home: &Rc<Home>,
    call: u32,
    id: ConnectionId,
    live: &Rc<Live>,
    text: Bytes,
    done: impl FnOnce() + 'static,
) {
    let inside = Inside(home.clone());
    match live.read(&text, &inside) {
        Asked::Nothing => done(),
        Asked::Answer(answer) => {
            home.connections().answer(id, &answer);
            done();
        }
        Asked::Subscribe(answerable, subscription) => {
            let mut out = Vec::new();
            answerable.write(inside.listen(&subscription), &mut out);
            if !out.is_empty() {
                home.connections().answer(id, &out);
            }
            done();
        }
        Asked::Call(answerable, envelope) => {
            let delivery = Delivery::new(envelope);
            note_call(call, &delivery);
            let of = home.clone();
            let reply = move |reply: Reply| {
                forget_call(call);
                let mut out = Vec::new();
                answerable.write(reply, &mut out);
                if !out.is_empty() {
                    of.connections().answer(id, &out);
                }
                done();
            };
            submit(home, delivery, Box::new(reply));
        }
        Asked::Steer(streams, answerable, steer) => {
            let mut out = Vec::new();
            answerable.write((streams.workers.steer)(home, id, &steer), &mut out);
            if !out.is_empty() {
                home.connections().answer(id, &out);
            }
            done();
        }
        Asked::Items(streams, envelope) => {
            (streams.workers.items)(home, call, id, envelope, Box::new(done));
        }
        Asked::Batch => {
            let (of, live) = (home.clone(), live.clone());
            home.environment.spawn(Box::pin(async move {
                if let Some(answer) = live.answer(&text, &inside).await {
                    of.connections().answer(id, &answer);
                }
                done();
            }));
        }
    }
}

/// Answers the requests of a message that ended an instance, or was under way when it ended. True for a frame of the
/// object's own protocol that did not end it: nobody can be told, so it is to be taken again.
pub(super) fn unanswered(home: &Rc<Home>, id: &str, message: &JsValue, fault: &str) -> bool {
    let Some(id) = known(home, id) else {
        return false;
    };
    let (Ok(frame), Ok(live)) = (frame_of(message), live(home, id)) else {
        return false;
    };
    let inside = Inside(home.clone());
    let text = match (frame, live.binary()) {
        (Frame::Binary(bytes), Some(form)) => match live.decode(form, &bytes, &inside) {
            Ok(text) => text,
            Err(_) => return false,
        },
        (Frame::Text(text), None) if !live.is_raw() => text.into(),
        _ => return fault == INTERRUPTED,
    };
    let error = fault_of(Some(fault));
    if let Some(answer) = live.fail(&text, &error, &inside) {
        home.connections().answer(id, &answer);
    }
    false
}

/// A connection is gone.
pub(super) fn gone(home: &Rc<Home>, id: &str, parting: Parting, done: impl FnOnce() + 'static) {
    let Some(id) = known(home, id) else {
        return done();
    };
    let connections = home.connections();
    let name = connections.roster.place(id, |place| {
        // Nobody reads what is being sent over it any more.
        if let Some(readers) = place.readers.get() {
            readers.close();
        }
        place.name.clone()
    });
    let gone = Gone {
        code: parting.code,
        reason: parting.reason,
        clean: parting.clean,
    };
    match connections.roster.leave(id, gone) {
        Some((attachment, gone)) => part(home, name.flatten(), attachment, gone, done),
        None => done(),
    }
}

fn part(
    home: &Rc<Home>,
    name: Option<Arc<str>>,
    attachment: Rc<Attachment>,
    gone: Gone,
    done: impl FnOnce() + 'static,
) {
    if home.hooks().disconnect {
        run_hook(home, name, Hook::Disconnect(attachment, gone), |_| done());
    } else {
        done();
    }
}

/// Runs handlers; `ended` learns how they ended.
fn run_hook(
    home: &Rc<Home>,
    name: Option<Arc<str>>,
    hook: Hook,
    ended: impl FnOnce(Reply) + 'static,
) {
    match home.live(name) {
        Ok(live) => live.hook(hook, Box::new(ended)),
        Err(fault) => ended(Err(Box::new(WireError::framework(
            Code::ObjectReset,
            fault,
        )))),
    }
}

pub(super) fn submit(home: &Home, delivery: Arc<Delivery>, reply: Box<dyn FnOnce(Reply)>) {
    match home.live(delivery.envelope().target.name.clone()) {
        Ok(live) => live.submit(IncomingCall { delivery, reply }),
        Err(fault) => reply(Err(Box::new(WireError::framework(
            Code::ObjectReset,
            fault,
        )))),
    }
}

/// The id of a connection that is here.
fn known(home: &Home, id: &str) -> Option<ConnectionId> {
    let id = id.parse().ok()?;
    home.connections().roster.get(id).map(|_| id)
}

/// What is said on a connection.
fn live(home: &Rc<Home>, id: ConnectionId) -> Result<Rc<Live>, String> {
    let roster = &home.connections().roster;
    let begun = roster.place(id, |place| place.live.get().cloned());
    if let Some(live) = begun.flatten() {
        return Ok(live);
    }
    let attachment = roster.get(id).ok_or("the connection is gone")?;
    let said = roster.place(id, |place| (place.name.clone(), place.raw, place.binary));
    let (name, raw, form) = said.ok_or("the connection is gone")?;
    let target = Target {
        class: home.class.clone(),
        id: home.id,
        name,
    };
    let front = home.front()?;
    let live = front.live(target, attachment.caller.clone(), id, &Inside(home.clone()));
    let live = live.map_err(|error| error.message.to_string())?;
    let live = Rc::new(live.raw(raw).in_form(form));
    // Whoever set it meanwhile has set the same.
    roster.place(id, |place| drop(place.live.set(live.clone())));
    Ok(live)
}

fn frame_of(message: &JsValue) -> Result<Frame, CloseCode> {
    let frame = if let Some(text) = message.as_string() {
        Frame::Text(text)
    } else {
        let buffer = message.dyn_ref::<ArrayBuffer>();
        let bytes = buffer.map(|buffer| Uint8Array::new(buffer).to_vec());
        Frame::Binary(bytes.unwrap_or_default().into())
    };
    if frame.as_bytes().len() > MAX_FRAME {
        return Err(CloseCode::TooBig);
    }
    Ok(frame)
}

/// Calls of an object's own connections: they need not leave the instance.
struct Inside(Rc<Home>);

impl Inside {
    fn listen(&self, subscription: &Subscription) -> Reply {
        let connections = self.0.connections();
        let Subscription {
            connection: id,
            events,
            on,
            ..
        } = subscription;
        let changed = connections.roster.subscribe(*id, events, *on);
        let attachment = changed.ok_or_else(lost)?;
        connections.keep(*id, false).map_err(|fault| {
            connections.roster.subscribe(*id, events, !*on);
            Box::new(WireError::framework(Code::TooLarge, fault))
        })?;
        Ok(listed(&attachment))
    }
}

impl Surroundings for Inside {
    fn now(&self) -> Timestamp {
        self.0.environment.now()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.environment.variable(name)
    }

    fn report(&self, message: &str) {
        self.0.environment.report(message);
    }
}

impl Dispatch for Inside {
    async fn call(&self, envelope: Envelope) -> Reply {
        let (sender, receiver) = once::channel();
        let reply = Box::new(move |reply| sender.send(reply));
        submit(&self.0, Delivery::new(envelope), reply);
        receiver
            .await
            .unwrap_or_else(|| Err(Box::new(interrupted())))
    }

    async fn subscribe(&self, subscription: Subscription) -> Reply {
        self.listen(&subscription)
    }

    fn random(&self, bytes: &mut [u8]) {
        self.0.environment.random(bytes);
    }

    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }
}
