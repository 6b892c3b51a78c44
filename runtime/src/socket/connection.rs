//! A connection, as an object's code sees it.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::close::check_close;
use super::effect::Effect;
use super::frame::{Frame, MAX_FRAME};
use super::packet::{EventPacket, Packet};
use crate::backend::StorageFault;
use crate::event::DeclaredBy;
use crate::object::{Caller, Context, Timestamp, wire_name};
use crate::state::{Stateful, encode};

/// How many bytes the state of one connection may take, all mounts together, as JSON.
pub const MAX_STATE: usize = 8 << 10;

/// How many rooms a connection may be in at once, all mounts together.
pub const MAX_ROOMS: usize = 64;

/// How many bytes the name of a room may have.
pub const MAX_ROOM_NAME: usize = 128;

/// What tells a connection from all others: 128 random bits, written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u128);

/// A text that is no id of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoConnectionId;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionKind {
    /// A WebSocket: both ways.
    WebSocket,
    /// Server-Sent Events: it only listens.
    Sse,
}

/// Everything known of a connection. A backend keeps it for as long as the connection is open.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its id.
    pub id: ConnectionId,
    /// What it speaks.
    pub kind: ConnectionKind,
    /// Who is at the other end.
    pub caller: Arc<Caller>,
    /// When it came.
    pub since: Timestamp,
    /// Wire names of the events it listens to, sorted.
    pub events: Vec<Arc<str>>,
    /// The rooms it is in, mounts included, sorted.
    pub rooms: Vec<Arc<str>>,
    /// Mounts and the JSON text of their state.
    pub state: Vec<(Arc<str>, Arc<str>)>,
}

/// A connection to this object, as it was when it was asked for.
#[derive(Clone)]
pub struct Connection {
    attachment: Rc<Attachment>,
    /// The mixin that looks at it; empty for the object itself.
    mount: Arc<str>,
}

impl ConnectionId {
    /// An id of randomness.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl Attachment {
    /// A connection that has come just now.
    pub fn new(
        id: ConnectionId,
        kind: ConnectionKind,
        caller: Arc<Caller>,
        since: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            caller,
            since,
            events: Vec::new(),
            rooms: Vec::new(),
            state: Vec::new(),
        }
    }

    /// Whether it is in the room.
    pub fn is_in(&self, room: &str) -> bool {
        self.rooms
            .binary_search_by(|joined| (**joined).cmp(room))
            .is_ok()
    }

    /// Brings it into a room, or out of it.
    pub(super) fn set_in(&mut self, room: &Arc<str>, joins: bool) {
        match (self.rooms.binary_search(room), joins) {
            (Err(at), true) => self.rooms.insert(at, room.clone()),
            (Ok(at), false) => drop(self.rooms.remove(at)),
            _ => {}
        }
    }

    /// Whether it listens to the event.
    pub fn hears(&self, event: &str) -> bool {
        self.events
            .binary_search_by(|heard| (**heard).cmp(event))
            .is_ok()
    }

    /// Listens to more events, or to fewer.
    pub fn subscribe(&mut self, events: &[Arc<str>], on: bool) {
        for event in events {
            match (self.events.binary_search(event), on) {
                (Err(at), true) => self.events.insert(at, event.clone()),
                (Ok(at), false) => drop(self.events.remove(at)),
                _ => {}
            }
        }
    }

    /// JSON text of a mount's state.
    fn state_of(&self, mount: &str) -> Option<&Arc<str>> {
        let mut all = self.state.iter();
        Some(&all.find(|(of, _)| **of == *mount)?.1)
    }

    /// Sets a mount's state.
    pub(super) fn set_state(&mut self, mount: &Arc<str>, text: Arc<str>) {
        match self.state.iter_mut().find(|(of, _)| of == mount) {
            Some((_, kept)) => *kept = text,
            None => self.state.push((mount.clone(), text)),
        }
    }

    fn state_bytes(&self) -> usize {
        self.state
            .iter()
            .map(|(mount, text)| mount.len() + text.len())
            .sum()
    }
}

impl Connection {
    pub(crate) fn new(attachment: Rc<Attachment>, mount: Arc<str>) -> Self {
        Self { attachment, mount }
    }

    /// Its id, for `except`, `to_connection` and whatever clients may know of each other.
    pub fn id(&self) -> ConnectionId {
        self.attachment.id
    }

    /// Who is at the other end, as it was authenticated.
    pub fn caller(&self) -> &Caller {
        &self.attachment.caller
    }

    /// The caller's name; empty for an anonymous one.
    pub fn subject(&self) -> &str {
        self.attachment.caller.subject()
    }

    /// When it came.
    pub fn since(&self) -> Timestamp {
        self.attachment.since
    }

    /// What it speaks.
    pub fn kind(&self) -> ConnectionKind {
        self.attachment.kind
    }

    /// Its state; `None` if it has none, or one of another type. A mixin sees its own.
    pub fn state<T: DeserializeOwned>(&self) -> Option<T> {
        let text = self.attachment.state_of(&self.mount)?;
        serde_json::from_str(text).ok()
    }

    /// Sets its state, which lasts as long as the connection does. It takes effect with the commit of the running
    /// method, and in what that method reads from now on.
    ///
    /// The state of one connection takes at most 8 KiB of JSON, that of all mounts together; more poisons the action with
    /// `state.unstorable`.
    pub fn set_state<S: Stateful>(&mut self, cx: &mut Context<S>, state: &impl Serialize) {
        if let Err(fault) = self.try_set_state(cx, state) {
            cx.poison(fault);
        }
    }

    /// [`set_state`](Self::set_state), with the fault.
    pub fn try_set_state<S: Stateful>(
        &mut self,
        cx: &mut Context<S>,
        state: &impl Serialize,
    ) -> Result<(), StorageFault> {
        let text = encode("connection", state)?;
        let text: Arc<str> = String::from_utf8_lossy(&text).into();
        let mut changed = (*self.latest(cx)).clone();
        changed.set_state(&self.mount, text.clone());
        let bytes = changed.state_bytes();
        if bytes > MAX_STATE {
            return Err(StorageFault::Encode {
                path: "connection".to_owned(),
                reason: format!(
                    "the state of a connection has {bytes} bytes, at most {MAX_STATE} are allowed"
                ),
            });
        }
        self.attachment = Rc::new(changed);
        cx.push_effect(Effect::State {
            id: self.id(),
            mount: self.mount.clone(),
            text,
        });
        Ok(())
    }

    /// The rooms it is in, sorted. A mixin sees its own.
    pub fn rooms(&self) -> Vec<&str> {
        let rooms = self.attachment.rooms.iter();
        rooms
            .filter_map(|room| own_room(&self.mount, room))
            .collect()
    }

    /// Whether it is in this room.
    pub fn is_in(&self, room: &str) -> bool {
        self.attachment.is_in(&wire_name(&self.mount, room))
    }

    /// Brings it into a room, for as long as it is open or until it [`leave`](Self::leave)s: what
    /// [`Broadcast::to`](super::Broadcast::to) sends to the room reaches it, if it listens to the event. It takes effect
    /// with the commit of the running method, and in what that method reads from now on. Rooms of a mixin are its own.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// #[event] struct Said { text: String }
    ///
    /// #[durable_object(events(Said))]
    /// struct Desk {}
    ///
    /// #[durable_object]
    /// impl Desk {
    ///     #[action]
    ///     fn enter(&mut self, cx: &mut Context<Self>, room: String) {
    ///         if let Some(mut connection) = cx.connection() {
    ///             connection.join(cx, &room);
    ///         }
    ///     }
    ///
    ///     /// Says it in a room; answers how many hear it.
    ///     #[action]
    ///     fn say(&mut self, cx: &mut Context<Self>, room: String, text: String) -> u32 {
    ///         cx.broadcast(Said { text }).to(&room).count() as u32
    ///     }
    /// }
    ///
    /// stayput::app!(Desk);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let ann = t.as_user("ann").connect(&Desk::named(t, "d")).await.unwrap();
    ///     ann.subscribe(&["said"]).await.unwrap();
    ///     Desk::named(&ann, "d").enter("news").await.unwrap();
    ///     let desk = Desk::named(t, "d");
    ///     assert_eq!(desk.say("sports", "goal").await.unwrap(), 0);
    ///     assert_eq!(desk.say("news", "rain").await.unwrap(), 1);
    ///     t.settle().await;
    ///     assert_eq!(ann.next::<Said>().unwrap().text, "rain");
    /// });
    /// # }
    /// ```
    ///
    /// A connection is in at most 64 rooms, all mounts together, and a name has 1 to 128 bytes; beyond that the action is
    /// poisoned with `state.unstorable`.
    pub fn join<S: Stateful>(&mut self, cx: &mut Context<S>, room: &str) {
        let joined = self.latest(cx).rooms.len();
        let reason = match room.len() {
            0 => "the name of a room is empty".to_owned(),
            length if length > MAX_ROOM_NAME => format!(
                "the name of a room has {length} bytes, at most {MAX_ROOM_NAME} are allowed"
            ),
            _ if joined >= MAX_ROOMS && !self.is_in(room) => {
                format!("a connection is in at most {MAX_ROOMS} rooms: have it leave one first")
            }
            _ => return self.set_in(cx, room, true),
        };
        cx.poison(StorageFault::Encode {
            path: "room".to_owned(),
            reason,
        });
    }

    /// Brings it out of a room; nothing happens if it is not in it.
    pub fn leave<S: Stateful>(&mut self, cx: &mut Context<S>, room: &str) {
        self.set_in(cx, room, false);
    }

    fn set_in<S: Stateful>(&mut self, cx: &mut Context<S>, room: &str, joins: bool) {
        let room = wire_name(&self.mount, room);
        let mut changed = (*self.latest(cx)).clone();
        changed.set_in(&room, joins);
        self.attachment = Rc::new(changed);
        cx.push_effect(Effect::Room {
            id: self.id(),
            room,
            joins,
        });
    }

    /// As it is by now: what others have set meanwhile stays.
    fn latest<S: Stateful>(&self, cx: &Context<S>) -> Rc<Attachment> {
        cx.attachment(self.id())
            .unwrap_or_else(|| self.attachment.clone())
    }

    /// Sends an event to this connection, whether it listens to it or not, when the commit of the running method is on disk:
    /// what welcomes it, or answers it alone.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// /// What a newcomer has to know.
    /// #[event(public)] struct Welcome { topic: String, here: usize }
    ///
    /// #[durable_object(events(Welcome))]
    /// struct Room { topic: String }
    ///
    /// #[durable_object]
    /// impl Room {
    ///     #[event(connect)]
    ///     fn joined(&mut self, cx: &mut Context<Self>, connection: Connection) {
    ///         let welcome = Welcome { topic: self.topic.clone(), here: cx.connections().len() };
    ///         connection.tell(cx, &welcome);
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// Data that cannot be encoded poisons the action with `state.unstorable`.
    pub fn tell<S: Stateful, E: DeclaredBy<S>>(&self, cx: &mut Context<S>, event: &E) {
        let name = wire_name(&self.mount, E::NAME);
        match encode("event", event) {
            Ok(data) => {
                let packet = Packet::Event(EventPacket::new(name, data.into()));
                cx.push_effect(Effect::Send {
                    id: self.id(),
                    packet,
                });
            }
            Err(fault) => cx.poison(fault),
        }
    }

    /// Sends a raw frame, when the commit of the running method is on disk. One that is too long, or bytes to a
    /// connection that takes text only (Server-Sent Events), poisons the action with `state.unstorable`.
    pub fn send<S: Stateful>(&self, cx: &mut Context<S>, frame: impl Into<Frame>) {
        let frame = frame.into();
        let reason = match &frame {
            frame if frame.as_bytes().len() > MAX_FRAME => "a frame has at most 1,048,576 bytes",
            Frame::Binary(_) if self.kind() == ConnectionKind::Sse => {
                "Server-Sent Events are text; the connection takes no bytes"
            }
            _ => {
                let packet = Packet::Frame(frame);
                cx.push_effect(Effect::Send {
                    id: self.id(),
                    packet,
                });
                return;
            }
        };
        cx.poison(StorageFault::Encode {
            path: "frame".to_owned(),
            reason: reason.to_owned(),
        });
    }

    /// Ends it, when the commit of the running method is on disk, with a code of 1000 or from 3000 to 4999 and a reason
    /// of up to 123 bytes. Other codes and longer reasons poison the action with `state.unstorable`.
    pub fn close<S: Stateful>(&self, cx: &mut Context<S>, code: u16, reason: &str) {
        match check_close(code, reason) {
            Ok(()) => cx.push_effect(Effect::Close {
                id: self.id(),
                code,
                reason: reason.to_owned(),
            }),
            Err(reason) => cx.poison(StorageFault::Encode {
                path: "close".to_owned(),
                reason: reason.to_owned(),
            }),
        }
    }
}

/// A room as the mixin mounted there calls it; `None` if it is another one's.
fn own_room<'r>(mount: &str, room: &'r str) -> Option<&'r str> {
    if mount.is_empty() {
        return Some(room);
    }
    room.strip_prefix(mount)?.strip_prefix('.')
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id())
            .field("subject", &self.subject())
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionId({self})")
    }
}

impl FromStr for ConnectionId {
    type Err = NoConnectionId;

    fn from_str(text: &str) -> Result<Self, NoConnectionId> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits
            .then(|| u128::from_str_radix(text, 16).ok())
            .flatten();
        number.map(Self).ok_or(NoConnectionId)
    }
}

impl fmt::Display for NoConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a connection's id is 32 hex digits")
    }
}

impl std::error::Error for NoConnectionId {}

impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConnectionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl JsonSchema for ConnectionId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectionId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "connection-id", "pattern": "^[0-9a-f]{32}$"})
    }
}
