//! Who listens never hears of what is not in the file, and hears everything else in order.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Connection;
use support::process::{Launch, scratch};
use support::random::{Random, note, seed};
use support::websocket::WebSocket;

use crate::clients::Clients;
use crate::gate::slow_syncs;
use crate::{alone, amount, files, program};

const ROOMS: u64 = 4;

/// Listens until the connection breaks; answers what it heard.
fn listen(address: SocketAddr, room: &str) -> io::Result<JoinHandle<Vec<i64>>> {
    let mut socket = WebSocket::open(address, room)?;
    socket.call("rpc.subscribe", &json!({"events": ["told"]}))?;
    Ok(std::thread::spawn(move || {
        let mut heard = Vec::new();
        while let Ok(message) = socket.json() {
            heard.push(number(&message["params"]["data"]));
        }
        heard
    }))
}

/// The same over a stream.
fn stream(address: SocketAddr, room: &str) -> io::Result<JoinHandle<Vec<i64>>> {
    let mut connection = Connection::open(address)?;
    let asked = format!("GET /{room}/~events?events=told HTTP/1.1\r\nHost: {address}\r\n\r\n");
    connection.send(asked.as_bytes())?;
    while connection.line()? != "retry: 1000" {}
    Ok(std::thread::spawn(move || {
        let mut heard = Vec::new();
        while let Ok(line) = connection.line() {
            if let Some(data) = line.strip_prefix("data: ") {
                heard.push(number(&serde_json::from_str(data).unwrap()));
            }
        }
        heard
    }))
}

fn number(told: &Value) -> i64 {
    told["n"].as_i64().unwrap_or_else(|| panic!("{told}"))
}

#[test]
fn no_event_runs_ahead_of_the_file() {
    let _alone = alone();
    let kills = amount("STAYPUT_KILLS", 20).min(100);
    let mut random = Random::new(seed("no_event_runs_ahead_of_the_file"));
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut compared, mut last) = (0, HashMap::<u64, i64>::new());
    for _ in 0..kills {
        let (server, _) = Launch::new(program(), &data).start();
        let address = server.address();
        for room in 0..ROOMS {
            // After a crash there is nobody: no ghosts.
            assert_eq!(super::ask(address, &format!("room/{room}"), "people"), 0);
        }
        let listeners: Vec<(u64, JoinHandle<Vec<i64>>)> = (0..ROOMS)
            .flat_map(|room| [(room, true), (room, true), (room, false)])
            .map(|(room, over_socket)| {
                let object = format!("room/{room}");
                let begun = if over_socket {
                    listen(address, &object)
                } else {
                    stream(address, &object)
                };
                (room, begun.unwrap())
            })
            .collect();
        let clients = Clients::start(address, 16, &mut random, |_, random, _| {
            let room = format!("room/{}", random.within(0, ROOMS));
            (room, "tell", json!({}))
        });
        std::thread::sleep(Duration::from_millis(random.within(50, 400)));
        server.kill();
        let sent = clients.finish(false);
        let stored = files::records(&data, "room", "f/told");
        for (room, listener) in listeners {
            let stored = stored.get(&room.to_string()).copied().unwrap_or(0);
            let heard = listener.join().unwrap();
            compared += heard.len();
            for pair in heard.windows(2) {
                assert_eq!(pair[1], pair[0] + 1, "room {room}: out of order");
            }
            let Some((&first, &newest)) = heard.first().zip(heard.last()) else {
                continue;
            };
            assert!(
                newest <= stored,
                "room {room}: a listener heard {newest}, the file holds {stored}"
            );
            // It listened before the first of this round was told.
            assert_eq!(
                first,
                last.get(&room).copied().unwrap_or(0) + 1,
                "room {room}"
            );
        }
        for sent in sent.iter().filter(|sent| sent.answer().is_some()) {
            let room = sent.object.trim_start_matches("room/");
            assert!(sent.answer() <= stored.get(room).copied(), "{sent:?}");
        }
        last = stored
            .into_iter()
            .map(|(room, stored)| (room.parse().unwrap(), stored))
            .collect();
    }
    note(&format!("{kills} kills: {compared} events compared"));
    assert!(compared > kills * 100, "there was next to no talk");
}

/// As with replies: a killed process leaves its pages to the kernel, so here every sync takes long.
#[test]
fn no_event_runs_ahead_of_the_sync() {
    const SYNC: Duration = Duration::from_millis(400);
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let told = server.connect().call("room/slow", "tell", &json!({}));
    assert_eq!(told.unwrap(), Ok(json!(1)));
    server.kill();
    let trace = folder.path().join("trace");
    let wrapper = slow_syncs(&trace, SYNC);
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let (server, _) = Launch {
        wrapper: &wrapper,
        ..Launch::new(program(), &data)
    }
    .start();
    let address = server.address();
    let mut listener = WebSocket::open(address, "room/slow").unwrap();
    listener.call("rpc.subscribe", &json!({})).unwrap();
    for n in 2..5 {
        let began = Instant::now();
        let telling = std::thread::spawn(move || {
            let mut connection = Connection::open(address).unwrap();
            connection.call("room/slow", "tell", &json!({})).unwrap()
        });
        assert_eq!(number(&listener.json().unwrap()["params"]["data"]), n);
        let heard = began.elapsed();
        assert!(
            heard >= SYNC,
            "heard after {heard:?}, the sync takes {SYNC:?}"
        );
        assert_eq!(telling.join().unwrap(), Ok(json!(n)));
    }
    // What fails is heard of by nobody.
    listener.patience(SYNC * 2).unwrap();
    let nothing = listener.receive().expect_err("nobody told anything").kind();
    assert!(matches!(
        nothing,
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
}
