//! Many listeners, some of which never read: they are closed, the others miss nothing, and the one who talks is not held up.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use serde_json::json;
use support::bounds::Baseline;
use support::http::Connection;
use support::process::{Launch, scratch};
use support::random::note;
use support::websocket::{PING, PONG, WebSocket, frame};

use super::{ask, until};
use crate::{alone, amount, program};

const LISTENERS: usize = 200;
/// How many of them never read.
const DEAD: usize = 20;
/// Messages a second, and the bytes of each.
const RATE: u64 = 200;
const PAD: usize = 4 << 10;

#[test]
fn slow_readers_are_closed_and_nobody_else_notices() {
    let _alone = alone();
    let seconds = amount("STAYPUT_READERS_SECONDS", 10);
    let count = RATE * seconds as u64;
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let address = server.address();
    let dead: Vec<WebSocket> = (0..DEAD).map(|_| narrow(address)).collect();
    let ready = Arc::new(Barrier::new(LISTENERS - DEAD + 1));
    let heard = Arc::new(AtomicU64::new(0));
    let listeners: Vec<_> = (DEAD..LISTENERS)
        .map(|_| {
            let (ready, heard) = (ready.clone(), heard.clone());
            std::thread::spawn(move || listen(address, count, &ready, &heard))
        })
        .collect();
    ready.wait();
    assert_eq!(ask(address, "room/loud", "people"), LISTENERS);
    let before = server.resident().unwrap();
    let baseline = Baseline::take();
    let began = Instant::now();
    let mut publisher = Connection::open(address).unwrap();
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    for n in 1..=count {
        let due = Duration::from_micros(1_000_000 / RATE * (n - 1));
        if let Some(early) = due.checked_sub(began.elapsed()) {
            std::thread::sleep(early);
        }
        let one = Instant::now();
        let told = publisher.call("room/loud", "tell", &json!({"pad": PAD}));
        assert_eq!(told.unwrap(), Ok(json!(n)));
        slowest = slowest.max(one.elapsed());
        if n % RATE == 0 {
            most = most.max(server.resident().unwrap());
        }
    }
    let took = began.elapsed();
    for listener in listeners {
        listener.join().unwrap();
    }
    note(&format!(
        "{count} messages to {LISTENERS} in {took:?}, slowest {slowest:?}; {} heard; memory {before} -> at most {most}",
        heard.load(Ordering::Relaxed)
    ));
    let planned = Duration::from_secs(seconds as u64);
    baseline.assert_within("all that is to be told", took, planned / 4);
    // A megabyte waits for each that never reads, and as much for one that is just behind.
    let grown = most.saturating_sub(before);
    assert!(
        grown <= 2 * (LISTENERS << 20) as u64 / 4,
        "grew by {grown} bytes"
    );
    until("they are closed", Duration::from_secs(20), || {
        ask(address, "room/loud", "people") == 0
    });
    let gone = ask(address, "room/loud", "gone");
    let gone = gone.as_array().unwrap();
    let slow = gone.iter().filter(|code| **code == 4008).count();
    assert_eq!(slow, DEAD, "{gone:?}");
    drop(dead);
}

/// A listener with a small window, as over a thin line, so that the system's own buffers fill soon.
fn narrow(address: SocketAddr) -> WebSocket {
    let connection = Connection::open(address).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(connection.socket(), 4 << 10).unwrap();
    let mut socket = WebSocket::upgrade(connection, "room/loud").unwrap();
    socket.call("rpc.subscribe", &json!({})).unwrap();
    socket
}

/// Hears `count` messages, in order and complete, and leaves.
fn listen(address: SocketAddr, count: u64, ready: &Barrier, heard: &AtomicU64) {
    let mut socket = WebSocket::open(address, "room/loud").unwrap();
    socket.call("rpc.subscribe", &json!({})).unwrap();
    ready.wait();
    let mut message = Vec::new();
    for n in 1..=count {
        while socket.receive_into(&mut message).unwrap() == PING {
            socket.send(&frame(PONG, &message)).unwrap();
        }
        // Reading it as JSON, 36,000 a second, would make us the slow ones.
        let begin = format!(
            r#"{{"jsonrpc":"2.0","method":"event","params":{{"event":"told","data":{{"n":{n},"#
        );
        assert!(
            message.starts_with(begin.as_bytes()),
            "{n}: {:?}",
            &message[..80]
        );
        assert!(message.len() > PAD, "{n}: cut to {} bytes", message.len());
        heard.fetch_add(1, Ordering::Relaxed);
    }
}
