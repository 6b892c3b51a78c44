//! From the handshake to the last word: eviction, silence, and the end of the server.

use std::time::{Duration, Instant};

use serde_json::json;
use support::process::{Launch, scratch};
use support::websocket::{CLOSE, Frame, PONG, WebSocket, frame};

use super::ask;
use crate::{alone, program};

#[test]
fn who_does_not_answer_pings_is_gone() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let variables = [("STAYPUT_PING_MS", "300"), ("STAYPUT_PONG_MS", "1000")];
    let (server, _) = Launch {
        variables: &variables,
        ..Launch::new(program(), &data)
    }
    .start();
    let mut lively = WebSocket::open(server.address(), "room/r").unwrap();
    let silent = WebSocket::open(server.address(), "room/r").unwrap();
    assert_eq!(ask(server.address(), "room/r", "people"), 2);
    let until = Instant::now() + Duration::from_secs(4);
    let mut pings = 0;
    while Instant::now() < until {
        assert_eq!(lively.receive().unwrap(), Frame::Ping(Vec::new()));
        lively.send(&frame(PONG, b"")).unwrap();
        pings += 1;
    }
    assert!(pings >= 4, "{pings} pings in 4 s");
    assert_eq!(ask(server.address(), "room/r", "people"), 1);
    assert_eq!(ask(server.address(), "room/r", "gone"), json!([1006]));
    drop(silent);
}

#[test]
fn an_object_is_evicted_under_its_connections_and_wakes_for_them() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let variables = [("STAYPUT_IDLE_MS", "100")];
    let (server, _) = Launch {
        variables: &variables,
        ..Launch::new(program(), &data)
    }
    .start();
    let mut socket = WebSocket::open(server.address(), "room/r").unwrap();
    socket.call("rpc.subscribe", &json!({})).unwrap();
    for n in 1..=3 {
        std::thread::sleep(Duration::from_millis(500));
        // By another one, so that the object is woken by a plain call and must still know who listens.
        let told = server.connect().call("room/r", "tell", &json!({})).unwrap();
        assert_eq!(told, Ok(json!(n)));
        assert_eq!(socket.json().unwrap()["params"]["data"]["n"], n);
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(socket.call("people", &json!({})).unwrap(), 1);
    }
}

#[test]
fn sigterm_ends_connections_after_their_answers() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut server, _) = Launch::new(program(), &data).start();
    let mut idle = WebSocket::open(server.address(), "room/r").unwrap();
    let mut busy = WebSocket::open(server.address(), "room/r").unwrap();
    let mut stream = server.connect();
    stream
        .send(
            format!(
                "GET /room/r/~events HTTP/1.1\r\nHost: {}\r\n\r\n",
                server.address()
            )
            .as_bytes(),
        )
        .unwrap();
    while stream.line().unwrap() != "retry: 1000" {}
    busy.text(r#"{"jsonrpc":"2.0","id":7,"method":"wait","params":{"ms":700}}"#)
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.terminate().unwrap();
    assert_eq!(busy.json().unwrap()["result"], 700);
    for socket in [&mut idle, &mut busy] {
        let end = socket.receive().unwrap();
        assert!(matches!(end, Frame::Close(Some(1001), _)), "{end:?}");
        socket.send(&frame(CLOSE, &[0x03, 0xe9])).unwrap();
    }
    // The stream ends as a response does: by its last, empty chunk.
    let rest = std::iter::from_fn(|| stream.line().ok());
    assert_eq!(rest.filter(|line| line == "0").count(), 1);
    let status = server.wait(Duration::from_secs(10)).unwrap();
    assert!(status.unwrap().success(), "{}", server.log());
}
