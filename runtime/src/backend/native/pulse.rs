//! Whether a shard thread still gets on.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Signs of life of one shard thread, for the watchdog.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    beats: AtomicU64,
    parked: AtomicBool,
    abandoned: AtomicBool,
    ended: AtomicBool,
    in_flight: AtomicUsize,
}

impl Pulse {
    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// The thread waits for something to do, or no longer.
    pub(super) fn park(&self, parked: bool) {
        self.beat();
        self.parked.store(parked, Ordering::Release);
    }

    /// Another thread has taken over: this one is to end when it can.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// The thread is over.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// How many commits of the shard are on their way to the disk.
    pub(super) fn commits(&self, in_flight: usize) {
        self.in_flight.store(in_flight, Ordering::Release);
    }

    /// How often the thread did something, if it has nothing to do and waits for no disk: the counterpart of
    /// [`beats`](Self::beats).
    pub(super) fn rest(&self) -> Option<u64> {
        let beats = self.beats.load(Ordering::Acquire);
        let rests =
            self.parked.load(Ordering::Acquire) && self.in_flight.load(Ordering::Acquire) == 0;
        rests.then_some(beats)
    }

    /// How often the thread did something; `None` while it has nothing to do.
    pub(super) fn beats(&self) -> Option<u64> {
        let idle = self.parked.load(Ordering::Relaxed) || self.has_ended();
        (!idle).then(|| self.beats.load(Ordering::Relaxed))
    }
}
