//! Ten thousand connections that do nothing: cheap to hold, there when they are needed, gone when they are closed.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use support::process::{Launch, scratch};
use support::random::note;
use support::websocket::WebSocket;

use super::until;
use crate::{alone, amount, program};

/// Connections of one object.
const EACH: usize = 100;
/// What a connection may cost, with its share of its object.
const MAX_BYTES: u64 = 12 << 10;

#[test]
fn idle_connections_are_cheap() {
    let _alone = alone();
    let sockets = amount("STAYPUT_IDLE_SOCKETS", 10_000);
    let limit = getrlimit(Resource::Nofile);
    let wanted = sockets as u64 + 500;
    assert!(
        limit.maximum.is_none_or(|maximum| maximum >= wanted),
        "this test needs {wanted} open files, the limit is {limit:?}: ulimit -Hn {wanted}"
    );
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let folder = scratch();
    let data = folder.path().join("data");
    let connections = wanted.to_string();
    let variables = [
        ("STAYPUT_IDLE_MS", "1000"),
        // Nobody here answers pings.
        ("STAYPUT_PING_MS", "600000"),
        ("STAYPUT_CONNECTIONS", connections.as_str()),
    ];
    let (server, _) = Launch {
        variables: &variables,
        ..Launch::new(program(), &data)
    }
    .start();
    let address = server.address();
    // The first tenth fills what does not depend on their number.
    let open = |range: std::ops::Range<usize>| -> Vec<WebSocket> {
        range
            .map(|number| {
                let mut socket =
                    WebSocket::open(address, &format!("room/{}", number / EACH)).unwrap();
                socket.call("rpc.subscribe", &json!({})).unwrap();
                socket
            })
            .collect()
    };
    let mut all = open(0..sockets / 10);
    std::thread::sleep(Duration::from_secs(3));
    let before = server.resident().unwrap();
    all.extend(open(sockets / 10..sockets));
    let loaded = server.resident().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let idle = server.resident().unwrap();
    let count = (sockets - sockets / 10) as u64;
    let each = |now: u64| now.saturating_sub(before) / count;
    note(&format!(
        "{sockets} connections: {} bytes each right after, {} when idle",
        each(loaded),
        each(idle)
    ));
    assert!(each(idle) <= MAX_BYTES, "{} bytes each", each(idle));

    // They hear what is told, each of them; and calls over them are answered.
    let mut publisher = server.connect();
    for room in (0..sockets / EACH).step_by(10) {
        let told = publisher.call(&format!("room/{room}"), "tell", &json!({}));
        assert_eq!(told.unwrap(), Ok(json!(1)));
        for socket in &mut all[room * EACH..(room + 1) * EACH] {
            assert_eq!(socket.json().unwrap()["params"]["data"]["n"], 1);
        }
    }
    let last = all.last_mut().unwrap();
    assert_eq!(last.call("people", &json!({})).unwrap(), EACH);
    drop(all);
    let people = |room: usize| super::ask(address, &format!("room/{room}"), "people");
    until("all are gone", Duration::from_secs(30), || {
        (0..sockets / EACH).all(|room| people(room) == 0)
    });
}
