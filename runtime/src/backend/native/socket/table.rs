//! The side of a connection that has its object: who is connected, and where their sockets are.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::Order;
use crate::backend::Connections;
use crate::backend::native::bus::{Address, Message, Outbox};
use crate::object::ObjectId;
use crate::socket::{Attachment, ConnectionId, Gone, Packet};

/// The connections of a shard's objects, live or not.
#[derive(Default)]
pub(in crate::backend::native) struct SocketTable {
    objects: RefCell<HashMap<ObjectId, Rc<ObjectSockets>>>,
}

/// The connections of one object.
pub(in crate::backend::native) struct ObjectSockets {
    outbox: Rc<Outbox>,
    /// By the order in which they came.
    entries: RefCell<BTreeMap<u64, Entry>>,
    order: RefCell<HashMap<ConnectionId, u64>>,
    next: Cell<u64>,
}

struct Entry {
    attachment: Rc<Attachment>,
    slot: u64,
    reactor: Address,
    /// Whether others see it.
    admitted: bool,
    /// Whether its `connect` handlers have not ended.
    opening: bool,
    /// It went before they did.
    gone: Option<Gone>,
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
                entries: RefCell::default(),
                order: RefCell::default(),
                next: Cell::new(0),
            })
        });
        sockets.clone()
    }

    /// Forgets an object without connections.
    pub(in crate::backend::native) fn tidy(&self, id: ObjectId) {
        let mut objects = self.objects.borrow_mut();
        if objects.get(&id).is_some_and(|sockets| sockets.len() == 0) {
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
            for entry in sockets.entries.borrow().values() {
                entry.order_close(&sockets.outbox, code, reason);
            }
        }
    }
}

impl ObjectSockets {
    pub(in crate::backend::native) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Adds a connection. With `opening` nobody else sees it before [`Connections::admit`].
    pub(in crate::backend::native) fn add(
        &self,
        attachment: Attachment,
        slot: u64,
        reactor: Address,
        opening: bool,
    ) {
        let number = self.next.get();
        self.next.set(number + 1);
        self.order.borrow_mut().insert(attachment.id, number);
        let entry = Entry {
            attachment: Rc::new(attachment),
            slot,
            reactor,
            admitted: !opening,
            opening,
            gone: None,
        };
        self.entries.borrow_mut().insert(number, entry);
    }

    /// Its `connect` handlers have ended. Answers how it went meanwhile, if it did.
    pub(in crate::backend::native) fn opened(&self, id: ConnectionId) -> Option<Gone> {
        self.with(id, |entry| {
            entry.opening = false;
            entry.gone.take()
        })
        .flatten()
    }

    /// Takes a connection out. One whose `connect` handlers still run stays until they end: `None`.
    pub(in crate::backend::native) fn leave(
        &self,
        id: ConnectionId,
        gone: Gone,
    ) -> Option<(Rc<Attachment>, Gone)> {
        let opening = self.with(id, |entry| entry.opening)?;
        if opening {
            self.with(id, |entry| entry.gone = Some(gone));
            return None;
        }
        Some((self.remove(id)?, gone))
    }

    pub(in crate::backend::native) fn remove(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        let number = self.order.borrow_mut().remove(&id)?;
        let entry = self.entries.borrow_mut().remove(&number)?;
        Some(entry.attachment)
    }

    /// Changes what a connection listens to; answers all that it listens to then.
    pub(in crate::backend::native) fn subscribe(
        &self,
        id: ConnectionId,
        events: &[std::sync::Arc<str>],
        on: bool,
    ) -> Option<Rc<Attachment>> {
        self.with(id, |entry| {
            Rc::make_mut(&mut entry.attachment).subscribe(events, on);
            entry.attachment.clone()
        })
    }

    fn with<R>(&self, id: ConnectionId, look: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        let number = *self.order.borrow().get(&id)?;
        self.entries.borrow_mut().get_mut(&number).map(look)
    }
}

impl Connections for ObjectSockets {
    fn each(&self, look: &mut dyn FnMut(&Rc<Attachment>)) {
        for entry in self
            .entries
            .borrow()
            .values()
            .filter(|entry| entry.admitted)
        {
            look(&entry.attachment);
        }
    }

    fn get(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        self.with(id, |entry| entry.attachment.clone())
    }

    fn set(&self, attachment: Rc<Attachment>) {
        self.with(attachment.id, |entry| entry.attachment = attachment);
    }

    fn admit(&self, id: ConnectionId) {
        self.with(id, |entry| entry.admitted = true);
    }

    fn send(&self, to: &dyn Fn(&Attachment) -> bool, packet: &Packet) {
        // By the thread that has the socket: one message to each.
        let mut orders: Vec<(Address, Vec<u64>)> = Vec::new();
        for entry in self
            .entries
            .borrow()
            .values()
            .filter(|entry| to(&entry.attachment))
        {
            match orders
                .iter_mut()
                .find(|(reactor, _)| *reactor == entry.reactor)
            {
                Some((_, slots)) => slots.push(entry.slot),
                None => orders.push((entry.reactor, vec![entry.slot])),
            }
        }
        for (reactor, slots) in orders {
            let packet = packet.clone();
            self.outbox
                .push(reactor, Message::Order(Order::Send { slots, packet }));
        }
    }

    fn close(&self, id: ConnectionId, code: u16, reason: &str) {
        self.with(id, |entry| entry.order_close(&self.outbox, code, reason));
    }
}

impl Entry {
    fn order_close(&self, outbox: &Outbox, code: u16, reason: &str) {
        let order = Order::Close {
            slot: self.slot,
            code,
            reason: reason.to_owned(),
        };
        outbox.push(self.reactor, Message::Order(order));
    }
}
