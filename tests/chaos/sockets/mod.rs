//! Connections that stay open: what breaks the protocol, who hears what, who reads too slowly, and how many there may be.

mod frames;
mod lifetime;
mod listeners;
mod many;
mod readers;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Connection;

/// Waits until `holds`, for at most `limit`.
#[track_caller]
fn until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < limit, "in vain for {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a query of an object without parameters answers.
fn ask(address: SocketAddr, object: &str, action: &str) -> Value {
    let mut connection = Connection::open(address).unwrap();
    let answer = connection.call(object, action, &json!({})).unwrap();
    answer.unwrap_or_else(|error| panic!("{object} {action}: {error}"))
}
