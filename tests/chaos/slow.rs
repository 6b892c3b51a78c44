//! Clients that take their time: they are dropped, and nobody else notices.

use std::io;
use std::time::{Duration, Instant};

use serde_json::json;
use support::bounds::Baseline;
use support::http::Connection;
use support::process::{Launch, scratch};

use crate::{alone, program};

/// How many take their time.
const SLOW: usize = 200;

#[test]
fn slow_clients_are_dropped() {
    let _alone = alone();
    let baseline = Baseline::take();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let host = server.address();
    let heads = [
        format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\nX-Slow: "),
        format!(
            "POST /counter/home HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: 60\r\n\r\n{{"
        ),
    ];
    let began = Instant::now();
    let mut slow: Vec<Connection> = (0..SLOW)
        .map(|index| {
            let mut connection = server.connect();
            connection.send(heads[index % 2].as_bytes()).unwrap();
            connection
        })
        .collect();
    let mut client = server.connect();
    for expected in 1..=200 {
        let one = Instant::now();
        let value = client
            .call("counter/home", "increment", &json!({}))
            .unwrap();
        assert_eq!(value, Ok(json!(expected)));
        assert!(
            one.elapsed() < Duration::from_secs(5),
            "a call took {:?} beside slow clients",
            one.elapsed()
        );
    }
    for connection in &mut slow {
        connection
            .socket()
            .set_read_timeout(Some(Duration::from_secs(55)))
            .unwrap();
        // A polite 408 or a closed connection; what must not happen is that it stays open.
        match connection.receive() {
            Ok(response) => assert_eq!(response.status, 408),
            Err(fault) => assert!(
                !matches!(
                    fault.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ),
                "still open after {:?}",
                began.elapsed()
            ),
        }
    }
    // Head within 10 s, body within 30 s of it.
    baseline.assert_within(
        "slow clients are gone",
        began.elapsed(),
        Duration::from_secs(31),
    );
    // Its own connection was silent for too long as well.
    let value = server.connect().call("counter/home", "value", &json!({}));
    assert_eq!(value.unwrap(), Ok(json!(200)));
}
