//! Bytes that no client of ours would send: each is answered by its documented error, and nothing is executed.

mod addresses;
mod documents;
mod frames;

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use support::bounds::Baseline;
use support::http::{Connection, Response};
use support::process::{Launch, Server, scratch};
use support::random::note;

use crate::{alone, program};

/// One bad request and what must come of it.
struct Case {
    what: &'static str,
    request: Vec<u8>,
    /// The statuses that are right. 0 stands for a connection closed without an answer.
    status: &'static [u16],
    /// The error's code; empty when the body is not ours to say (the HTTP library refused).
    code: &'static str,
    /// What the error must mention.
    mentions: &'static [&'static str],
}

const GOOD: &str = r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":1}}"#;

#[test]
fn bad_input_is_refused_by_name() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut server, _) = Launch::new(program(), &data).start();
    let set = server
        .connect()
        .call("counter/home", "increment", &json!({"by": 5}))
        .unwrap();
    assert_eq!(set, Ok(json!(5)));
    let mut wrong = Vec::new();
    for case in cases(&server) {
        let outcome = exchange(&server, &case.request);
        let fault = match &outcome {
            Ok(response) => case.judge(response),
            Err(_) if case.status.contains(&0) => None,
            Err(fault) => Some(format!("no answer: {fault}")),
        };
        if let Some(fault) = fault {
            wrong.push(format!("{}: {fault}", case.what));
        }
        assert!(
            server.is_alive(),
            "{}: the server died\n{}",
            case.what,
            server.log()
        );
        let value = server
            .connect()
            .call("counter/home", "value", &json!({}))
            .unwrap();
        assert_eq!(value, Ok(json!(5)), "{}: something was executed", case.what);
    }
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn an_endless_body_is_cut() {
    const CHUNK: usize = 64 * 1024;
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut server, _) = Launch::new(program(), &data).start();
    let before = server.resident().unwrap();
    let mut connection = server.connect();
    let head = "POST /counter/home HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    connection.send(&aim(head.as_bytes(), &server)).unwrap();
    let mut chunk = format!("{CHUNK:x}\r\n").into_bytes();
    chunk.resize(chunk.len() + CHUNK, b' ');
    chunk.extend_from_slice(b"\r\n");
    let mut taken = 0_usize;
    while taken < 1 << 30 && connection.send(&chunk).is_ok() {
        taken += CHUNK;
    }
    note(&format!("a body of 1 GiB was cut after {taken} bytes"));
    // What was taken includes the buffers of both sockets.
    assert!(taken < 16 << 20, "the server took {taken} bytes");
    let grown = server.resident().unwrap().saturating_sub(before);
    assert!(grown < 8 << 20, "the server grew by {grown} bytes");
    assert!(server.is_alive());
    assert_eq!(server.connect().get("/readyz").unwrap().status, 200);
}

#[test]
fn compression_is_not_agreed_on() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let upgrade = "GET /counter/home HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    let answer = exchange(&server, upgrade.as_bytes()).unwrap();
    assert_eq!(answer.status, 101, "{}", answer.text());
    assert_eq!(answer.header("sec-websocket-extensions"), None);
}

#[test]
fn deep_and_long_documents_are_cheap() {
    let _alone = alone();
    let baseline = Baseline::take();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let before = server.resident().unwrap();
    for body in [
        "[".repeat(100_000),
        r#"{"a":"#.repeat(200_000),
        "[1,".repeat(300_000),
    ] {
        let began = std::time::Instant::now();
        let response = exchange(&server, &post("/counter/home", &[JSON], body.as_bytes())).unwrap();
        baseline.assert_within(
            "a nested document",
            began.elapsed(),
            Duration::from_millis(50),
        );
        let code = code_of(&response);
        assert!(
            ["parse_error", "too_deep"].contains(&code.as_str()),
            "{code}"
        );
    }
    let grown = server.resident().unwrap().saturating_sub(before);
    assert!(grown < 50 << 20, "the server grew by {grown} bytes");
}

/// Sends bytes on a connection of their own and reads one answer.
fn exchange(server: &Server, request: &[u8]) -> io::Result<Response> {
    let mut connection = Connection::open(server.address())?;
    connection
        .socket()
        .set_read_timeout(Some(Duration::from_secs(15)))?;
    // The server may answer and close before it has read everything.
    let sent = connection.send(&aim(request, server));
    connection
        .receive()
        .map_err(|fault| sent.err().unwrap_or(fault))
}

/// Adds the port to `Host: localhost`: a server answers for its own port only.
fn aim(request: &[u8], server: &Server) -> Vec<u8> {
    const HOST: &[u8] = b"Host: localhost";
    let mut aimed = request.to_vec();
    if let Some(at) = request
        .windows(HOST.len() + 1)
        .position(|part| part.starts_with(HOST) && part.ends_with(b"\r"))
    {
        let port = format!(":{}", server.address().port());
        aimed.splice(at + HOST.len()..at + HOST.len(), port.into_bytes());
    }
    aimed
}

fn code_of(response: &Response) -> String {
    let body = response.json().unwrap_or(Value::Null);
    // REST has the code in `error.code`, JSON-RPC in `error.data.code`.
    let rest = body["error"]["code"].as_str();
    rest.or_else(|| body["error"]["data"]["code"].as_str())
        .unwrap_or_default()
        .to_owned()
}

impl Case {
    fn judge(&self, response: &Response) -> Option<String> {
        let (code, text) = (code_of(response), response.text());
        let forgotten = self.mentions.iter().find(|part| !text.contains(**part));
        if !self.status.contains(&response.status) {
            Some(format!(
                "status {} is not among {:?}: {text}",
                response.status, self.status
            ))
        } else if !self.code.is_empty() && self.code != code {
            Some(format!("code {code:?} is not {:?}: {text}", self.code))
        } else {
            forgotten.map(|part| format!("does not mention {part:?}: {text}"))
        }
    }
}

const JSON: &str = "Content-Type: application/json";

/// A request with these headers beside `Host` and `Content-Length`.
fn post(path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut request = support::http::request("POST", path, "localhost", headers, body);
    request.extend_from_slice(body);
    request
}

fn rpc(body: impl AsRef<[u8]>) -> Vec<u8> {
    post("/counter/home", &[JSON], body.as_ref())
}

fn cases(server: &Server) -> Vec<Case> {
    let mut cases = documents::protocol();
    cases.extend(documents::params());
    cases.extend(addresses::addresses());
    cases.extend(frames::headers(server));
    cases.extend(frames::framing());
    cases
}

/// Requests that are to be answered alike.
fn all<const N: usize>(
    status: &'static [u16],
    code: &'static str,
    mentions: &'static [&'static str],
    requests: [(&'static str, Vec<u8>); N],
) -> Vec<Case> {
    let case = |(what, request)| Case {
        what,
        request,
        status,
        code,
        mentions,
    };
    requests.into_iter().map(case).collect()
}
