//! An object that takes a while to start, and may fail at it.

use std::time::Duration;

use stayput::prelude::*;

use crate::Tally;

/// Why it does not start.
#[derive(Debug, ActionError)]
#[error(prefix = "dawn")]
pub enum DawnError {
    /// Not the first time.
    #[error(status = 503, message = "it is still dark", retryable)]
    Dark,
}

/// Something is to be known of all.
#[event]
pub struct Struck {
    /// How the handler takes it.
    pub hard: bool,
}

/// Begins slowly.
#[durable_object(events(Struck))]
#[derive(Debug)]
pub struct Dawn {
    light: u32,
    starts: u32,
    visits: u32,
    #[transient]
    awake: u32,
}

#[durable_object]
impl Dawn {
    /// Counts visits; what `start` had made by then, and how many came since it woke.
    #[action(public)]
    fn visit(&mut self) -> (u32, u32, u32) {
        self.visits += 1;
        self.awake += 1;
        (self.light, self.visits, self.awake)
    }

    /// What `start` has made.
    #[action(public)]
    fn light(&self) -> u32 {
        self.light
    }

    /// What was made besides: a panic may have the object start once more, or not.
    #[action(public)]
    fn made(&self) -> u32 {
        self.light + 99 - 100 * self.starts
    }

    /// How often it started.
    #[action(public)]
    fn starts(&self) -> u32 {
        self.starts
    }

    /// Panics, changing nothing.
    #[action(public)]
    fn doubt(&self) -> u32 {
        panic!("what if there is no light")
    }

    /// The same, after a while.
    #[action(public)]
    async fn doubt_slowly(&self, cx: &Context<Self>, millis: u64) -> u32 {
        cx.sleep(Duration::from_millis(millis)).await;
        panic!("what if there never is")
    }

    /// A process that panics between two changes, or within the second.
    #[action(public)]
    async fn proceed(this: Handle<Self>, cx: ProcessContext<Self>, within: bool) -> Result<u32> {
        this.atomic(|dawn: &mut Self, _| {
            dawn.light += 10;
            Ok::<_, std::convert::Infallible>(())
        })
        .await?;
        cx.sleep(Duration::from_millis(5)).await;
        assert!(within, "on the way");
        this.atomic(
            |dawn: &mut Self, _| -> Result<(), std::convert::Infallible> {
                dawn.light += 100;
                panic!("at the summit")
            },
        )
        .await?;
        Ok(0)
    }

    /// Emits an event whose handler panics, or not.
    #[action(public)]
    fn strike(&mut self, cx: &mut Context<Self>, hard: bool) -> u32 {
        self.light += 1;
        cx.emit(Struck { hard });
        self.light
    }

    #[event(Struck)]
    fn on_struck(&mut self, struck: Struck) {
        self.light += 1_000;
        assert!(!struck.hard, "struck too hard");
    }

    /// Those whose name begins so fail at their first attempt, or at all of them.
    #[event(start)]
    async fn start(&mut self, cx: &mut Context<Self>, first: bool) -> Result<(), DawnError> {
        cx.sleep(Duration::from_millis(30)).await;
        self.light += if first { 1 } else { 100 };
        self.starts += 1;
        let name = cx.name().unwrap_or_default().to_owned();
        assert!(name != "hopeless", "there is no sun");
        if name.starts_with("dark") || name.starts_with("ruin") {
            let attempt = Tally::named(cx, &format!("dawn-{name}")).increment(1).await;
            if !matches!(attempt, Ok(attempt) if attempt > 1) {
                assert!(!name.starts_with("ruin"), "the sun exploded");
                return Err(DawnError::Dark);
            }
        }
        Ok(())
    }
}
