//! The Rust client against a running server, over real sockets.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a fault in a test's helper fails the test"
)]

#[path = "app/room.rs"]
mod room;

mod broken;
mod cbor;
mod http;
mod live;
mod resume;
mod tls;
mod typescript;

use std::path::Path;

use stayput::client::Client;
use support::process::{Launch, Server, scratch};

/// A server with a folder of its own, and a client of it.
struct Running {
    client: Client,
    server: Server,
    data: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let data = scratch();
        let (server, _) = launch(data.path()).start();
        let client = client(&format!("http://{}", server.address()));
        Self {
            client,
            server,
            data,
        }
    }
}

/// A number from the environment: tests are short unless they are asked to be long.
fn amount(variable: &str, short: usize) -> usize {
    let given = std::env::var(variable).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(short)
}

fn launch(data: &Path) -> Launch<'_> {
    Launch::new(Path::new(env!("CARGO_BIN_EXE_client-app")), data)
}

fn client(url: &str) -> Client {
    Client::new(url, room::app()).unwrap()
}

/// Runs what stubs ask for: on one thread, as their futures want it.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}
