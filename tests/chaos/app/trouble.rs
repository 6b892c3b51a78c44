//! Actions that misbehave.

use std::time::{Duration, Instant};

use stayput::prelude::*;

/// An object that does what a careless author could write.
#[durable_object]
pub(crate) struct Trouble {
    calls: u64,
}

#[durable_object]
impl Trouble {
    /// Keeps its thread busy for so many milliseconds, and never looks up.
    #[action]
    fn spin(&mut self, ms: u64) -> u64 {
        self.calls += 1;
        let until = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        self.calls
    }

    /// Waits for so many milliseconds, as it should be done.
    #[action]
    async fn wait(&mut self, ms: u64) -> u64 {
        self.calls += 1;
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.calls
    }

    /// How many calls have taken effect.
    #[action]
    fn calls(&self) -> u64 {
        self.calls
    }
}
