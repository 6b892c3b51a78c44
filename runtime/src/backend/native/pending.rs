//! Calls a thread has sent and not heard of yet.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::bus::{Address, Message, Outbox};
use crate::backend::StorageFault;
use crate::error::Code;
use crate::object::{Delivery, Envelope, Timestamp, storage_error};
use crate::rpc::{Reply, WireError};

/// How long past its deadline a call may be answered by its object; then the sender answers for it.
const GRACE_MS: i64 = 100;

/// The calls of one thread on their way.
pub(super) struct Pending {
    me: Address,
    outbox: Rc<Outbox>,
    next: Cell<u64>,
    calls: RefCell<HashMap<u64, Sent>>,
}

struct Sent {
    shard: Address,
    /// `None`: no call, but something else that is answered.
    delivery: Option<Arc<Delivery>>,
    reply: Box<dyn FnOnce(Reply)>,
}

impl Pending {
    pub(super) fn new(me: Address, outbox: Rc<Outbox>) -> Self {
        Self {
            me,
            outbox,
            next: Cell::new(0),
            calls: RefCell::default(),
        }
    }

    /// Sends a call; `reply` gets the answer on this thread.
    pub(super) fn send(&self, shard: Address, envelope: Envelope, reply: Box<dyn FnOnce(Reply)>) {
        let slot = self.next.get();
        self.next.set(slot + 1);
        let delivery = Delivery::new(envelope);
        self.outbox.push(
            shard,
            Message::Call {
                delivery: delivery.clone(),
                from: self.me,
                slot,
            },
        );
        let sent = Sent {
            shard,
            delivery: Some(delivery),
            reply,
        };
        self.calls.borrow_mut().insert(slot, sent);
    }

    /// Sends something else that is answered under the slot it is made with.
    pub(super) fn ask(
        &self,
        shard: Address,
        message: impl FnOnce(u64) -> Message,
        reply: Box<dyn FnOnce(Reply)>,
    ) {
        let slot = self.next.get();
        self.next.set(slot + 1);
        self.outbox.push(shard, message(slot));
        let sent = Sent {
            shard,
            delivery: None,
            reply,
        };
        self.calls.borrow_mut().insert(slot, sent);
    }

    /// Takes an answer in. One that comes too late finds nobody.
    pub(super) fn answer(&self, slot: u64, reply: Reply) {
        let sent = self.calls.borrow_mut().remove(&slot);
        if let Some(sent) = sent {
            (sent.reply)(reply);
        }
    }

    /// Sends calls again that a replaced shard had not begun. Those it had begun stay until they answer or are late;
    /// other questions are lost with it.
    pub(super) fn replaced(&self, shard: Address) {
        let asked = |_: &u64, sent: &mut Sent| sent.shard == shard && sent.delivery.is_none();
        let lost: Vec<_> = self.calls.borrow_mut().extract_if(asked).collect();
        for (_, sent) in lost {
            (sent.reply)(Err(storage_error(&StorageFault::Fenced)));
        }
        for (slot, sent) in self
            .calls
            .borrow_mut()
            .iter_mut()
            .filter(|(_, sent)| sent.shard == shard)
        {
            if let Some(envelope) = sent.delivery.as_ref().and_then(|call| call.take()) {
                let delivery = Delivery::new(envelope);
                sent.delivery = Some(delivery.clone());
                let call = Message::Call {
                    delivery,
                    from: self.me,
                    slot: *slot,
                };
                self.outbox.push(shard, call);
            }
        }
    }

    /// Answers calls whose object did not, though their deadline passed.
    pub(super) fn expire(&self, now: Timestamp) {
        let late = |sent: &Sent| {
            let deadline = sent.delivery.as_ref().map(|call| call.envelope().deadline);
            deadline.is_some_and(|deadline| now.as_millis() > deadline.as_millis() + GRACE_MS)
        };
        let expired: Vec<u64> = self
            .calls
            .borrow()
            .iter()
            .filter(|(_, sent)| late(sent))
            .map(|(slot, _)| *slot)
            .collect();
        for slot in expired {
            let error = WireError::framework(
                Code::Timeout,
                "the object did not answer before the deadline",
            );
            let begun = self
                .calls
                .borrow()
                .get(&slot)
                .and_then(|sent| sent.delivery.clone())
                .is_some_and(|call| call.take().is_none());
            self.answer(
                slot,
                Err(Box::new(if begun { error.maybe_executed() } else { error })),
            );
        }
    }

    /// Answers all calls itself: nobody else will.
    pub(super) fn abandon(&self) {
        for (_, sent) in self.calls.take() {
            let error = storage_error(&StorageFault::Fenced).maybe_executed();
            (sent.reply)(Err(Box::new(error)));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.borrow().len()
    }
}
