//! The connections of the object whose wasm instance this is. Their sockets are with `shell.js`, and beside each lies
//! what is known of it: so they outlive the instance, whether a panic ends it or the object is evicted.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::externs::{Bridge, text_of};
use super::flow::Reads;
use super::instance::app;
use super::wire::{Peer, decode_peer, encode_peer};
use crate::backend::Connections;
use crate::http::{Binary, Live};
use crate::socket::{
    Attachment, Audience, CloseCode, ConnectionId, ConnectionKind, Frame, MessageForm, Packet,
    Roster, stream_text,
};

/// Where a connection is: nowhere in here. What it speaks is.
pub(super) struct Place {
    number: u64,
    /// The object's name.
    pub(super) name: Option<Arc<str>>,
    pub(super) raw: bool,
    /// The form of its messages, if they are no text.
    pub(super) binary: Option<Binary>,
    /// What is said on it, once something is.
    pub(super) live: OnceCell<Rc<Live>>,
    /// Results that are sent item by item.
    pub(super) readers: OnceCell<Rc<dyn Reads>>,
}

/// Who is connected.
pub(super) struct WorkersConnections {
    bridge: Bridge,
    /// The form of messages by type, if the class takes such.
    form: Option<&'static MessageForm>,
    pub(super) roster: Roster<Place>,
}

impl WorkersConnections {
    /// Those that are open already.
    pub(super) fn load(bridge: Bridge, form: Option<&'static MessageForm>) -> Self {
        let roster = Roster::default();
        let mut members = bridge.connections().unwrap_or_default().into_iter();
        while let (Some(id), Some(form)) = (members.next(), members.next()) {
            if form.is_null() {
                // Its `open` is what has us look.
                continue;
            }
            let form = form.dyn_into::<Uint8Array>().ok();
            let peer = form.and_then(|form| decode_peer(&form.to_vec()).ok());
            let Some(peer) = peer else {
                // Kept by another version: whoever is at its other end connects again.
                let id = id.as_string().unwrap_or_default();
                let _ = bridge.close(&id, CloseCode::Restart.number(), "reset");
                continue;
            };
            // One whose `connect` was not over is asked for again, or closed.
            if !peer.opening {
                let place = Place::new(peer.number, peer.name, peer.raw, peer.binary);
                roster.restore(peer.number, peer.attachment, place, false);
            }
        }
        Self {
            bridge,
            form,
            roster,
        }
    }

    /// Adds one that comes.
    pub(super) fn add(
        &self,
        attachment: Attachment,
        name: Option<Arc<str>>,
        (raw, binary): (bool, bool),
        opening: bool,
    ) -> Result<(), String> {
        let id = attachment.id;
        let place = Place::new(self.roster.next(), name, raw, binary);
        self.roster.add(attachment, place, opening);
        self.keep(id, opening)
    }

    /// Lays what is known of a connection beside its socket.
    pub(super) fn keep(&self, id: ConnectionId, opening: bool) -> Result<(), String> {
        let Some(attachment) = self.roster.get(id) else {
            return Ok(());
        };
        let peer = self.roster.place(id, |place| Peer {
            number: place.number,
            name: place.name.clone(),
            raw: place.raw,
            binary: place.binary.is_some(),
            opening,
            attachment: (*attachment).clone(),
        });
        let Some(peer) = peer else { return Ok(()) };
        let form = encode_peer(&peer)?;
        let kept = self.bridge.attach(&id.to_string(), &form);
        kept.map_err(|thrown| text_of(&thrown))
    }

    /// Sends what a message is answered with.
    pub(super) fn answer(&self, id: ConnectionId, text: &[u8]) {
        let ids = Array::of1(&JsValue::from_str(&id.to_string()));
        let form = self.roster.place(id, |place| place.binary).flatten();
        let message = match form {
            Some(form) => bytes_value(&form.write(text)),
            None => text_value(text),
        };
        self.dispatch(&ids, &message);
    }

    fn dispatch(&self, ids: &Array, message: &JsValue) {
        if let Err(thrown) = self.bridge.send(ids, message) {
            let _ = self
                .bridge
                .report(&format!("nothing was sent: {}", text_of(&thrown)));
        }
    }
}

impl Place {
    fn new(number: u64, name: Option<Arc<str>>, raw: bool, binary: bool) -> Self {
        Self {
            number,
            name,
            raw,
            binary: app().filter(|_| binary).and_then(|app| app.binary()),
            live: OnceCell::new(),
            readers: OnceCell::new(),
        }
    }
}

impl Connections for WorkersConnections {
    fn each(&self, look: &mut dyn FnMut(&Rc<Attachment>)) {
        self.roster.each(look);
    }

    fn get(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        self.roster.get(id)
    }

    fn set(&self, attachment: Rc<Attachment>) {
        let id = attachment.id;
        self.roster.set(attachment);
        if let Err(fault) = self.keep(id, false) {
            let message = format!("the state of connection {id} is not kept: {fault}");
            let _ = self.bridge.report(&message);
        }
    }

    fn admit(&self, id: ConnectionId) {
        self.roster.admit(id);
    }

    fn send(&self, to: Audience<'_>, packet: &Packet) {
        let (sockets, binary, streams) = (Array::new(), Array::new(), Array::new());
        let typed = Array::new();
        let mut form = None;
        self.roster.audience(to, |attachment, place| {
            let ids = match attachment.kind {
                ConnectionKind::WebSocket if place.binary.is_some() => {
                    form = place.binary;
                    &binary
                }
                ConnectionKind::WebSocket if place.raw && self.form.is_some() => &typed,
                ConnectionKind::WebSocket => &sockets,
                ConnectionKind::Sse => &streams,
            };
            ids.push(&JsValue::from_str(&attachment.id.to_string()));
        });
        if sockets.length() > 0 {
            self.dispatch(&sockets, &message(packet));
        }
        if let Some(form) = self.form.filter(|_| typed.length() > 0) {
            let message = match packet {
                Packet::Event(event) => text_value(event.message(form, Into::into)),
                Packet::Frame(_) => message(packet),
            };
            self.dispatch(&typed, &message);
        }
        if let Some(form) = form {
            let message = match packet {
                Packet::Event(event) => bytes_value(event.binary(|text| form.write(&text).into())),
                Packet::Frame(_) => message(packet),
            };
            self.dispatch(&binary, &message);
        }
        if streams.length() > 0 {
            let text = match packet {
                Packet::Event(event) => event.stream().clone(),
                Packet::Frame(frame) => stream_text(frame.as_text().unwrap_or_default()),
            };
            self.dispatch(&streams, &text_value(&text));
        }
    }

    fn subscribe(&self, id: ConnectionId, events: &[Arc<str>], on: bool) -> Option<Rc<Attachment>> {
        let changed = self.roster.subscribe(id, events, on)?;
        if let Err(fault) = self.keep(id, false) {
            self.roster.subscribe(id, events, !on);
            let message = format!("what connection {id} listens to is not kept: {fault}");
            let _ = self.bridge.report(&message);
            return None;
        }
        Some(changed)
    }

    fn close(&self, id: ConnectionId, code: u16, reason: &str) {
        // One that is closed already needs nothing more.
        let _ = self.bridge.close(&id.to_string(), code, reason);
    }
}

/// What a packet is on a WebSocket: text, or bytes.
fn message(packet: &Packet) -> JsValue {
    match packet {
        Packet::Event(event) => text_value(event.notification(Into::into)),
        Packet::Frame(Frame::Text(text)) => JsValue::from_str(text),
        Packet::Frame(Frame::Binary(bytes)) => bytes_value(bytes),
    }
}

fn bytes_value(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn text_value(text: &[u8]) -> JsValue {
    JsValue::from_str(&String::from_utf8_lossy(text))
}
