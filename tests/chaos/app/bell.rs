//! Bells: what rings later, and what is passed on surely.

use std::time::Duration;

use stayput::prelude::*;

/// A ring.
#[data]
pub(crate) struct Ring {
    /// Chosen by the client.
    pub(crate) id: String,
    /// When it was to ring.
    pub(crate) due: Timestamp,
    /// When it rang.
    pub(crate) at: Timestamp,
}

/// Rings at times, and passes numbers on to another.
#[durable_object(defers)]
pub(crate) struct Bell {
    rings: Log<Ring>,
    passed: u64,
    taken: Log<u64>,
}

#[durable_object]
impl Bell {
    /// Rings in so many milliseconds; answers when that is.
    #[action]
    fn plan(&mut self, cx: &mut Context<Self>, id: String, ms: u64) -> Timestamp {
        let due = cx.now() + Duration::from_millis(ms);
        let ring = cx.me().ring(&*id, due);
        cx.schedule(&id, ring).at(due);
        due
    }

    #[action(internal)]
    fn ring(&mut self, cx: &mut Context<Self>, id: String, due: Timestamp) -> Result<()> {
        if id.starts_with("poison") {
            return Err(stayput::Error::msg("on purpose"));
        }
        self.rings.push(Ring {
            id,
            due,
            at: cx.now(),
        });
        Ok(())
    }

    /// Passes the next number on.
    #[action]
    fn pass(&mut self, cx: &mut Context<Self>, to: String) -> u64 {
        self.passed += 1;
        Self::named(cx, &to).take(self.passed).send(cx);
        self.passed
    }

    #[action(internal)]
    fn take(&mut self, number: u64) {
        self.taken.push(number);
    }

    /// What rang, from that number on.
    #[action]
    fn rings(&self, from: u64) -> Vec<Ring> {
        let rings = self.rings.range(from.., 500);
        rings.into_iter().map(|(_, ring)| ring).collect()
    }

    /// How many numbers were passed on, and what was taken.
    #[action]
    fn numbers(&self) -> (u64, Vec<u64>) {
        (
            self.passed,
            self.taken.iter().map(|(_, number)| number).collect(),
        )
    }

    /// What is scheduled, what waits to be taken, what nobody took.
    #[action]
    fn owed(&self, cx: &Context<Self>) -> (u64, u64, u64) {
        let scheduled = cx.schedules().list(usize::MAX).len();
        (
            scheduled as u64,
            cx.outbox().count(),
            cx.dead_letters().count(),
        )
    }
}
