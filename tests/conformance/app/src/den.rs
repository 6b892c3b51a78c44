//! An object that knows who is there, and who does nothing.

use stayput::mixins::presence::public::Presence;
use stayput::prelude::*;

/// A den, where who does nothing for twelve seconds is idle: by then it sleeps.
#[durable_object]
#[derive(Debug)]
pub struct Den {
    said: u64,
    #[transient]
    awake: u64,
    #[mixin]
    presence: Presence,
}

#[durable_object]
impl Den {
    #[event(start)]
    fn start(&mut self) {
        self.presence.idle_after(seconds(12));
    }

    /// Says something: how much was said, and how much of it since the object woke.
    #[action(public)]
    fn say(&mut self) -> (u64, u64) {
        self.said += 1;
        self.awake += 1;
        (self.said, self.awake)
    }

    /// Whether it will be woken for who becomes idle.
    #[action(public)]
    fn is_watched(&mut self, cx: &mut Context<Self>) -> bool {
        cx.presence().alarm().is_some()
    }
}
