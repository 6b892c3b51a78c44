//! What a turn does to connections: nothing, until its commit is accepted.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::close::CloseCode;
use super::connection::{Attachment, Connection, ConnectionId};
use super::packet::{EventPacket, Packet};
use crate::backend::Connections;

/// One change, or one thing to send.
#[derive(Debug)]
pub(crate) enum Effect {
    /// State of a connection, as JSON text.
    State {
        id: ConnectionId,
        mount: Arc<str>,
        text: Arc<str>,
    },
    /// A connection comes into a room, or leaves it.
    Room {
        id: ConnectionId,
        room: Arc<str>,
        joins: bool,
    },
    /// A connection listens to an event from here on, or not any more.
    Listen {
        id: ConnectionId,
        event: Arc<str>,
        on: bool,
    },
    /// An event to those who listen to it.
    Event {
        packet: Arc<EventPacket>,
        to: Recipients,
        /// What each of them gets to see, if that is not the same for all.
        view: Option<View>,
    },
    /// Something to one connection.
    Send { id: ConnectionId, packet: Packet },
    /// The end of a connection.
    Close {
        id: ConnectionId,
        code: u16,
        reason: String,
    },
}

type See = dyn Fn(&Connection) -> Option<Bytes>;

/// What a connection gets to see of an event: JSON text, or nothing.
pub(crate) struct View {
    /// The mixin that broadcasts; empty for the object itself.
    pub(crate) mount: Arc<str>,
    pub(crate) see: Box<See>,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("View").field(&self.mount).finish()
    }
}

/// Which of those who listen to an event are meant.
#[derive(Debug, Clone, Default)]
pub struct Recipients {
    pub(super) except: Vec<ConnectionId>,
    pub(super) connection: Option<ConnectionId>,
    pub(super) subject: Option<String>,
    /// In any of these rooms; everywhere, if there is none.
    pub(super) rooms: Vec<Arc<str>>,
}

/// Whom a packet is for.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// One connection.
    One(ConnectionId),
    /// Of those who listen to an event those who are meant.
    Listeners(&'a str, &'a Recipients),
}

impl Audience<'_> {
    /// Whether the packet goes to this connection.
    pub(super) fn includes(self, attachment: &Attachment) -> bool {
        match self {
            Self::One(id) => id == attachment.id,
            Self::Listeners(event, to) => to.include(event, attachment),
        }
    }
}

impl Recipients {
    /// In any of which rooms; everywhere, if there is none.
    pub(crate) fn rooms(&self) -> &[Arc<str>] {
        &self.rooms
    }

    /// To whom alone.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether the event goes to this connection.
    pub(super) fn include(&self, event: &str, attachment: &Attachment) -> bool {
        self.connection.is_none_or(|id| id == attachment.id)
            && !self.except.contains(&attachment.id)
            && self
                .subject
                .as_ref()
                .is_none_or(|subject| subject == attachment.caller.subject())
            && (self.rooms.is_empty() || self.rooms.iter().any(|room| attachment.is_in(room)))
            && attachment.hears(event)
    }
}

/// The effects of one turn, in order.
#[derive(Debug, Default)]
pub(crate) struct Effects(RefCell<Vec<Effect>>);

impl Effects {
    pub(crate) fn push(&self, effect: Effect) {
        self.0.borrow_mut().push(effect);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Forgets what came after the first `len`.
    pub(crate) fn truncate(&self, len: usize) {
        self.0.borrow_mut().truncate(len);
    }

    pub(crate) fn take(&self) -> Vec<Effect> {
        self.0.take()
    }

    /// The connection as this turn has made it.
    pub(crate) fn applied_to(&self, attachment: Rc<Attachment>) -> Rc<Attachment> {
        let mut attachment = attachment;
        for effect in self.0.borrow().iter() {
            effect.change(&mut attachment);
        }
        attachment
    }
}

impl Effect {
    /// Makes the change, if it is one of this connection.
    fn change(&self, attachment: &mut Rc<Attachment>) {
        match self {
            Self::State { id, mount, text } if *id == attachment.id => {
                Rc::make_mut(attachment).set_state(mount, text.clone());
            }
            Self::Room { id, room, joins } if *id == attachment.id => {
                Rc::make_mut(attachment).set_in(room, *joins);
            }
            Self::Listen { id, event, on } if *id == attachment.id => {
                Rc::make_mut(attachment).subscribe(std::slice::from_ref(event), *on);
            }
            _ => {}
        }
    }

    /// Makes the changes among them, now that their commit is accepted, and answers what is to be sent.
    pub(crate) fn accept(effects: Vec<Self>, connections: &dyn Connections) -> Vec<Self> {
        let mut to_send = Vec::new();
        for effect in effects {
            if let Self::State { id, .. } | Self::Room { id, .. } = &effect {
                if let Some(mut attachment) = connections.get(*id) {
                    effect.change(&mut attachment);
                    connections.set(attachment);
                }
            } else {
                to_send.push(effect);
            }
        }
        to_send
    }

    /// Lets it out.
    pub(crate) fn send(self, connections: &dyn Connections) {
        match self {
            Self::State { .. } | Self::Room { .. } => {}
            // Only now: events of earlier turns may still have waited for the disk, and it is to hear those of later ones.
            Self::Listen { id, event, on } => {
                let known = connections.get(id).is_some();
                let kept = connections.subscribe(id, &[event], on);
                if known && kept.is_none() {
                    // What it listens to does not fit beside its socket any more.
                    connections.close(id, CloseCode::TooBig.number(), "too many events");
                }
            }
            Self::Event {
                packet,
                to,
                view: Some(view),
            } => {
                let mut seen = Vec::new();
                connections.each(&mut |attachment| {
                    if to.include(&packet.name, attachment) {
                        let connection = Connection::new(attachment.clone(), view.mount.clone());
                        seen.extend((view.see)(&connection).map(|data| (attachment.id, data)));
                    }
                });
                for (id, data) in seen {
                    let (name, rooms) = (packet.name.clone(), packet.rooms.clone());
                    let packet = EventPacket::placed(name, data, packet.place(), rooms);
                    connections.send(Audience::One(id), &Packet::Event(packet));
                }
            }
            Self::Event { packet, to, .. } => {
                let name = packet.name.clone();
                connections.send(Audience::Listeners(&name, &to), &Packet::Event(packet));
            }
            Self::Send { id, packet } => connections.send(Audience::One(id), &packet),
            Self::Close { id, code, reason } => connections.close(id, code, &reason),
        }
    }
}
