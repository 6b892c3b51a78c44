//! Generated items are documented, whatever the user leaves undocumented is private.
#![deny(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    dead_code
)]
#![deny(clippy::all, clippy::pedantic, clippy::allow_attributes_without_reason)]

use stayput::prelude::*;

/// Something happened.
#[event]
pub struct Happened {
    /// What.
    pub what: String,
}

/// Part of it.
#[mixin]
#[derive(Debug)]
pub struct Part {
    count: u8,
}

#[mixin]
impl Part {
    #[action]
    fn undocumented(&self) -> u8 {
        self.count
    }
}

/// What goes wrong.
#[derive(Debug, ActionError)]
#[error(prefix = "docs")]
pub enum Fault {
    /// Nothing there.
    Empty,
}

/// All of it.
#[durable_object(events(Happened))]
#[derive(Debug)]
pub struct Whole {
    what: String,
    #[mixin]
    part: Part,
}

#[durable_object]
impl Whole {
    #[action]
    fn undocumented(&self) -> Result<String, Fault> {
        if self.part.count == 0 {
            Err(Fault::Empty)
        } else {
            Ok(self.what.clone())
        }
    }

    #[event(Happened)]
    fn on_happened(&mut self, event: Happened) {
        self.what = event.what;
    }
}
