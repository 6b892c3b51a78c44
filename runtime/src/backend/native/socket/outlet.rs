//! The side of a connection that has its socket: what waits to be written, and whether the other end still lives.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::queue::Queue;
use super::{FAREWELL, Heartbeat, MAX_ANSWERS, MAX_ASKED, MAX_FILLED, MAX_WAITING, Name, Order};
use crate::http::{Answerable, Binary, Opening};
use crate::object::Target;
use crate::rpc::Reply;
use crate::socket::MessageForm;
use crate::socket::{CloseCode, ConnectionId, ConnectionKind, Frame, Gone, Packet, stream_text};
use crate::stream::Readers;

/// What a stream of events begins with: how long a client waits before it connects again, in milliseconds.
const PRELUDE: &[u8] = b"retry: 1000\n\n";

/// What an outlet's bytes are.
pub(crate) enum Encoding {
    /// Frames of a WebSocket; what is JSON is in this form, if it is not text.
    WebSocket(Option<Binary>),
    /// Frames of a WebSocket whose messages say by type what they are, events too.
    Messages(&'static MessageForm),
    /// Server-Sent Events.
    Stream,
    /// None: a test takes the packets as they are.
    Packets(RefCell<VecDeque<Packet>>),
}

/// One connection, on the thread of its socket.
pub(crate) struct Outlet {
    pub(super) name: Name,
    pub(super) target: Target,
    encoding: Encoding,
    pub(super) queue: RefCell<Queue>,
    waker: RefCell<Option<Waker>>,
    /// How it is to end, once what waits is written.
    closing: RefCell<Option<Closing>>,
    /// It ends now, whatever waits.
    dead: Cell<bool>,
    /// How it ended, once that is known.
    gone: RefCell<Option<Gone>>,
    /// Requests under way.
    asked: Cell<usize>,
    /// Results that are sent item by item.
    pub(super) readers: Readers,
    heard: Cell<Instant>,
    pinged: Cell<Option<Instant>>,
}

#[derive(Debug, Clone)]
pub(super) struct Closing {
    pub(super) code: u16,
    pub(super) reason: String,
    since: Instant,
}

impl Encoding {
    pub(in crate::backend::native) fn of(opening: &Opening) -> Self {
        match opening.kind() {
            ConnectionKind::WebSocket => match opening.form() {
                Some(form) => Self::Messages(form),
                None => Self::WebSocket(opening.binary()),
            },
            ConnectionKind::Sse => Self::Stream,
        }
    }
}

impl Outlet {
    fn new(name: Name, target: Target, encoding: Encoding) -> Rc<Self> {
        let begins = matches!(encoding, Encoding::Stream);
        let outlet = Rc::new(Self {
            name,
            target,
            encoding,
            queue: RefCell::default(),
            waker: RefCell::new(None),
            closing: RefCell::new(None),
            dead: Cell::new(false),
            gone: RefCell::new(None),
            asked: Cell::new(0),
            readers: Readers::default(),
            heard: Cell::new(Instant::now()),
            pinged: Cell::new(None),
        });
        if begins {
            outlet.queue.borrow_mut().push(PRELUDE);
        }
        outlet
    }

    /// Its number on this thread.
    pub(crate) fn slot(&self) -> u64 {
        self.name.slot
    }

    /// Sends a packet after everything before it.
    pub(super) fn send(&self, packet: &Packet) {
        if !self.takes_more() {
            return;
        }
        let mut queue = self.queue.borrow_mut();
        match (&self.encoding, packet) {
            (Encoding::WebSocket(None), Packet::Event(event)) => {
                queue.push_shared(event.notification(|text| framed(Data::Text, &text)));
            }
            (Encoding::WebSocket(Some(form)), Packet::Event(event)) => {
                queue.push_shared(event.binary(|text| framed(Data::Binary, &form.write(&text))));
            }
            (Encoding::Messages(form), Packet::Event(event)) => {
                queue.push_shared(event.message(form, |text| framed(Data::Text, &text)));
            }
            (Encoding::WebSocket(_) | Encoding::Messages(_), Packet::Frame(frame)) => {
                let data = match frame {
                    Frame::Text(_) => Data::Text,
                    Frame::Binary(_) => Data::Binary,
                };
                push_frame(&mut queue, data, frame.as_bytes());
            }
            (Encoding::Stream, Packet::Event(event)) => queue.push_shared(event.stream()),
            (Encoding::Stream, Packet::Frame(frame)) => {
                queue.push_shared(&stream_text(frame.as_text().unwrap_or_default()));
            }
            (Encoding::Packets(packets), packet) => packets.borrow_mut().push_back(packet.clone()),
        }
        drop(queue);
        self.wake();
    }

    /// Sends what a message is answered with.
    pub(super) fn send_answer(&self, text: &[u8]) {
        let too_many = self.queue.borrow().answers_len() > MAX_ANSWERS;
        if self.refuses(too_many) {
            return;
        }
        let mut queue = self.queue.borrow_mut();
        if let Encoding::WebSocket(Some(form)) = &self.encoding {
            let bytes = form.write(text);
            push_frame(&mut queue, Data::Binary, &bytes);
            queue.note_answer(bytes.len());
        } else {
            push_frame(&mut queue, Data::Text, text);
            queue.note_answer(text.len());
        }
        drop(queue);
        self.wake();
    }

    /// Sends some of what is read item by item, while little waits: whoever reads slowly stops whoever sends. Whether
    /// anything was sent.
    pub(super) fn fill(&self, cx: &Context<'_>) -> bool {
        if self.is_closing() {
            self.readers.close();
            return false;
        }
        let mut sent = false;
        while self.queue.borrow().len() < MAX_FILLED
            && let Poll::Ready(frame) = self.readers.poll_frame(cx)
        {
            let Some(frame) = frame else {
                self.end();
                continue;
            };
            let mut queue = self.queue.borrow_mut();
            push_frame(&mut queue, Data::Text, &frame);
            queue.note_answer(frame.len());
            sent = true;
        }
        sent
    }

    /// Answers a request that was [begun](Self::begin).
    pub(super) fn answer(&self, answerable: &Answerable, reply: Reply) {
        thread_local! {
            static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            answerable.write(reply, scratch);
            if !scratch.is_empty() {
                self.send_answer(scratch);
            }
            if scratch.capacity() > MAX_WAITING {
                *scratch = Vec::new();
            }
        });
        self.end();
    }

    /// A request is under way.
    pub(super) fn begin(&self) {
        self.asked.set(self.asked.get() + 1);
    }

    /// A request has ended.
    pub(super) fn end(&self) {
        let asked = self.asked.get();
        self.asked.set(asked - 1);
        // It was read no further, or it is the last one before the server ends.
        if asked == MAX_ASKED || asked == 1 {
            self.wake();
        }
    }

    /// Whether more requests may be read.
    pub(super) fn may_ask(&self) -> bool {
        self.asked.get() < MAX_ASKED
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asked.get() > 0
    }

    /// Whether nothing more is to be read before it has taken some of what waits.
    pub(super) fn is_full(&self) -> bool {
        self.queue.borrow().len() > MAX_WAITING
    }

    /// Whether one more message that it did not ask for may wait.
    fn takes_more(&self) -> bool {
        let queue = self.queue.borrow();
        let too_many = queue.len() - queue.answers_len().min(queue.len()) > MAX_WAITING;
        drop(queue);
        !self.refuses(too_many)
    }

    /// Whether it takes no more. When too much waits, it reads too slowly: it is closed.
    fn refuses(&self, too_many: bool) -> bool {
        if self.is_closing() {
            return true;
        }
        if too_many {
            let code = CloseCode::Slow.number();
            tracing::debug!("connection {} reads too slowly", self.name.id);
            self.close(code, "slow");
            self.end_as(code, "slow", false);
        }
        too_many
    }

    /// Ends it after what waits is written.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        let mut closing = self.closing.borrow_mut();
        if closing.is_none() {
            *closing = Some(Closing {
                code,
                reason: reason.to_owned(),
                since: Instant::now(),
            });
        }
        drop(closing);
        self.wake();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.borrow().is_some()
    }

    pub(super) fn closing(&self) -> Option<Closing> {
        self.closing.borrow().clone()
    }

    /// Whether it must end without further ado.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// Says how it ended; the first word counts.
    pub(crate) fn end_as(&self, code: u16, reason: &str, clean: bool) {
        self.gone.borrow_mut().get_or_insert_with(|| Gone {
            code,
            reason: reason.to_owned(),
            clean,
        });
    }

    pub(super) fn set_waker(&self, waker: &Waker) {
        let mut own = self.waker.borrow_mut();
        if own.as_ref().is_none_or(|own| !own.will_wake(waker)) {
            *own = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Something came from the other end.
    pub(super) fn hear(&self, now: Instant) {
        self.heard.set(now);
        self.pinged.set(None);
    }

    /// Pings it if it has been silent, ends it if it does not answer.
    fn check_life(&self, now: Instant, heartbeat: Heartbeat) {
        if let Some(closing) = &*self.closing.borrow() {
            if now.duration_since(closing.since) >= FAREWELL {
                self.die();
            }
            return;
        }
        match (&self.encoding, self.pinged.get()) {
            (Encoding::Packets(_), _) => {}
            (_, Some(pinged)) if now.duration_since(pinged) >= heartbeat.pong => self.die(),
            (_, Some(_)) => {}
            (_, None) if now.duration_since(self.heard.get()) < heartbeat.ping => {}
            (Encoding::WebSocket(_) | Encoding::Messages(_), None) => {
                // An empty ping: two bytes.
                self.queue.borrow_mut().push(&[0x89, 0]);
                self.pinged.set(Some(now));
                self.wake();
            }
            (Encoding::Stream, None) => {
                // Nobody answers on a stream; that it cannot be written tells.
                if self.takes_more() {
                    self.queue.borrow_mut().push(b": ping\n\n");
                    self.heard.set(now);
                    self.wake();
                }
            }
        }
    }

    fn die(&self) {
        self.dead.set(true);
        self.wake();
    }

    /// Looks at the next packet of a test's connection.
    pub(crate) fn peek_packet<R>(&self, look: impl FnOnce(&Packet) -> R) -> Option<R> {
        match &self.encoding {
            Encoding::Packets(packets) => packets.borrow().front().map(look),
            _ => None,
        }
    }

    /// The next packet of a test's connection.
    pub(crate) fn pop_packet(&self) -> Option<Packet> {
        match &self.encoding {
            Encoding::Packets(packets) => packets.borrow_mut().pop_front(),
            _ => None,
        }
    }

    /// How it was closed, if it was.
    pub(crate) fn closed_with(&self) -> Option<(u16, String)> {
        self.closing().map(|closing| (closing.code, closing.reason))
    }
}

/// The longest header of a frame without a mask, which a server's never have.
const MAX_HEADER: usize = 10;

/// The header of a whole message.
fn frame_header(bytes: &mut [u8; MAX_HEADER], data: Data, len: usize) -> &[u8] {
    let header = FrameHeader {
        opcode: OpCode::Data(data),
        ..FrameHeader::default()
    };
    let mut rest = &mut bytes[..];
    // The longest header fits.
    let _ = header.format(len as u64, &mut rest);
    let left = rest.len();
    &bytes[..MAX_HEADER - left]
}

/// A whole message.
fn framed(data: Data, payload: &[u8]) -> Bytes {
    let mut header = [0; MAX_HEADER];
    let header = frame_header(&mut header, data, payload.len());
    [header, payload].concat().into()
}

fn push_frame(queue: &mut Queue, data: Data, payload: &[u8]) {
    let mut header = [0; MAX_HEADER];
    queue.push(frame_header(&mut header, data, payload.len()));
    queue.push(payload);
}

/// All connections of one thread.
#[derive(Default)]
pub(crate) struct Outlets {
    slots: RefCell<HashMap<u64, Rc<Outlet>>>,
    next: Cell<u64>,
    draining: Cell<bool>,
}

impl Outlets {
    /// Makes room for a connection.
    pub(super) fn add(&self, id: ConnectionId, target: Target, encoding: Encoding) -> Rc<Outlet> {
        let slot = self.next.get();
        self.next.set(slot + 1);
        let outlet = Outlet::new(Name { id, slot }, target, encoding);
        self.slots.borrow_mut().insert(slot, outlet.clone());
        outlet
    }

    fn remove(&self, slot: u64) {
        self.slots.borrow_mut().remove(&slot);
    }

    /// Does what an object asked for.
    pub(in crate::backend::native) fn obey(&self, order: Order) {
        let outlets = self.slots.borrow();
        match order {
            Order::Send { slots, packet } => {
                for outlet in slots.iter().filter_map(|slot| outlets.get(slot)) {
                    outlet.send(&packet);
                }
            }
            Order::Close { slot, code, reason } => {
                if let Some(outlet) = outlets.get(&slot) {
                    outlet.close(code, &reason);
                }
            }
        }
    }

    /// Closes those whose object is not there any more.
    pub(crate) fn reset(&self, lost: impl Fn(&Target) -> bool) {
        for outlet in self.slots.borrow().values() {
            if lost(&outlet.target) {
                outlet.close(CloseCode::Restart.number(), "reset");
            }
        }
    }

    /// Has every connection end when what it asked for is answered.
    pub(in crate::backend::native) fn drain(&self) {
        self.draining.set(true);
        for outlet in self.slots.borrow().values() {
            outlet.wake();
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Watches over the connections, for ever.
    pub(in crate::backend::native) async fn watch(&self, heartbeat: Heartbeat) {
        let pause = (heartbeat.ping.min(heartbeat.pong) / 4)
            .clamp(Duration::from_millis(10), Duration::from_secs(1));
        loop {
            tokio::time::sleep(pause).await;
            let now = Instant::now();
            for outlet in self.slots.borrow().values() {
                outlet.check_life(now, heartbeat);
            }
        }
    }
}

/// A connection's place: as long as it is held, the object knows of the connection.
pub(crate) struct Place {
    pub(super) outlet: Rc<Outlet>,
    outlets: Rc<Outlets>,
    /// Tells the object that it is gone.
    farewell: Option<Box<dyn FnOnce(Gone)>>,
}

impl Place {
    pub(crate) fn new(
        outlets: &Rc<Outlets>,
        id: ConnectionId,
        target: Target,
        encoding: Encoding,
        farewell: impl FnOnce(Gone) + 'static,
    ) -> Self {
        Self {
            outlet: outlets.add(id, target, encoding),
            outlets: outlets.clone(),
            farewell: Some(Box::new(farewell)),
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.outlets.is_draining()
    }

    pub(crate) fn outlet(&self) -> &Rc<Outlet> {
        &self.outlet
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.outlets.remove(self.outlet.name.slot);
        self.outlet.readers.close();
        let gone = self.outlet.gone.take().unwrap_or_else(|| {
            let closing = self.outlet.closing();
            let (code, reason) = closing.map_or_else(
                || (CloseCode::Abnormal.number(), String::new()),
                |closing| (closing.code, closing.reason),
            );
            Gone {
                code,
                reason,
                clean: false,
            }
        });
        if let Some(farewell) = self.farewell.take() {
            farewell(gone);
        }
    }
}
