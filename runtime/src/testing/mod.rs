//! The harness to test an app with: a node on a folder of its own, a clock that stands still until it is turned,
//! randomness that repeats, and typed stubs through the same checks that clients pass.
//!
//! ```
//! use stayput::prelude::*;
//!
//! #[durable_object]
//! struct Counter { value: i64 }
//!
//! #[durable_object]
//! impl Counter {
//!     /// Adds to the counter.
//!     #[action]
//!     fn increment(&mut self, by: i64) -> i64 { self.value += by; self.value }
//! }
//!
//! stayput::app!(Counter);
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! stayput::testing::run(app(), async |t| {       // in a `#[test]` function
//!     let home = Counter::named(t, "home");
//!     assert_eq!(home.increment(2).await?, 2);
//!     t.restart().await;                         // what was answered is still there
//!     assert_eq!(home.increment(1).await?, 3);
//!     Ok(())
//! })
//! # }
//! ```
//!
//! Calls are made as the developer, who may do everything; [`Harness::as_user`] and [`Harness::anonymous`] call as
//! others. Time passes only by [`Harness::advance`]. [`Test`] sets what differs from the defaults.
//!
//! The harness panics where a test cannot go on: when the data folder cannot be made, or when the app does not come to
//! rest within ten seconds because an action spins.

mod anywhere;
mod client;
mod explore;
mod faults;
mod folder;
mod frozen;
mod harness;
mod look;
mod setup;
mod socket;
mod stream;
mod task;

pub use anywhere::{Anywhere, Subject};
pub use client::Client;
pub use explore::Explored;
pub use faults::{Fault, Held};
pub use frozen::open_frozen;
pub use harness::Harness;
pub use setup::Test;
pub use socket::{Received, Socket};
pub use stream::Streamed;
pub use task::Task;

pub use crate::outgoing::{Answer, Sent};

use crate::app::App;

/// Runs a test against an app, with the default settings of [`Test`].
pub fn run<T>(app: App, test: impl AsyncFnOnce(&Harness) -> T) -> T {
    Test::new(app).run(test)
}
