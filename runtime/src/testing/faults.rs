//! Faults of the disk, on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::backend::native::store::{Failure, Faults, Point};

/// What [`Harness::fail_next`](super::Harness::fail_next) makes of the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk fails; nothing is kept. Callers get `storage`.
    Io,
    /// The disk is full; nothing is kept. Callers get `storage_full`.
    Full,
    /// The database refuses this object's commit alone. Callers get `storage`.
    Refused,
    /// The commit is on disk, then the disk fails: callers get `storage` with `maybe_executed`.
    IoAfterCommit,
}

/// The seam between the harness and the store's writers.
#[derive(Debug, Default)]
pub(super) struct Injected {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next: VecDeque<Fault>,
    held: usize,
    dead: bool,
    /// How many transactions are still written before it is.
    left: Option<u32>,
}

/// Keeps all commits from the disk until dropped.
#[derive(Debug)]
#[must_use = "commits go on when it is dropped"]
pub struct Held(Arc<Injected>);

impl Injected {
    pub(super) fn fail_next(&self, fault: Fault) {
        let mut state = self.lock();
        state.next.push_back(fault);
        if fault == Fault::Refused {
            // The writer tries each commit of a refused group again by itself.
            state.next.push_back(fault);
        }
    }

    pub(super) fn hold(self: &Arc<Self>) -> Held {
        self.lock().held += 1;
        Held(self.clone())
    }

    /// From now on nothing reaches the disk any more, as if the process had been killed; or it is alive again.
    pub(super) fn set_dead(&self, dead: bool) {
        let mut state = self.lock();
        (state.dead, state.left) = (dead, None);
        drop(state);
        self.released.notify_all();
    }

    /// Dies when so many more transactions are written.
    pub(super) fn die_after(&self, transactions: u32) {
        self.lock().left = Some(transactions);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock().held -= 1;
        self.0.released.notify_all();
    }
}

impl Faults for Injected {
    fn at(&self, _file: usize, point: Point) -> Option<Failure> {
        let mut state = self.lock();
        if point == Point::BeforeCommit {
            state = self
                .released
                .wait_while(state, |state| state.held > 0 && !state.dead)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if point == Point::BeforeCommit {
            match &mut state.left {
                Some(0) => state.dead = true,
                Some(left) => *left -= 1,
                None => {}
            }
        }
        if state.dead {
            return Some(Failure::Io);
        }
        let failure = match (state.next.front()?, point) {
            (Fault::Io, Point::BeforeCommit) | (Fault::IoAfterCommit, Point::AfterCommit) => {
                Failure::Io
            }
            (Fault::Full, Point::BeforeCommit) => Failure::Full,
            (Fault::Refused, Point::Write(_)) => Failure::Refused,
            _ => return None,
        };
        state.next.pop_front();
        Some(failure)
    }
}
