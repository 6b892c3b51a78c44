//! Bodies of requests and responses piece by piece: the same from both backends, as they come, and no more than is read.

use std::fmt::Write as _;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Connection;
use support::process::Server;

use crate::steps::line;

/// Method, path, body, and what is in the answer.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        "POST",
        "/canal/a/echo",
        "to and fro",
        "200 text/csv to and fro",
    ),
    ("POST", "/canal/a/echo?418", "to", "418 text/csv to"),
    ("POST", "/canal/a/echo?204", "to", "204"),
    ("POST", "/canal/a/echo", "", "200 no media type "),
    ("POST", "/canal/a/take", "abc", "200 no media type 3 96354"),
    ("POST", "/canal/a/take", "", "200 no media type 0 0"),
    (
        "POST",
        "/canal/a/whole",
        "0123456789",
        "200 text/csv 0123456789",
    ),
    (
        "POST",
        "/canal/a/whole",
        "0123456789a",
        "413 application/json {\"error\":",
    ),
    (
        "POST",
        "/canal/a/full",
        "abc",
        "409 application/json {\"error\":",
    ),
    (
        "POST",
        "/canal/a/panic",
        "abc",
        "500 application/json {\"error\":",
    ),
    ("POST", "/canals/a/take", "abc", "3 96354"),
    ("PUT", "/canal/a/look", "abc", "405 "),
    ("GET", "/canal/a/whole", "", "all of it"),
    ("HEAD", "/canal/a/whole", "", "200"),
    ("GET", "/canal/a/long", "", "\"too_large\""),
    ("GET", "/canal/a/flood/3", "", "xxx"),
    ("HEAD", "/canal/a/flood/3", "", "200"),
    ("GET", "/canal/a/drip/3", "", "7\n8\n9\n"),
    ("GET", "/canal/a/drip/0", "", "200"),
    ("GET", "/canal/a/fail/0", "", "no answer: broken off"),
    ("GET", "/canal/a/fail/2", "", "no answer: broken off"),
    ("GET", "/canal/a/burst/0", "", "no answer: broken off"),
    ("GET", "/canal/a/burst/2", "", "no answer: broken off"),
    ("GET", "/canal/a/drip/1", "", "10\n"),
    ("GET", "/drops/3/well", "", "nosniff 0\n1\n2\n"),
    ("GET", "/drops/0/well", "", "202 no media type "),
    ("GET", "/drops/1/call", "", "nosniff 0\n0"),
    ("GET", "/drops/2/fail", "", "no answer: broken off"),
    ("GET", "/drops/2/panic", "", "no answer: broken off"),
    ("GET", "/drops/1/well", "", "nosniff 0\n"),
    ("HEAD", "/drops/3/well", "", "202"),
];

pub(crate) fn check(native: &Server, worker: &Server) {
    let mut faults = String::new();
    for case in CASES {
        let (one, other) = (tell(native, case), tell(worker, case));
        if !one.contains(case.3) || one != other {
            let _ = writeln!(faults, "{case:?}\n  natively {one}\n  on Workers {other}");
        }
    }
    assert!(faults.is_empty(), "{faults}");
    for (where_, server) in [("natively", native), ("on Workers", worker)] {
        requests_as_they_come(where_, server);
        broken_off(where_, server);
        responses_as_they_come(where_, server);
        large(where_, server);
        slow_reader(where_, server);
        slow_handler(where_, server);
        eprintln!("{where_}: bodies");
    }
}

fn tell(server: &Server, (method, path, body, _): &Case) -> String {
    let headers: &[&str] = if body.is_empty() {
        &[]
    } else {
        &["Content-Type: text/csv"]
    };
    let mut connection = server.connect();
    let answer = connection.request(method, path, headers, body.as_bytes());
    line(&answer.map_err(|_| "broken off".to_owned()))
}

fn call(server: &Server, object: &str, action: &str, params: &Value) -> Value {
    let called = server.connect().call(object, action, params);
    called.unwrap().unwrap()
}

fn look(server: &Server, object: &str) -> Value {
    call(server, object, "look", &json!([]))
}

fn wait_until(what: &str, server: &Server, object: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let look = look(server, object);
        if holds(&look) {
            return look;
        }
        assert!(began.elapsed() < Duration::from_secs(45), "{what}: {look}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The head of a request whose body is sent by hand.
fn begin(server: &Server, path: &str, length: &str) -> Connection {
    let mut connection = server.connect();
    let host = server.address();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{length}\r\n\r\n");
    connection.send(head.as_bytes()).unwrap();
    connection
}

/// A handler has a piece before the next one is sent, and may answer before the end.
fn requests_as_they_come(where_: &str, server: &Server) {
    let mut connection = begin(server, "/canal/in/take", "Transfer-Encoding: chunked");
    for n in 1..=3 {
        connection.send(b"4\r\nabcd\r\n").unwrap();
        wait_until("it came", server, "canal/in", |look| look[2] == 4 * n);
    }
    connection.send(b"0\r\n\r\n").unwrap();
    let answer = connection.receive().unwrap();
    assert!(answer.text().starts_with("12 "), "{where_}: {answer:?}");
    // The rest of what was begun belongs to nobody, and the answer does not wait for it.
    let mut connection = begin(server, "/canal/in/first", "Transfer-Encoding: chunked");
    connection.send(b"2\r\nab\r\n").unwrap();
    let answer = connection.receive().unwrap();
    assert_eq!(answer.text(), "2 at first", "{where_}");
    let mut connection = begin(server, "/canal/in/full", "Transfer-Encoding: chunked");
    connection.send(b"2\r\nab\r\n").unwrap();
    let answer = connection.receive().unwrap();
    assert_eq!(answer.status, 409, "{where_}: {answer:?}");
}

/// A body that ends before its end is none.
fn broken_off(where_: &str, server: &Server) {
    let mut connection = begin(server, "/canal/cut/take", "Content-Length: 8");
    connection.send(b"abcd").unwrap();
    wait_until("it came", server, "canal/cut", |look| look[2] == 4);
    drop(connection);
    let again =
        server
            .connect()
            .request("POST", "/canal/cut/take", &["Content-Type: text/csv"], b"e");
    assert_eq!(again.unwrap().status, 200, "{where_}");
    wait_until("no more came", server, "canal/cut", |look| look[2] == 5);
}

fn responses_as_they_come(where_: &str, server: &Server) {
    call(server, "canal/out", "unlock", &json!([false]));
    let mut lock = ask(server, "/canal/out/lock");
    assert_eq!(chunk(&mut lock).unwrap(), "closed\n");
    call(server, "canal/out", "unlock", &json!([true]));
    assert_eq!(chunk(&mut lock).unwrap(), "open\n");
    assert_eq!(chunk(&mut lock).unwrap(), "");
    // Whoever hangs up ends it.
    call(server, "canal/out", "unlock", &json!([false]));
    let mut lock = ask(server, "/canal/out/lock");
    assert_eq!(chunk(&mut lock).unwrap(), "closed\n");
    wait_until("it runs", server, "canal/out", |look| look[0] == 1);
    drop(lock);
    // The platform notices when something is written, and nothing may be added to a body.
    if where_ == "on Workers" {
        call(server, "canal/out", "unlock", &json!([true]));
    }
    wait_until("it was ended", server, "canal/out", |look| look[0] == 0);
}

/// Far more than may be whole, in both directions at once, and what is in memory meanwhile.
fn large(where_: &str, server: &Server) {
    const LENGTH: usize = 128 << 20;
    let before = server.resident().unwrap();
    let length = format!("Content-Length: {LENGTH}");
    let mut sending = begin(server, "/canal/large/echo", &length);
    let socket = sending.socket().try_clone().unwrap();
    let sender = thread::spawn(move || {
        use io::Write as _;
        let piece: Vec<u8> = (0..=255).cycle().take(1 << 16).collect();
        let mut socket = &socket;
        for _ in 0..LENGTH >> 16 {
            socket.write_all(&piece).unwrap();
        }
    });
    let answer = sending.receive().unwrap();
    sender.join().unwrap();
    let grown = server.resident().unwrap().saturating_sub(before);
    eprintln!("{where_}: {} KiB grown by 128 MiB to and fro", grown >> 10);
    assert_eq!(answer.body.len(), LENGTH, "{where_}");
    let right = (0..=255)
        .cycle()
        .zip(&answer.body)
        .all(|(one, other)| one == *other);
    assert!(right, "{where_}: what came back is something else");
    // The platform collects what was passed on when it has to.
    assert!(grown < 64 << 20, "{where_}: {grown} bytes");
}

/// Whoever does not read stops the body that is sent, and ends it by hanging up.
fn slow_reader(where_: &str, server: &Server) {
    let before = server.resident().unwrap();
    let flood = ask(server, "/canal/slow/flood");
    let sent = stands_still(server, "canal/slow", |look| {
        look[1].as_u64().unwrap() * 10_000
    });
    let grown = server.resident().unwrap().saturating_sub(before);
    eprintln!(
        "{where_}: {} KiB sent to whoever does not read, {} KiB grown",
        sent >> 10,
        grown >> 10
    );
    assert!(
        sent < 32 << 20 && grown < 24 << 20,
        "{where_}: {sent} bytes, {grown} grown"
    );
    drop(flood);
    wait_until("it was ended", server, "canal/slow", |look| look[0] == 0);
}

/// A handler that does not read holds up whoever sends.
fn slow_handler(where_: &str, server: &Server) {
    call(server, "canal/full", "unlock", &json!([false]));
    let before = server.resident().unwrap();
    let sending = begin(server, "/canal/full/wait", "Content-Length: 100000000");
    let socket = sending.socket().try_clone().unwrap();
    socket
        .set_write_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    let mut sent = 0_usize;
    let piece = vec![b'x'; 1 << 16];
    while let Ok(more) = io::Write::write(&mut &socket, &piece) {
        sent += more;
        assert!(sent < 64 << 20, "{where_}: {sent} bytes were taken");
    }
    let grown = server.resident().unwrap().saturating_sub(before);
    eprintln!(
        "{where_}: {} KiB taken by whoever does not read, {} KiB grown",
        sent >> 10,
        grown >> 10
    );
    assert!(
        sent < 32 << 20 && grown < 24 << 20,
        "{where_}: {sent} bytes, {grown} grown"
    );
    call(server, "canal/full", "unlock", &json!([true]));
}

fn stands_still(server: &Server, object: &str, of: impl Fn(&Value) -> u64) -> u64 {
    thread::sleep(Duration::from_secs(1));
    let mut last = u64::MAX;
    loop {
        let now = of(&look(server, object));
        if now == last {
            return now;
        }
        last = now;
        thread::sleep(Duration::from_millis(200));
    }
}

/// A response whose body is read chunk by chunk.
fn ask(server: &Server, path: &str) -> Connection {
    let mut connection = server.connect();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
    connection.send(head.as_bytes()).unwrap();
    let status = connection.line().unwrap();
    assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    while !connection.line().unwrap().is_empty() {}
    connection
}

/// A chunk of a line, or the last one.
fn chunk(connection: &mut Connection) -> io::Result<String> {
    let size = connection.line()?;
    let line = connection.line()?;
    if size == "0" {
        return Ok(line);
    }
    assert_eq!(connection.line()?, "", "one line a chunk");
    Ok(format!("{line}\n"))
}
