//! Connections end when the credentials do that they were opened with.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

use super::Shard;
use crate::backend::Connections;
use crate::object::{ObjectId, Timestamp};
use crate::socket::{Attachment, CloseCode, ConnectionId};

/// Which connections of a shard end when.
#[derive(Default)]
pub(super) struct Expiries {
    queue: RefCell<BTreeMap<(Timestamp, ConnectionId), ObjectId>>,
    /// Told when the earliest may have become an earlier one.
    changed: Notify,
}

impl Expiries {
    pub(super) fn add(&self, object: ObjectId, attachment: &Attachment) {
        if let Some(at) = attachment.caller.expires {
            self.queue.borrow_mut().insert((at, attachment.id), object);
            self.changed.notify_one();
        }
    }

    pub(super) fn remove(&self, attachment: &Attachment) {
        if let Some(at) = attachment.caller.expires {
            self.queue.borrow_mut().remove(&(at, attachment.id));
        }
    }

    fn next(&self) -> Option<Timestamp> {
        self.queue.borrow().keys().next().map(|(at, _)| *at)
    }

    fn take_due(&self, now: Timestamp) -> Vec<(ObjectId, ConnectionId)> {
        let mut queue = self.queue.borrow_mut();
        let mut due = Vec::new();
        while let Some(entry) = queue.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, connection), object) = entry.remove_entry();
            due.push((object, connection));
        }
        due
    }
}

impl Shard {
    /// Closes connections when their time has come.
    pub(super) async fn watch_expiries(self: Rc<Self>) {
        loop {
            let changed = self.expiries.changed.notified();
            match self.expiries.next() {
                Some(at) if at <= self.now() => {}
                Some(at) => tokio::select! {
                    () = changed => continue,
                    () = self.shared.options.clock.sleep_until(at) => {}
                },
                None => {
                    changed.await;
                    continue;
                }
            }
            for (object, connection) in self.expiries.take_due(self.now()) {
                if let Some(sockets) = self.sockets.get(object) {
                    let code = CloseCode::Unauthenticated;
                    sockets.close(connection, code.number(), code.reason());
                }
            }
            self.outbox.touch();
        }
    }
}
