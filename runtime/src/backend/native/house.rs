//! How many connections the process has, and what becomes of those that do not fit.
//!
//! When no more fit, some more are let in only to be told so: a client that is answered 503 knows what to do, one that is
//! not answered waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many connections beyond the limit are told so at a time; more than these wait.
const SPARE: usize = 64;

/// The connections of all reactors.
#[derive(Debug)]
pub(super) struct House {
    limit: usize,
    open: AtomicUsize,
    /// Those that are told.
    turned_away: AtomicUsize,
}

/// What somebody finds who comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Welcome {
    In,
    /// No room: whatever is asked, but whether the server lives, that is the answer.
    Full,
}

/// A connection that is told that there is no room.
#[derive(Debug)]
pub(super) struct TurnedAway(Arc<House>);

impl House {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            open: AtomicUsize::new(0),
            turned_away: AtomicUsize::new(0),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn enter(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether somebody is to be let in only to be told that nobody is.
    pub(super) fn turns_away(&self) -> bool {
        self.open.load(Ordering::Relaxed) >= self.limit
            && self.turned_away.load(Ordering::Relaxed) < SPARE
    }
}

impl TurnedAway {
    pub(super) fn new(house: &Arc<House>) -> Self {
        house.turned_away.fetch_add(1, Ordering::Relaxed);
        Self(house.clone())
    }
}

impl Drop for TurnedAway {
    fn drop(&mut self) {
        self.0.turned_away.fetch_sub(1, Ordering::Relaxed);
    }
}
