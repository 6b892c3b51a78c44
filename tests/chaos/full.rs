//! More clients than the server takes: they are told so, and those who are in notice nothing.

use std::time::{Duration, Instant};

use serde_json::json;
use support::http::Connection;
use support::process::{Launch, scratch};
use support::websocket::WebSocket;

use crate::{alone, program};

/// The least that may be set.
const LIMIT: usize = 16;

#[test]
fn a_full_server_says_so() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch {
        variables: &[("STAYPUT_CONNECTIONS", "16")],
        ..Launch::new(program(), &data)
    }
    .start();
    // The one that asked whether the server is ready may not have left yet.
    let mut inside: Vec<Connection> = Vec::new();
    while inside.len() < LIMIT {
        let mut connection = server.connect();
        if connection.get("/counter/full/value").unwrap().status == 200 {
            inside.push(connection);
        }
    }
    let answer = server.connect().get("/counter/full/value").unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("connection"), Some("close"));
    let error = answer.json().unwrap()["error"].take();
    assert_eq!(error["data"]["code"], "overloaded", "{error}");
    assert_eq!(error["data"]["retryable"], true, "{error}");
    assert_eq!(error["data"]["maybe_executed"], false, "{error}");
    let error = server
        .connect()
        .call("counter/full", "increment", &json!({}))
        .unwrap()
        .unwrap_err();
    assert_eq!(error["data"]["code"], "overloaded", "{error}");
    let refused = WebSocket::open(server.address(), "counter/full").unwrap_err();
    assert!(refused.to_string().contains("503"), "{refused}");
    // It lives, and whoever watches it is told.
    for probe in ["/healthz", "/readyz"] {
        assert_eq!(server.connect().get(probe).unwrap().status, 200, "{probe}");
    }
    for connection in &mut inside {
        let value = connection.call("counter/full", "value", &json!({}));
        assert_eq!(value.unwrap(), Ok(json!(0)), "nothing was executed");
    }
    assert_eq!(
        server.log().matches("connections are taken").count(),
        server.log().matches("WARN").count(),
        "{}",
        server.log()
    );
    assert!(server.log().contains("all 16 connections are taken"));
    // Who leaves makes room.
    inside.pop();
    let left = Instant::now();
    while server.connect().get("/counter/full/value").unwrap().status != 200 {
        assert!(left.elapsed() < Duration::from_secs(10), "no room");
    }
}

#[test]
fn a_crowd_at_the_door_keeps_nobody_out_for_long() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch {
        variables: &[("STAYPUT_CONNECTIONS", "16")],
        ..Launch::new(program(), &data)
    }
    .start();
    // More than are let in, and more than are turned away at a time; they say nothing.
    let crowd: Vec<Connection> = (0..200).map(|_| server.connect()).collect();
    drop(crowd);
    let begun = Instant::now();
    while server.connect().get("/counter/crowd/value").unwrap().status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "still full");
    }
}
