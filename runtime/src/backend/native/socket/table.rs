//! The side of a connection that has its object: who is connected, and where their sockets are.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::Order;
use crate::backend::Connections;
use crate::backend::native::bus::{Address, Message, Outbox};
use crate::object::ObjectId;
use crate::socket::{Attachment, Audience, ConnectionId, Packet, Roster};

/// The connections of a shard's objects, live or not.
#[derive(Default)]
pub(in crate::backend::native) struct SocketTable {
    objects: RefCell<HashMap<ObjectId, Rc<ObjectSockets>>>,
}

/// The connections of one object.
pub(in crate::backend::native) struct ObjectSockets {
    outbox: Rc<Outbox>,
    pub(in crate::backend::native) roster: Roster<Slot>,
}

/// Where a socket is: its number on a thread.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend::native) struct Slot {
    pub(in crate::backend::native) number: u64,
    pub(in crate::backend::native) reactor: Address,
}

impl SocketTable {
    pub(in crate::backend::native) fn get(&self, id: ObjectId) -> Option<Rc<ObjectSockets>> {
        self.objects.borrow().get(&id).cloned()
    }

    pub(in crate::backend::native) fn of(
        &self,
        id: ObjectId,
        outbox: &Rc<Outbox>,
    ) -> Rc<ObjectSockets> {
        let mut objects = self.objects.borrow_mut();
        let sockets = objects.entry(id).or_insert_with(|| {
            Rc::new(ObjectSockets {
                outbox: outbox.clone(),
                roster: Roster::default(),
            })
        });
        sockets.clone()
    }

    /// Forgets an object without connections.
    pub(in crate::backend::native) fn tidy(&self, id: ObjectId) {
        let mut objects = self.objects.borrow_mut();
        if objects
            .get(&id)
            .is_some_and(|sockets| sockets.roster.len() == 0)
        {
            objects.remove(&id);
        }
        if objects.capacity() > 64 && objects.len() < objects.capacity() / 4 {
            objects.shrink_to_fit();
        }
    }

    /// Has all connections of these objects end.
    pub(in crate::backend::native) fn close_all(
        &self,
        lost: impl Fn(ObjectId) -> bool,
        code: u16,
        reason: &str,
    ) {
        for (_, sockets) in self.objects.borrow().iter().filter(|(id, _)| lost(**id)) {
            sockets
                .roster
                .places(|_, slot| sockets.order_close(*slot, code, reason));
        }
    }
}

impl ObjectSockets {
    fn order_close(&self, slot: Slot, code: u16, reason: &str) {
        let order = Order::Close {
            slot: slot.number,
            code,
            reason: reason.to_owned(),
        };
        self.outbox.push(slot.reactor, Message::Order(order));
    }
}

impl Connections for ObjectSockets {
    fn each(&self, look: &mut dyn FnMut(&Rc<Attachment>)) {
        self.roster.each(look);
    }

    fn get(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        self.roster.get(id)
    }

    fn set(&self, attachment: Rc<Attachment>) {
        self.roster.set(attachment);
    }

    fn admit(&self, id: ConnectionId) {
        self.roster.admit(id);
    }

    fn send(&self, to: Audience<'_>, packet: &Packet) {
        // By the thread that has the socket: one message to each.
        let mut orders: Vec<(Address, Vec<u64>)> = Vec::new();
        self.roster.audience(to, |_, slot| {
            match orders
                .iter_mut()
                .find(|(reactor, _)| *reactor == slot.reactor)
            {
                Some((_, slots)) => slots.push(slot.number),
                None => orders.push((slot.reactor, vec![slot.number])),
            }
        });
        for (reactor, slots) in orders {
            let packet = packet.clone();
            self.outbox
                .push(reactor, Message::Order(Order::Send { slots, packet }));
        }
    }

    fn subscribe(&self, id: ConnectionId, events: &[Arc<str>], on: bool) -> Option<Rc<Attachment>> {
        self.roster.subscribe(id, events, on)
    }

    fn close(&self, id: ConnectionId, code: u16, reason: &str) {
        if let Some(slot) = self.roster.place(id, |slot| *slot) {
            self.order_close(slot, code, reason);
        }
    }
}
