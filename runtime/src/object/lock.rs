//! The object's lock: a fair first-in-first-out readers-writer lock that knows who waits for whom.
//!
//! Calls carry the chain of calls that wait for them. A cycle of waiting calls is broken by age (wait-die): a call
//! whose chain holds a lock waits for a holder that itself waits on a call only if its root is older. The rule is
//! applied when a call arrives and again when a holder starts to wait, so no order of arrival can hide a cycle.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};

use super::{Chain, Mode, ObjectId, Root};

/// Waiting would never end: another call that waits for this one is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadlock;

#[derive(Default)]
pub(crate) struct Lock {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    next_ticket: u64,
    holders: Vec<Holder>,
    queue: VecDeque<Rc<Waiter>>,
}

struct Holder {
    ticket: u64,
    mode: Mode,
    root: Root,
    /// How many calls to other objects it waits for.
    calls: u32,
}

struct Waiter {
    ticket: u64,
    mode: Mode,
    root: Root,
    /// Whether a call above holds an object; only such a waiter can close a cycle.
    chained: bool,
    state: Cell<WaiterState>,
    waker: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WaiterState {
    Waiting,
    Granted,
    Refused,
}

/// Holds the lock until dropped.
pub(crate) struct Guard {
    lock: Rc<Lock>,
    ticket: u64,
}

/// Waits for the lock.
pub(crate) struct Acquire {
    lock: Rc<Lock>,
    waiter: Rc<Waiter>,
}

impl Lock {
    /// Takes the lock if nobody has to wait for that.
    pub(crate) fn try_acquire(
        self: &Rc<Self>,
        mode: Mode,
        chain: &Chain,
        object: ObjectId,
    ) -> Option<Guard> {
        let mut state = self.state.borrow_mut();
        // A query whose chain already reads this object passes waiting writers: they wait for it.
        let passes = mode == Mode::Read
            && !chain.links.is_empty()
            && chain.holds(object) == Some(Mode::Read);
        if !(state.queue.is_empty() || passes) || !state.admits(mode) {
            return None;
        }
        let ticket = state.hold(mode, chain.root);
        Some(Guard {
            lock: self.clone(),
            ticket,
        })
    }

    /// Waits for the lock in turn.
    pub(crate) fn acquire(self: &Rc<Self>, mode: Mode, chain: &Chain) -> Acquire {
        let mut state = self.state.borrow_mut();
        let chained = chain.holds_any();
        let closes = chained
            && state
                .holders
                .iter()
                .any(|holder| holder.calls > 0 && holder.root < chain.root);
        state.next_ticket += 1;
        let waiter = Rc::new(Waiter {
            ticket: state.next_ticket,
            mode,
            root: chain.root,
            chained,
            state: Cell::new(if closes {
                WaiterState::Refused
            } else {
                WaiterState::Waiting
            }),
            waker: RefCell::new(None),
        });
        if !closes {
            state.queue.push_back(waiter.clone());
            state.grant();
        }
        Acquire {
            lock: self.clone(),
            waiter,
        }
    }

    /// Whether nobody holds it or waits for it.
    pub(crate) fn is_free(&self) -> bool {
        let state = self.state.borrow();
        state.holders.is_empty() && state.queue.is_empty()
    }

    /// How many calls wait.
    pub(crate) fn queued(&self) -> usize {
        self.state.borrow().queue.len()
    }
}

impl State {
    fn admits(&self, mode: Mode) -> bool {
        match mode {
            Mode::Write => self.holders.is_empty(),
            Mode::Read | Mode::Free => self.holders.iter().all(|holder| holder.mode == Mode::Read),
        }
    }

    fn hold(&mut self, mode: Mode, root: Root) -> u64 {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.holders.push(Holder {
            ticket,
            mode,
            root,
            calls: 0,
        });
        ticket
    }

    /// Lets in the first waiters that fit.
    fn grant(&mut self) {
        while let Some(first) = self.queue.front() {
            if !self.admits(first.mode) {
                return;
            }
            let Some(waiter) = self.queue.pop_front() else {
                return;
            };
            self.holders.push(Holder {
                ticket: waiter.ticket,
                mode: waiter.mode,
                root: waiter.root,
                calls: 0,
            });
            waiter.settle(WaiterState::Granted);
        }
    }
}

impl Waiter {
    fn settle(&self, state: WaiterState) {
        self.state.set(state);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

impl Guard {
    /// The holder begins to wait for a call to another object.
    pub(crate) fn begin_call(&self) {
        let mut state = self.lock.state.borrow_mut();
        let Some(holder) = state
            .holders
            .iter_mut()
            .find(|holder| holder.ticket == self.ticket)
        else {
            return;
        };
        holder.calls += 1;
        let root = holder.root;
        // Younger calls that already wait here and hold something could be what this call will wait for.
        let mut refused = Vec::new();
        state.queue.retain(|waiter| {
            let dies = waiter.chained && root < waiter.root;
            if dies {
                refused.push(waiter.clone());
            }
            !dies
        });
        if !refused.is_empty() {
            state.grant();
        }
        drop(state);
        for waiter in refused {
            waiter.settle(WaiterState::Refused);
        }
    }

    /// The call ended.
    pub(crate) fn end_call(&self) {
        let mut state = self.lock.state.borrow_mut();
        if let Some(holder) = state
            .holders
            .iter_mut()
            .find(|holder| holder.ticket == self.ticket)
        {
            holder.calls = holder.calls.saturating_sub(1);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = self.lock.state.borrow_mut();
        state.holders.retain(|holder| holder.ticket != self.ticket);
        state.grant();
    }
}

impl Future for Acquire {
    type Output = Result<Guard, Deadlock>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.waiter.state.get() {
            WaiterState::Granted => {
                // From here on the guard answers for the ticket, not this future's drop.
                self.waiter.state.set(WaiterState::Refused);
                Poll::Ready(Ok(Guard {
                    lock: self.lock.clone(),
                    ticket: self.waiter.ticket,
                }))
            }
            WaiterState::Refused => Poll::Ready(Err(Deadlock)),
            WaiterState::Waiting => {
                *self.waiter.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        match self.waiter.state.get() {
            WaiterState::Refused => {}
            WaiterState::Granted => drop(Guard {
                lock: self.lock.clone(),
                ticket: self.waiter.ticket,
            }),
            WaiterState::Waiting => {
                let mut state = self.lock.state.borrow_mut();
                state
                    .queue
                    .retain(|waiter| waiter.ticket != self.waiter.ticket);
                state.grant();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{IdKey, Timestamp};

    fn object(name: &str) -> ObjectId {
        IdKey::new("test").named(name)
    }

    fn root(started: i64) -> Chain {
        Chain::root(Timestamp::from_millis(started), 0)
    }

    fn poll(acquire: &mut Acquire) -> Poll<Result<Guard, Deadlock>> {
        Pin::new(acquire).poll(&mut TaskContext::from_waker(Waker::noop()))
    }

    #[test]
    fn writers_are_alone_and_nobody_overtakes() {
        let (lock, here) = (Rc::new(Lock::default()), object("here"));
        let first = lock.try_acquire(Mode::Read, &root(1), here);
        let second = lock.try_acquire(Mode::Read, &root(2), here);
        assert!(first.is_some() && second.is_some());
        let mut writer = lock.acquire(Mode::Write, &root(3));
        assert!(poll(&mut writer).is_pending());
        assert!(
            lock.try_acquire(Mode::Read, &root(4), here).is_none(),
            "a reader behind a waiting writer waits"
        );
        let mut reader = lock.acquire(Mode::Read, &root(4));
        drop((first, second));
        let Poll::Ready(Ok(guard)) = poll(&mut writer) else {
            panic!("the writer's turn")
        };
        assert!(poll(&mut reader).is_pending());
        drop(guard);
        assert!(poll(&mut reader).is_ready());
    }

    #[test]
    fn a_query_below_a_query_of_the_same_object_passes_writers() {
        let (lock, here) = (Rc::new(Lock::default()), object("here"));
        let _reads = lock.try_acquire(Mode::Read, &root(1), here);
        let _writer = lock.acquire(Mode::Write, &root(2));
        let below = root(1)
            .with(here, Mode::Read)
            .with(object("other"), Mode::Read);
        assert!(lock.try_acquire(Mode::Read, &below, here).is_some());
    }

    #[test]
    fn the_younger_of_two_that_wait_for_each_other_dies_whoever_comes_first() {
        for holder_calls_first in [true, false] {
            let (lock, here) = (Rc::new(Lock::default()), object("here"));
            let Some(guard) = lock.try_acquire(Mode::Write, &root(1), here) else {
                panic!("free")
            };
            if holder_calls_first {
                guard.begin_call();
            }
            let mut younger =
                lock.acquire(Mode::Write, &root(2).with(object("there"), Mode::Write));
            let mut older =
                lock.acquire(Mode::Write, &root(0).with(object("elsewhere"), Mode::Write));
            let mut unchained = lock.acquire(Mode::Write, &root(3));
            if !holder_calls_first {
                assert!(poll(&mut younger).is_pending());
                guard.begin_call();
            }
            assert!(matches!(poll(&mut younger), Poll::Ready(Err(Deadlock))));
            assert!(poll(&mut older).is_pending(), "the older waits");
            assert!(
                poll(&mut unchained).is_pending(),
                "a root call always waits"
            );
        }
    }

    #[test]
    fn a_dropped_waiter_or_grant_leaves_no_trace() {
        let (lock, here) = (Rc::new(Lock::default()), object("here"));
        let guard = lock.try_acquire(Mode::Write, &root(1), here);
        let waiting = lock.acquire(Mode::Write, &root(2));
        let granted = lock.acquire(Mode::Write, &root(3));
        drop(waiting);
        drop(guard);
        drop(granted);
        assert!(lock.is_free());
    }
}
