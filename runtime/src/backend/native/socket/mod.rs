//! Connections that stay open. The thread that has the socket ([`Outlet`]) and the thread that has the object
//! ([`ObjectSockets`]) tell each other what happens by messages.

mod body;
mod outlet;
mod queue;
mod table;
mod websocket;
mod wire;

pub(super) use body::ReplyBody;
pub(crate) use outlet::{Encoding, Outlets, Place};
pub(super) use table::{Slot, SocketTable};
pub(super) use websocket::{accept_key, serve};
pub(super) use wire::Wire;

use std::sync::Arc;
use std::time::Duration;

use crate::object::{Caller, Timestamp};
use crate::socket::{ConnectionId, ConnectionKind, Frame, Gone, Packet};

/// How many bytes may wait for one connection: events and frames, which it did not ask for.
const MAX_WAITING: usize = 1 << 20;
/// How many bytes of answers may wait for one connection besides.
const MAX_ANSWERS: usize = 16 << 20;
/// Items are sent while less than this waits.
const MAX_FILLED: usize = 64 << 10;
/// How many requests of one connection may be under way.
const MAX_ASKED: usize = 128;
/// How long a connection that is being closed may take to say so itself.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the thread of a socket tells the thread of the object.
pub(crate) enum News {
    /// A connection wants in. Answered under its slot of pending calls.
    Open { newcomer: Newcomer, ask: u64 },
    /// It listens to other events. Answered likewise.
    Subscribe {
        events: Vec<Arc<str>>,
        on: bool,
        ask: u64,
    },
    /// It sent a frame of its own protocol.
    Frame(Frame),
    /// It is gone.
    Gone(Gone),
}

/// A connection that wants in.
pub(crate) struct Newcomer {
    pub(crate) kind: ConnectionKind,
    pub(crate) caller: Arc<Caller>,
    pub(crate) since: Timestamp,
    pub(crate) events: Vec<Arc<str>>,
    /// The query of the URL that it came by, if the class's handlers take any of it.
    pub(crate) query: Arc<str>,
    /// Its number on the thread of the socket.
    pub(crate) slot: u64,
}

/// What the thread of the object has the thread of the socket do.
pub(super) enum Order {
    /// Send to connections, by their numbers.
    Send { slots: Vec<u64>, packet: Packet },
    /// End a connection.
    Close {
        slot: u64,
        code: u16,
        reason: String,
    },
}

/// How connections are kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// After so long a silence it is pinged.
    pub ping: Duration,
    /// So long it may take to answer.
    pub pong: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(8),
        }
    }
}

/// Names a connection: by its id for all, by its number on the thread that has its socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) id: ConnectionId,
    pub(super) slot: u64,
}
