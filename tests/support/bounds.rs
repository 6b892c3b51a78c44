//! Bounds on time that hold on a busy machine: asserted at five times the promise, void when the machine itself has
//! become three times slower since the measurement began.

use std::time::{Duration, Instant};

use crate::random::note;

/// How fast the machine is right now.
#[derive(Debug, Clone, Copy)]
pub struct Baseline(Duration);

impl Baseline {
    /// Times a fixed piece of work; the best of five, so that one interruption does not count.
    pub fn take() -> Self {
        let once = || {
            let began = Instant::now();
            let mut sum = 0_u64;
            for number in 0..2_000_000_u64 {
                sum = std::hint::black_box(sum.rotate_left(5) ^ number);
            }
            std::hint::black_box(sum);
            began.elapsed()
        };
        Self((0..5).map(|_| once()).min().unwrap_or_default())
    }

    /// Asserts that `took` is at most five times `promise`, unless the machine is to blame.
    ///
    /// # Panics
    ///
    /// When it took longer and the machine is about as fast as it was.
    #[track_caller]
    pub fn assert_within(self, what: &str, took: Duration, promise: Duration) {
        note(&format!(
            "{what}: {took:?} (promised {promise:?}, asserted {:?})",
            promise * 5
        ));
        if took <= promise * 5 {
            return;
        }
        let now = Self::take();
        if now.0 > self.0 * 3 {
            note(&format!(
                "{what}: void, the machine slowed down from {:?} to {:?}",
                self.0, now.0
            ));
            return;
        }
        assert!(
            took <= promise * 5,
            "{what} took {took:?}, promised is {promise:?}"
        );
    }
}
