//! Hand-over between threads, by batch.
//!
//! Each thread has a [`Mailbox`]. Messages for others gather in the sender's [`Outbox`] and are moved over once per
//! poll round: one lock and at most one wake-up a batch, however many messages are in it. A wake-up per message costs
//! half of the throughput.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};

use super::socket::{News, Order};
use super::store::Notice;
use crate::object::{Delivery, Target};
use crate::rpc::Reply;
use crate::socket::ConnectionId;

/// Names a mailbox.
pub(super) type Address = usize;

/// What threads tell each other.
pub(super) enum Message {
    /// Run this call and answer to `from`, under `slot`.
    Call {
        delivery: Arc<Delivery>,
        from: Address,
        slot: u64,
    },
    /// The answer to the call under `slot`.
    Reply { slot: u64, reply: Reply },
    /// Something happened to a connection to this object; its socket is at `from`.
    Socket {
        target: Target,
        connection: ConnectionId,
        news: News,
        from: Address,
    },
    /// Do something to connections whose sockets are here.
    Order(Order),
    /// From a writer of the store.
    Notice(Notice),
    /// The shard at this address was replaced: calls it has not begun are to be sent again.
    Replaced(Address),
    /// Run through the loop once.
    Tick,
    /// Drop all idle objects.
    Evict,
    /// Finish and end.
    Stop,
}

/// Where a thread's messages arrive.
#[derive(Default)]
pub(super) struct Mailbox {
    inner: Mutex<Inner>,
    /// How often the owner had to be woken, for the test that batches are batches.
    wakes: AtomicU64,
}

#[derive(Default)]
struct Inner {
    messages: Vec<Message>,
    waker: Option<Waker>,
}

impl Mailbox {
    /// Moves all messages over, leaving `batch` empty.
    pub(super) fn deliver(&self, batch: &mut Vec<Message>) {
        if batch.is_empty() {
            return;
        }
        let mut inner = self.lock();
        if inner.messages.is_empty() {
            mem::swap(&mut inner.messages, batch);
        } else {
            inner.messages.append(batch);
        }
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            self.wakes.fetch_add(1, Ordering::Relaxed);
            waker.wake();
        }
    }

    /// Delivers one message, from a thread that has no outbox.
    pub(super) fn send(&self, message: Message) {
        self.deliver(&mut vec![message]);
    }

    /// Waits for messages and puts them into `batch`, which must be empty.
    pub(super) async fn receive(&self, batch: &mut Vec<Message>) {
        poll_fn(|cx| self.poll_receive(cx, batch)).await;
    }

    pub(super) fn poll_receive(&self, cx: &mut Context<'_>, batch: &mut Vec<Message>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.messages.is_empty() {
            inner.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        inner.waker = None;
        mem::swap(&mut inner.messages, batch);
        Poll::Ready(())
    }

    /// Whether nothing waits in it.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().messages.is_empty()
    }

    #[cfg(test)]
    fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All mailboxes: the shards' first, by number, then everybody else's.
#[derive(Default)]
pub(super) struct Bus {
    boxes: RwLock<Vec<Arc<Mailbox>>>,
}

impl Bus {
    /// Adds a mailbox.
    pub(super) fn join(&self) -> (Address, Arc<Mailbox>) {
        let mailbox = Arc::new(Mailbox::default());
        let mut boxes = self.boxes.write().unwrap_or_else(PoisonError::into_inner);
        boxes.push(mailbox.clone());
        (boxes.len() - 1, mailbox)
    }

    /// Puts a fresh mailbox in place of the one at `address`.
    pub(super) fn replace(&self, address: Address) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        let mut boxes = self.boxes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = boxes.get_mut(address) {
            *place = mailbox.clone();
        }
        mailbox
    }

    pub(super) fn at(&self, address: Address) -> Option<Arc<Mailbox>> {
        self.boxes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(address)
            .cloned()
    }

    /// Sends one message to everybody.
    pub(super) fn broadcast(&self, message: impl Fn() -> Message) {
        let boxes = self
            .boxes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for mailbox in boxes {
            mailbox.send(message());
        }
    }
}

/// A thread's messages to others, until the next flush.
pub(super) struct Outbox {
    bus: Arc<Bus>,
    waiting: RefCell<Vec<(Address, Vec<Message>)>>,
    /// Whether the flusher knows that something waits.
    dirty: Cell<bool>,
    flusher: RefCell<Option<Waker>>,
}

impl Outbox {
    pub(super) fn new(bus: Arc<Bus>) -> Self {
        Self {
            bus,
            waiting: RefCell::default(),
            dirty: Cell::new(false),
            flusher: RefCell::new(None),
        }
    }

    /// Adds a message; it leaves with the next flush.
    pub(super) fn push(&self, to: Address, message: Message) {
        let mut waiting = self.waiting.borrow_mut();
        match waiting.iter_mut().find(|(address, _)| *address == to) {
            Some((_, messages)) => messages.push(message),
            None => waiting.push((to, vec![message])),
        }
        drop(waiting);
        self.touch();
    }

    /// Has the flusher run after all tasks that are ready now.
    pub(super) fn touch(&self) {
        if !self.dirty.replace(true)
            && let Some(waker) = self.flusher.borrow_mut().take()
        {
            waker.wake();
        }
    }

    /// Whether nothing waits for the next flush.
    pub(super) fn is_empty(&self) -> bool {
        !self.dirty.get()
    }

    /// Sends everything.
    pub(super) fn flush(&self) {
        self.dirty.set(false);
        for (address, messages) in self
            .waiting
            .borrow_mut()
            .iter_mut()
            .filter(|(_, messages)| !messages.is_empty())
        {
            match self.bus.at(*address) {
                Some(mailbox) => mailbox.deliver(messages),
                None => messages.clear(),
            }
        }
    }

    /// Flushes for ever, once per round in which something was added: woken by the first message of a round, it runs
    /// after the tasks that were ready then.
    pub(super) async fn run(&self, mut also: impl FnMut()) {
        loop {
            poll_fn(|cx| {
                if self.dirty.get() {
                    return Poll::Ready(());
                }
                *self.flusher.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
            also();
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_wakes_its_receiver_once() {
        let bus = Arc::new(Bus::default());
        let (address, mailbox) = bus.join();
        let outbox = Outbox::new(bus);
        let mut cx = Context::from_waker(Waker::noop());
        let mut batch = Vec::new();
        for round in 1..=3 {
            assert!(mailbox.poll_receive(&mut cx, &mut batch).is_pending());
            for _ in 0..50 {
                outbox.push(address, Message::Tick);
            }
            outbox.flush();
            // More that comes before the receiver ran finds it woken already.
            outbox.push(address, Message::Tick);
            outbox.flush();
            assert_eq!(mailbox.wakes(), round, "one wake-up a round");
            assert!(mailbox.poll_receive(&mut cx, &mut batch).is_ready());
            assert_eq!(batch.len(), 51);
            batch.clear();
        }
    }
}
