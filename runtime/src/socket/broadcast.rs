//! An event on its way to clients.

use std::fmt;
use std::sync::Arc;

use super::connection::ConnectionId;
use super::effect::{Effect, Recipients};
use super::packet::EventPacket;
use crate::object::RawContext;

/// An event that is sent to those who listen to it, when the commit of the running method is on disk.
///
/// It needs nothing more to be done; the methods narrow down who gets it.
pub struct Broadcast<'a> {
    raw: &'a RawContext,
    /// `None` if its data cannot be encoded: then the action fails.
    packet: Option<Arc<EventPacket>>,
    to: Recipients,
}

impl<'a> Broadcast<'a> {
    pub(crate) fn new(raw: &'a RawContext, packet: Option<Arc<EventPacket>>) -> Self {
        Self {
            raw,
            packet,
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
        let (Some(packet), Some(connections)) = (&self.packet, self.raw.connections()) else {
            return 0;
        };
        let mut count = 0;
        connections.each(&mut |attachment| {
            count += usize::from(self.to.include(&packet.name, attachment));
        });
        count
    }
}

impl Drop for Broadcast<'_> {
    fn drop(&mut self) {
        if let Some(packet) = self.packet.take() {
            let to = std::mem::take(&mut self.to);
            self.raw.push_effect(Effect::Event { packet, to });
        }
    }
}

impl fmt::Debug for Broadcast<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("event", &self.packet.as_ref().map(|packet| &packet.name))
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
