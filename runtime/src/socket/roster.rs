//! Who is connected to an object, live or not: the same list on every backend.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::effect::Audience;
use super::{Attachment, ConnectionId, Gone};

/// The connections of one object. `P` says where a connection's socket is.
#[derive(Debug)]
pub(crate) struct Roster<P> {
    /// By the order in which they came.
    entries: RefCell<BTreeMap<u64, Entry<P>>>,
    order: RefCell<HashMap<ConnectionId, u64>>,
    /// Who is in which room: made of what the connections say, so that nobody stays in one who is gone.
    rooms: RefCell<HashMap<Arc<str>, BTreeSet<u64>>>,
    next: Cell<u64>,
}

#[derive(Debug)]
struct Entry<P> {
    attachment: Rc<Attachment>,
    place: P,
    /// Whether others see it.
    admitted: bool,
    /// Whether its `connect` handlers have not ended.
    opening: bool,
    /// It went before they did.
    gone: Option<Gone>,
}

impl<P> Default for Roster<P> {
    fn default() -> Self {
        Self {
            entries: RefCell::default(),
            order: RefCell::default(),
            rooms: RefCell::default(),
            next: Cell::new(0),
        }
    }
}

impl<P> Roster<P> {
    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// The number of the next connection that comes.
    pub(crate) fn next(&self) -> u64 {
        self.next.get()
    }

    /// Adds a connection. With `opening` nobody else sees it before [`admit`](Self::admit).
    pub(crate) fn add(&self, attachment: Attachment, place: P, opening: bool) {
        self.restore(self.next(), attachment, place, opening);
    }

    /// Adds one that had a number already.
    pub(crate) fn restore(&self, number: u64, attachment: Attachment, place: P, opening: bool) {
        self.next.set(self.next.get().max(number + 1));
        self.order.borrow_mut().insert(attachment.id, number);
        self.enter(number, &attachment.rooms);
        let entry = Entry {
            attachment: Rc::new(attachment),
            place,
            admitted: !opening,
            opening,
            gone: None,
        };
        self.entries.borrow_mut().insert(number, entry);
    }

    /// Lets a connection in: its `connect` handlers run now.
    pub(crate) fn admit(&self, id: ConnectionId) {
        self.with(id, |entry| entry.admitted = true);
    }

    /// Its `connect` handlers have ended. Answers how it went meanwhile, if it did.
    pub(crate) fn opened(&self, id: ConnectionId) -> Option<Gone> {
        self.with(id, |entry| {
            entry.opening = false;
            entry.gone.take()
        })
        .flatten()
    }

    /// Takes a connection out. One whose `connect` handlers still run stays until they end: `None`.
    pub(crate) fn leave(&self, id: ConnectionId, gone: Gone) -> Option<(Rc<Attachment>, Gone)> {
        let opening = self.with(id, |entry| entry.opening)?;
        if opening {
            self.with(id, |entry| entry.gone = Some(gone));
            return None;
        }
        Some((self.remove(id)?, gone))
    }

    pub(crate) fn remove(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        let number = self.order.borrow_mut().remove(&id)?;
        let entry = self.entries.borrow_mut().remove(&number)?;
        self.exit(number, &entry.attachment.rooms);
        Some(entry.attachment)
    }

    fn enter(&self, number: u64, joined: &[Arc<str>]) {
        let mut rooms = self.rooms.borrow_mut();
        for room in joined {
            rooms.entry(room.clone()).or_default().insert(number);
        }
    }

    fn exit(&self, number: u64, left: &[Arc<str>]) {
        let mut rooms = self.rooms.borrow_mut();
        for room in left {
            if let Some(members) = rooms.get_mut(room) {
                members.remove(&number);
                if members.is_empty() {
                    rooms.remove(room);
                }
            }
        }
    }

    /// One of them, also before it is let in.
    pub(crate) fn get(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        self.with(id, |entry| entry.attachment.clone())
    }

    /// Keeps a changed connection. One that is gone stays gone.
    pub(crate) fn set(&self, attachment: Rc<Attachment>) {
        let Some(number) = self.order.borrow().get(&attachment.id).copied() else {
            return;
        };
        let mut entries = self.entries.borrow_mut();
        let Some(entry) = entries.get_mut(&number) else {
            return;
        };
        if entry.attachment.rooms != attachment.rooms {
            self.exit(number, &entry.attachment.rooms);
            self.enter(number, &attachment.rooms);
        }
        entry.attachment = attachment;
    }

    /// Changes what a connection listens to; answers it as it is then.
    pub(crate) fn subscribe(
        &self,
        id: ConnectionId,
        events: &[Arc<str>],
        on: bool,
    ) -> Option<Rc<Attachment>> {
        self.with(id, |entry| {
            Rc::make_mut(&mut entry.attachment).subscribe(events, on);
            entry.attachment.clone()
        })
    }

    /// Shows each connection that was let in.
    pub(crate) fn each(&self, look: &mut dyn FnMut(&Rc<Attachment>)) {
        let entries = self.entries.borrow();
        for entry in entries.values().filter(|entry| entry.admitted) {
            look(&entry.attachment);
        }
    }

    /// Shows each connection and where it is, whether it was let in or not.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn places(&self, mut look: impl FnMut(&Attachment, &P)) {
        for entry in self.entries.borrow().values() {
            look(&entry.attachment, &entry.place);
        }
    }

    /// Shows those that a packet is for, in the order they came.
    pub(crate) fn audience(&self, audience: Audience<'_>, mut look: impl FnMut(&Attachment, &P)) {
        let entries = self.entries.borrow();
        let mut look_at = |entry: &Entry<P>| {
            if audience.includes(&entry.attachment) {
                look(&entry.attachment, &entry.place);
            }
        };
        let one = match audience {
            Audience::One(id) => Some(id),
            Audience::Listeners(_, to) => to.connection,
        };
        if let Some(id) = one {
            let number = self.order.borrow().get(&id).copied();
            number
                .and_then(|number| entries.get(&number))
                .map(look_at)
                .unwrap_or_default();
            return;
        }
        let rooms = self.rooms.borrow();
        match audience {
            Audience::Listeners(_, to) if !to.rooms.is_empty() => {
                let members = to.rooms.iter().filter_map(|room| rooms.get(room));
                let members: BTreeSet<u64> = members.flatten().copied().collect();
                let members = members.iter().filter_map(|number| entries.get(number));
                members.for_each(look_at);
            }
            _ => entries.values().for_each(&mut look_at),
        }
    }

    /// Where a connection is.
    pub(crate) fn place<R>(&self, id: ConnectionId, look: impl FnOnce(&P) -> R) -> Option<R> {
        self.with(id, |entry| look(&entry.place))
    }

    fn with<R>(&self, id: ConnectionId, look: impl FnOnce(&mut Entry<P>) -> R) -> Option<R> {
        let number = *self.order.borrow().get(&id)?;
        self.entries.borrow_mut().get_mut(&number).map(look)
    }
}
