//! What the handlers of connections are given.

use std::rc::Rc;
use std::sync::Arc;

use super::connection::{Attachment, Connection, ConnectionId};
use super::frame::Frame;

/// A frame that reached the object.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Who sent it.
    pub connection: Connection,
    /// What it is.
    pub frame: Frame,
}

/// A connection that is gone.
#[derive(Debug, Clone)]
pub struct Disconnect {
    /// As it was; nothing reaches it any more.
    pub connection: Connection,
    /// The code of its close frame, 1005 if that had none, 1006 if there was none.
    pub code: u16,
    /// The reason in its close frame.
    pub reason: String,
    /// Whether it said good-bye.
    pub clean: bool,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// See [`Disconnect::code`].
    pub code: u16,
    /// See [`Disconnect::reason`].
    pub reason: String,
    /// See [`Disconnect::clean`].
    pub clean: bool,
}

/// Something that happened to a connection, on its way to the handlers.
#[derive(Debug)]
pub enum Hook {
    /// It wants in, by a URL with this query.
    Connect(ConnectionId, Arc<str>),
    /// It sent a frame.
    Message(ConnectionId, Frame),
    /// It is gone.
    Disconnect(Rc<Attachment>, Gone),
}

/// The kinds of [`Hook`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookKind {
    /// `#[event(connect)]`
    Connect,
    /// `#[event(message)]`
    Message,
    /// `#[event(disconnect)]`
    Disconnect,
}

/// Which handlers a class has, its mixins' included: without one its objects need not be woken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooks {
    /// `#[event(connect)]`
    pub connect: bool,
    /// `#[event(message)]`
    pub message: bool,
    /// `#[event(disconnect)]`
    pub disconnect: bool,
}

impl Hook {
    /// Its kind.
    pub fn kind(&self) -> HookKind {
        match self {
            Self::Connect(..) => HookKind::Connect,
            Self::Message(..) => HookKind::Message,
            Self::Disconnect(..) => HookKind::Disconnect,
        }
    }
}

impl HookKind {
    /// The handler's name, for logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Message => "message",
            Self::Disconnect => "disconnect",
        }
    }
}
