//! An event on its way to clients.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::connection::ConnectionId;
use super::effect::{Effect, Recipients, View};
use super::packet::{EventPacket, own_names};
use crate::backend::StorageFault;
use crate::object::{RawContext, wire_name};

/// An event that is sent to those who listen to it, when the commit of the running method is on disk.
///
/// It needs nothing more to be done; the methods narrow down who gets it.
pub struct Broadcast<'a> {
    raw: &'a RawContext,
    /// `None` if its data cannot be encoded: then the action fails.
    event: Option<Outgoing>,
    to: Recipients,
}

/// An event, encoded.
pub(crate) struct Outgoing {
    pub(crate) name: Arc<str>,
    pub(crate) data: Bytes,
    /// Keeps it for those who come later, if it is such a one.
    pub(crate) keep: Option<Keep>,
    /// What each connection gets to see, if that is not the same for all.
    pub(crate) view: Option<View>,
}

/// Keeps an event, and answers its place in the object's log, if it has one.
pub(crate) type Keep =
    Box<dyn FnOnce(&RawContext, &Outgoing, &Recipients) -> Result<Option<String>, StorageFault>>;

impl<'a> Broadcast<'a> {
    pub(crate) fn new(raw: &'a RawContext, event: Option<Outgoing>) -> Self {
        Self {
            raw,
            event,
            to: Recipients::default(),
        }
    }

    /// Not to this connection; may be said more than once.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "dropping it is what sends it"
    )]
    pub fn except(mut self, connection: ConnectionId) -> Self {
        self.to.except.push(connection);
        self
    }

    /// Only to this connection, if it listens to the event.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "dropping it is what sends it"
    )]
    pub fn to_connection(mut self, connection: ConnectionId) -> Self {
        self.to.connection = Some(connection);
        self
    }

    /// Only to the connections in this room, which [`Connection::join`](super::Connection::join) brought there. Said more
    /// than once: to those in any of the rooms. A mixin's rooms are its own.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "dropping it is what sends it"
    )]
    pub fn to(mut self, room: &str) -> Self {
        self.to.rooms.push(wire_name(&self.raw.mount, room));
        self
    }

    /// Only to the connections of this subject.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "dropping it is what sends it"
    )]
    pub fn to_subject(mut self, subject: &str) -> Self {
        self.to.subject = Some(subject.to_owned());
        self
    }

    /// How many connections it goes to, as it looks now: some may come or go before it is sent.
    pub fn count(self) -> usize {
        let (Some(event), Some(connections)) = (&self.event, self.raw.connections()) else {
            return 0;
        };
        let mut count = 0;
        connections.each(&mut |attachment| {
            // As this very method has made it, which may have brought it into the room.
            let attachment = self.raw.turn.effects.applied_to(attachment.clone());
            count += usize::from(self.to.include(&event.name, &attachment));
        });
        count
    }
}

impl Drop for Broadcast<'_> {
    fn drop(&mut self) {
        let Some(mut event) = self.event.take() else {
            return;
        };
        let to = std::mem::take(&mut self.to);
        // What goes to one connection is for nobody who comes later.
        let keep = event.keep.take().filter(|_| to.connection.is_none());
        let cursor = match keep {
            Some(keep) if !self.raw.turn.is_ended() => match keep(self.raw, &event, &to) {
                Ok(cursor) => cursor,
                Err(fault) => return self.raw.poison(fault),
            },
            _ => None,
        };
        let rooms = own_names(&self.raw.mount, &to.rooms);
        let packet = EventPacket::placed(event.name, event.data, cursor, rooms);
        let view = event.view;
        self.raw.push_effect(Effect::Event { packet, to, view });
    }
}

impl fmt::Debug for Broadcast<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("event", &self.event.as_ref().map(|event| &event.name))
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
