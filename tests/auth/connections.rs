//! Connections that stay open: how they are opened, and that they end with the credentials.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stayput::object::Caller;
use stayput::prelude::*;
use support::http::{Connection, Response};
use support::websocket::{CLOSE, Frame, WebSocket, frame};

use crate::place::Place;
use crate::tokens::{Keys, now, with};

const ADMIN: &str = "X-API-Key: key-of-the-admin-00003";

pub(crate) fn open_and_end(place: &Place, keys: &Keys) {
    by_subprotocol(place, keys);
    by_ticket(place, keys);
    end_in_time(place, keys, 3);
    if place.name == "workerd" {
        // The object sleeps by then, and is woken for it.
        end_in_time(place, keys, 14);
    }
}

fn by_subprotocol(place: &Place, keys: &Keys) {
    let token = keys.good(&with(json!({ "scope": "vault:read" })));
    let open = |protocols: &str| {
        let header = format!("Sec-WebSocket-Protocol: {protocols}");
        WebSocket::upgrade_with(place.server.connect(), "vault/live", &[&header])
    };
    let (mut socket, answer) = open(&format!("stayput.v1, stayput.bearer.{token}")).unwrap();
    assert_eq!(answer.header("sec-websocket-protocol"), Some("stayput.v1"));
    assert!(
        answer
            .headers
            .iter()
            .all(|line| !line.contains(&token[..20]))
    );
    assert_eq!(socket.call("whoami", &json!({})).unwrap()["subject"], "ann");
    assert_eq!(
        socket
            .call("rpc.subscribe", &json!({ "events": ["opened"] }))
            .unwrap(),
        json!({ "events": ["opened"] })
    );
    for wrong in [
        format!("stayput.bearer.{token}"),
        format!("stayput.v1, stayput.bearer.{token}x"),
        format!("stayput.v1, stayput.bearer.{token}, stayput.bearer.{token}"),
        "stayput.v1, stayput.bearer.".to_owned(),
    ] {
        let refused = open(&wrong).err();
        assert!(refused.is_some(), "{}: {wrong}", place.name);
    }
}

fn by_ticket(place: &Place, keys: &Keys) {
    let name = place.name;
    let ask = |object: &str, headers: &[&str]| -> Response {
        let mut all = vec!["Content-Type: application/json"];
        all.extend(headers);
        let path = format!("/vault/{object}/~ticket");
        place
            .server
            .connect()
            .request("POST", &path, &all, b"")
            .unwrap()
    };
    let ticket = |object: &str| -> String {
        let answer = ask(object, &[ADMIN]);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let answer = answer.json().unwrap();
        assert_eq!(answer["expires_in"], 30, "{name}");
        answer["ticket"].as_str().unwrap().to_owned()
    };
    let open = |object: &str, ticket: &str, headers: &[&str]| {
        let path = format!("vault/{object}?ticket={ticket}");
        WebSocket::open_with(place.server.address(), &path, headers)
    };
    assert_eq!(ask("desk", &[]).status, 401, "{name}: a ticket for nobody");

    let first = ticket("desk");
    let mut socket = open("desk", &first, &[]).unwrap();
    assert_eq!(
        socket.call("whoami", &json!({})).unwrap()["subject"],
        "admin",
        "{name}"
    );
    socket.call("audit", &json!({})).unwrap();
    assert!(
        open("desk", &first, &[]).is_err(),
        "{name}: a ticket was good twice"
    );

    let second = ticket("desk");
    assert!(
        open("other", &second, &[]).is_err(),
        "{name}: a ticket of another object"
    );
    assert!(
        open("desk", &ticket("desk"), &[ADMIN]).is_err(),
        "{name}: a ticket and a key"
    );
    for wrong in ["", "x", &"0".repeat(64), "%00"] {
        assert!(
            open("desk", wrong, &[]).is_err(),
            "{name}: the ticket {wrong:?}"
        );
    }

    let (path, listener) = (
        format!(
            "/vault/desk/~events?events=opened&ticket={}",
            ticket("desk")
        ),
        place.server.connect(),
    );
    let mut stream = listen(listener, &path, &[]);
    socket.call("open", &json!({})).unwrap();
    assert_eq!(
        next(&mut stream).as_deref(),
        Some("event: opened"),
        "{name}"
    );
    // A ticket carries the end of the token it was given for.
    let token = keys.good(&with(json!({ "exp": now() + 2 })));
    let answer = ask("desk", &[&format!("Authorization: Bearer {token}")])
        .json()
        .unwrap();
    let mut socket = open("desk", answer["ticket"].as_str().unwrap(), &[]).unwrap();
    assert_eq!(closed(&mut socket), Some(4401), "{name}");
}

/// A WebSocket and a stream that were opened with a token of so many seconds are gone when it has expired, and not
/// before.
fn end_in_time(place: &Place, keys: &Keys, seconds: u64) {
    let name = place.name;
    let began = Instant::now();
    let ends = now() + seconds;
    let bearer = format!(
        "Authorization: Bearer {}",
        keys.good(&with(json!({ "exp": ends })))
    );
    let object = format!("vault/ending-{seconds}");
    let mut socket = WebSocket::open_with(place.server.address(), &object, &[&bearer]).unwrap();
    // A stream keeps its object awake: where it is to sleep there is none.
    let stream = (seconds < 10).then(|| {
        listen(
            place.server.connect(),
            &format!("/{object}/~events"),
            &[&bearer],
        )
    });
    socket.call("open", &json!({})).unwrap();
    // Another one, whose credentials do not expire, stays.
    let mut other = WebSocket::open_with(place.server.address(), &object, &[ADMIN]).unwrap();
    assert_eq!(closed(&mut socket), Some(4401), "{name}, {seconds} s");
    let took = began.elapsed();
    let (least, most) = (
        Duration::from_secs(seconds - 1),
        Duration::from_secs(seconds + 5),
    );
    assert!(
        (least..most).contains(&took),
        "{name}: {seconds} s took {took:?}"
    );
    if let Some(mut stream) = stream {
        while next(&mut stream).is_some() {}
    }
    assert_eq!(
        other.call("whoami", &json!({})).unwrap()["subject"],
        "admin",
        "{name}"
    );
    let again = WebSocket::open_with(place.server.address(), &object, &[&bearer]);
    assert!(
        again.is_err(),
        "{name}: an expired token opened a connection"
    );
}

/// The code of the close frame, which is answered.
fn closed(socket: &mut WebSocket) -> Option<u16> {
    loop {
        match socket.receive().unwrap() {
            Frame::Close(code, _) => {
                let reply = code.unwrap_or(1000).to_be_bytes();
                // The other side may be gone already.
                let _ = socket.send(&frame(CLOSE, &reply));
                return code;
            }
            Frame::Text(_) | Frame::Ping(_) => {}
            other => panic!("{other:?} instead of a close frame"),
        }
    }
}

fn listen(mut connection: Connection, path: &str, headers: &[&str]) -> Connection {
    let head = support::http::request("GET", path, &host(&connection), headers, b"");
    connection.send(&head).unwrap();
    let status = connection.line().unwrap();
    assert!(status.contains(" 200 "), "{path}: {status}");
    while !connection.line().unwrap().is_empty() {}
    connection
}

fn host(connection: &Connection) -> String {
    connection.socket().peer_addr().unwrap().to_string()
}

/// The next line that begins an event; `None` at the end of the stream.
fn next(stream: &mut Connection) -> Option<String> {
    loop {
        match stream.line() {
            Ok(line) if line.starts_with("event: ") => return Some(line),
            // The last chunk of the body.
            Ok(line) if line == "0" => return None,
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

#[test]
fn a_connection_ends_with_its_credentials_and_says_nothing_more() {
    stayput::testing::Test::new(auth_app::app()).run(async |t| {
        let vault = auth_app::Vault::named(t, "a");
        let ends = t.now() + seconds(3);
        let ann = t.as_caller(Caller::user("ann").until(ends));
        let socket = ann.connect(&vault).await.unwrap();
        let ask = r#"{"jsonrpc":"2.0","id":1,"method":"open"}"#;
        let answer =
            |text: Option<String>| -> Value { serde_json::from_str(&text.unwrap()).unwrap() };
        assert_eq!(answer(socket.send_text(ask).await)["result"], 1);
        t.advance(Duration::from_millis(2_999)).await;
        assert_eq!(socket.closed(), None);
        assert_eq!(answer(socket.send_text(ask).await)["result"], 2);
        t.turn(Duration::from_millis(1));
        // Also one that comes before anybody has noticed.
        let refused = answer(socket.send_text(ask).await);
        assert_eq!(refused["error"]["data"]["code"], "unauthenticated");
        t.settle().await;
        assert_eq!(socket.closed(), Some((4401, "unauthenticated".to_owned())));
        assert_eq!(vault.look().await.unwrap(), 2);
    });
}
