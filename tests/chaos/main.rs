//! Running servers and what happens to them: kill, disk, disorder, bad input, load. One at a time, for they measure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fault in a test's helper fails the test"
)]

mod backup;
mod bad_input;
mod clients;
mod damage;
mod deferred;
mod drain;
mod events;
mod exposure;
mod files;
mod follow;
mod full;
mod gate;
mod idle;
mod kill;
mod moving;
mod owner;
mod slow;
mod sockets;
mod spin;
mod workflows;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The server under test.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_chaos-app"))
}

/// Lets one test run at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A test that failed has left nothing behind that the next one could stumble over.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number from the environment: how much of a test to run.
fn amount(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => default,
    }
}
