//! Results that come item by item: the same bytes from both backends, as they come, and no more than is read.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::{Connection, request};
use support::process::{Launch, Server, scratch};
use support::websocket::{Frame, WebSocket};
use support::workers::Built;

use crate::bodies;
use crate::steps::{line, masked};

const LINES: &str = "Accept: application/x-ndjson";
const EVENTS: &str = "Accept: text/event-stream";
const JSON: &str = "Content-Type: application/json";

/// Method, path and header, body, and what is in the answer.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    (
        "POST",
        "/spring/a/countdown",
        LINES,
        "[2]",
        "200 application/x-ndjson 2\n1\n0\n",
    ),
    (
        "POST",
        "/spring/a/countdown",
        "Accept: */*",
        "[2]",
        "200 application/json [2,1,0]",
    ),
    (
        "POST",
        "/spring/a/countdown",
        EVENTS,
        "[0]",
        "200 text/event-stream event: item\ndata: 0\n\nevent: done\ndata: {\"items\":1}\n\n",
    ),
    (
        "GET",
        "/spring/a/countdown?from=1",
        LINES,
        "",
        "200 application/x-ndjson cache-control=no-store x-content-type-options=nosniff 1\n0\n",
    ),
    ("GET", "/spring/a/down?from=1", LINES, "", "1\n0\n"),
    (
        "HEAD",
        "/spring/a/down?from=1",
        LINES,
        "",
        "200 application/x-ndjson",
    ),
    (
        "POST",
        "/spring/a/countdown",
        LINES,
        "[\"x\"]",
        "400 application/json {\"error\":",
    ),
    ("POST", "/spring/a/drip", LINES, "[3]", "1\n2\n3\n"),
    (
        "POST",
        "/spring/a/drip",
        "Accept: text/plain",
        "[2]",
        "[4,5]",
    ),
    (
        "GET",
        "/spring/a/drip?drops=1",
        LINES,
        "",
        "read_only_chain",
    ),
    (
        "GET",
        "/spring/a/drip?drops=0",
        LINES,
        "",
        "200 application/x-ndjson",
    ),
    (
        "POST",
        "/spring/a/drip",
        "Idempotency-Key: one",
        "[1]",
        "[6]",
    ),
    (
        "POST",
        "/spring/a/drip",
        "Idempotency-Key: one",
        "[1]",
        "[6]",
    ),
    (
        "POST",
        "/spring/a/dry",
        LINES,
        "[0]",
        "409 application/json {\"error\":",
    ),
    (
        "POST",
        "/spring/a/dry",
        LINES,
        "[2]",
        "0\n1\n\n{\"error\":{\"code\":1,\"message\":\"dry after 2\"",
    ),
    (
        "POST",
        "/spring/a/dry",
        EVENTS,
        "[1]",
        "\n\nevent: error\ndata: {\"error\":{\"code\":1,",
    ),
    ("POST", "/spring/a/dry", "Accept: */*", "[2]", "no answer: "),
    (
        "POST",
        "/spring/a/burst",
        LINES,
        "[0]",
        "500 application/json {\"error\":{\"code\":-32603,",
    ),
    (
        "POST",
        "/spring/a/burst",
        LINES,
        "[2]",
        "0\n1\n\n{\"error\":{\"code\":-32603,",
    ),
    (
        "POST",
        "/spring/a/burst",
        EVENTS,
        "[1]",
        "event: error\ndata: {\"error\":{\"code\":-32603,",
    ),
    (
        "POST",
        "/spring/a/burst",
        "Accept: */*",
        "[2]",
        "no answer: ",
    ),
    (
        "POST",
        "/spring/a/nope",
        LINES,
        "[2]",
        "404 application/json",
    ),
    (
        "POST",
        "/spring/a",
        LINES,
        r#"{"jsonrpc":"2.0","id":1,"method":"countdown","params":[2]}"#,
        r#"{"jsonrpc":"2.0","result":[2,1,0],"id":1}"#,
    ),
    (
        "POST",
        "/spring/a",
        LINES,
        r#"[{"jsonrpc":"2.0","id":1,"method":"dry","params":[1]},{"jsonrpc":"2.0","id":2,"method":"drip","params":[1]}]"#,
        r#""result":[7]"#,
    ),
    (
        "POST",
        "/spring/a",
        LINES,
        r#"{"jsonrpc":"2.0","id":1,"method":"flood","params":[100000]}"#,
        "\"too_large\"",
    ),
];

pub(crate) fn check(built: &Built) {
    let folder = scratch();
    let (native, _) = Launch::new(&built.program, &folder.path().join("native")).start();
    let worker = built.worker.start(&folder.path().join("worker"));
    for case in CASES {
        let (one, other) = (tell(&native, case), tell(&worker, case));
        assert!(one.contains(case.4), "natively {case:?}: {one}");
        assert_eq!(one, other, "{case:?}: natively, and on Workers");
    }
    let (one, other) = (sip(&native), sip(&worker));
    assert_eq!(one, other, "natively, and on Workers");
    let (one, other) = (talk(&native), talk(&worker));
    assert_eq!(one, other, "natively, and on Workers");
    bodies::check(&native, &worker);
    for (where_, server) in [("natively", &native), ("on Workers", &worker)] {
        as_they_come(server);
        eprintln!("{where_}: as they come");
        who_hangs_up_ends_it(server);
        eprintln!("{where_}: who hangs up ends it");
        steered(where_, server);
        eprintln!("{where_}: steered");
        slow(where_, server);
        sips_of_a_flood(where_, server);
    }
}

/// What an object reads of another one, item by item.
const SIPS: &[(&str, u32, &str)] = &[
    ("countdown", 9, r#"["3","2","1","0","end"]"#),
    ("countdown", 2, r#"["3","2"]"#),
    ("drip", 9, r#"["1","2","3","end"]"#),
    ("dry", 9, r#"["0","1","failed: dry after 2"]"#),
    ("refused", 9, r#"["refused: dry after 0"]"#),
    (
        "burst",
        9,
        r#"["0","1","failed: internal: internal error"]"#,
    ),
    ("broken", 9, r#"["refused: internal: internal error"]"#),
    (
        "channel",
        100_000,
        r#"["19997 before","3","2","1","0","end"]"#,
    ),
];

fn sip(server: &Server) -> Vec<String> {
    let sip = |(what, most, expected): &(&str, u32, &str)| {
        let params = json!({"of": "cup", "what": what, "most": most});
        let sipped = server.connect().call("spring/guest", "sip", &params);
        let sipped = sipped.unwrap().unwrap().to_string();
        assert_eq!(sipped, *expected, "{what}");
        sipped
    };
    SIPS.iter().map(sip).collect()
}

/// An object that reads no more ends what it read, and little was sent ahead of it.
fn sips_of_a_flood(where_: &str, server: &Server) {
    let params = json!({"of": "b", "what": "flood", "most": 3});
    let sipped = server.connect().call("spring/guest", "sip", &params);
    assert_eq!(sipped.unwrap().unwrap().as_array().unwrap().len(), 3);
    let look = wait_until("it was ended", server, |look| look[0] == 0);
    assert!(look[1].as_u64().unwrap() < 2_000, "{where_}: {look}");
}

/// What is said on a WebSocket, and all that comes until the answer to it.
const TALK: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":1,"method":"countdown","params":[2],"stream":true}"#,
    r#"{"jsonrpc":"2.0","id":"two","method":"countdown","params":[1]}"#,
    r#"{"jsonrpc":"2.0","id":3,"method":"dry","params":[1],"stream":true}"#,
    r#"{"jsonrpc":"2.0","id":4,"method":"dry","params":[0],"stream":true}"#,
    r#"{"jsonrpc":"2.0","id":5,"method":"unlock","stream":true,"params":[false]}"#,
    r#"{"jsonrpc":"2.0","id":6,"method":"drip","params":[1],"stream":true,"key":"once"}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"nope","stream":true}"#,
    r#"{"jsonrpc":"2.0","id":8,"method":"rpc.cancel","params":{"id":1}}"#,
    r#"{"jsonrpc":"2.0","id":9,"method":"rpc.more","params":{"id":1}}"#,
    r#"{"jsonrpc":"2.0","id":10,"method":"burst","params":[2],"stream":true}"#,
];

fn talk(server: &Server) -> Vec<String> {
    let mut socket = WebSocket::open(server.address(), "spring/talk").unwrap();
    let mut heard = Vec::new();
    for text in TALK {
        socket.text(text).unwrap();
        loop {
            let Frame::Text(text) = socket.receive().unwrap() else {
                continue;
            };
            let is_item = text.contains("\"rpc.item\"");
            heard.push(masked(&text));
            if !is_item {
                break;
            }
        }
    }
    heard
}

/// Over a WebSocket no more is sent than whoever reads says that it has taken; it may end it, or vanish.
fn steered(where_: &str, server: &Server) {
    let mut socket = WebSocket::open(server.address(), "spring/b").unwrap();
    socket.patience(Duration::from_secs(1)).unwrap();
    let flood =
        json!({"jsonrpc": "2.0", "id": 7, "method": "flood", "params": [100], "stream": true});
    socket.text(&flood.to_string()).unwrap();
    let items = |socket: &mut WebSocket| {
        let mut count = 0;
        while let Ok(Frame::Text(text)) = socket.receive() {
            assert!(
                text.starts_with(
                    r#"{"jsonrpc":"2.0","method":"rpc.item","params":{"id":7,"item":"xx"#
                ),
                "{text}"
            );
            count += 1;
        }
        count
    };
    assert_eq!(items(&mut socket), 64, "{where_}");
    let more = json!({"jsonrpc": "2.0", "method": "rpc.more", "params": {"id": 7, "items": 10}});
    socket.text(&more.to_string()).unwrap();
    assert_eq!(items(&mut socket), 10, "{where_}");
    assert_eq!(call(server, "look", &json!([]))[0], 1);
    socket.patience(Duration::from_secs(20)).unwrap();
    let cancel = json!({"jsonrpc": "2.0", "id": 8, "method": "rpc.cancel", "params": {"id": 7}});
    socket.text(&cancel.to_string()).unwrap();
    let mut answers = [socket.json().unwrap(), socket.json().unwrap()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(
        answers[0]["error"]["data"]["code"], "cancelled",
        "{answers:?}"
    );
    assert_eq!(answers[1]["result"], true, "{answers:?}");
    wait_until("it was cancelled", server, |look| look[0] == 0);
    // It does for other calls, and whoever vanishes ends what it read.
    socket.text(&flood.to_string()).unwrap();
    assert_eq!(socket.json().unwrap()["method"], "rpc.item");
    wait_until("it runs", server, |look| look[0] == 1);
    drop(socket);
    wait_until("it was ended", server, |look| look[0] == 0);
}

fn tell(server: &Server, (method, path, header, body, _): &Case) -> String {
    let headers: &[&str] = if body.is_empty() {
        &[header]
    } else {
        &[header, JSON]
    };
    let answer = server
        .connect()
        .request(method, path, headers, body.as_bytes());
    line(&answer.map_err(|_| "broken off".to_owned()))
}

/// A response whose body is read chunk by chunk.
struct Chunks(Connection);

impl Chunks {
    fn ask(server: &Server, path: &str, body: &str) -> Self {
        let mut connection = server.connect();
        let mut bytes = request("POST", path, "localhost", &[LINES, JSON], body.as_bytes());
        bytes = String::from_utf8(bytes)
            .unwrap()
            .replace("Host: localhost", &format!("Host: {}", server.address()))
            .into_bytes();
        bytes.extend_from_slice(body.as_bytes());
        connection.send(&bytes).unwrap();
        let status = connection.line().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        while !connection.line().unwrap().is_empty() {}
        Self(connection)
    }

    /// The line of a chunk that is one line.
    fn next(&mut self) -> String {
        let size = self.0.line().unwrap();
        if size == "0" {
            return String::new();
        }
        let line = self.0.line().unwrap();
        assert_eq!(self.0.line().unwrap(), "", "one line a chunk");
        line
    }
}

fn call(server: &Server, action: &str, params: &Value) -> Value {
    let called = server.connect().call("spring/b", action, params);
    called.unwrap().unwrap()
}

fn wait_until(what: &str, server: &Server, holds: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let look = call(server, "look", &json!([]));
        if holds(&look) {
            return look;
        }
        assert!(began.elapsed() < Duration::from_secs(45), "{what}: {look}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn as_they_come(server: &Server) {
    call(server, "unlock", &json!([false]));
    let mut lock = Chunks::ask(server, "/spring/b/lock", "[]");
    assert_eq!(lock.next(), "\"closed\"");
    call(server, "unlock", &json!([true]));
    assert_eq!(lock.next(), "\"open\"");
    assert_eq!(lock.next(), "");
    call(server, "unlock", &json!([false]));
}

fn who_hangs_up_ends_it(server: &Server) {
    wait_until("nothing runs", server, |look| look[0] == 0);
    let mut lock = Chunks::ask(server, "/spring/b/lock", "[]");
    assert_eq!(lock.next(), "\"closed\"");
    wait_until("it runs", server, |look| look[0] == 1);
    drop(lock);
    wait_until("it was ended", server, |look| look[0] == 0);
}

fn slow(where_: &str, server: &Server) {
    let before = server.resident().unwrap();
    let flood = Chunks::ask(server, "/spring/b/flood", "[10000]");
    let mut last = json!(null);
    let stopped = |look: &Value| {
        let same = *look == last;
        last = look.clone();
        same
    };
    let stopped = std::cell::RefCell::new(stopped);
    thread::sleep(Duration::from_secs(1));
    let look = wait_until("it stops", server, |look| {
        look[0] == 1 && stopped.borrow_mut()(look)
    });
    let sent = look[1].as_u64().unwrap() * 10_000;
    let grown = server.resident().unwrap().saturating_sub(before);
    eprintln!(
        "{where_}: {} KiB sent to whoever does not read, {} KiB grown",
        sent >> 10,
        grown >> 10
    );
    // What the two systems' sockets hold is no memory of the program's.
    assert!(
        sent < 32 << 20,
        "{where_}: {sent} bytes were sent to whoever does not read"
    );
    assert!(grown < 24 << 20, "{where_}: {grown} bytes");
    drop(flood);
    wait_until("it was ended", server, |look| look[0] == 0);
}
