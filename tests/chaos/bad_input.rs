//! Bytes that no client of ours would send: each is answered by its documented error, and nothing is executed.

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
    connection.send(head.as_bytes()).unwrap();
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

/// Sends bytes on a connection of their own, closes its sending half, and reads one answer.
fn exchange(server: &Server, request: &[u8]) -> io::Result<Response> {
    let mut connection = Connection::open(server.address())?;
    connection
        .socket()
        .set_read_timeout(Some(Duration::from_secs(15)))?;
    // The server may answer and close before it has read everything.
    let sent = connection.send(request);
    connection
        .receive()
        .map_err(|fault| sent.err().unwrap_or(fault))
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
    let mut cases = documents();
    cases.extend(addresses());
    cases.extend(frames(server));
    cases
}

/// What the body says.
fn documents() -> Vec<Case> {
    let batch = |count| format!("[{}]", vec![GOOD; count].join(","));
    let large = format!("{GOOD}{}", " ".repeat((1 << 20) + 1 - GOOD.len()));
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"increment","params":{{"by":1,"x":{}{}}}}}"#,
        "[".repeat(130),
        "]".repeat(130)
    );
    let call = |method: &str, params: &str| {
        rpc(format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#
        ))
    };
    let case = |what, request, status, code, mentions| Case {
        what,
        request,
        status,
        code,
        mentions,
    };
    let ok: &[u16] = &[200];
    vec![
        case(
            "no JSON",
            rpc("increment please"),
            ok,
            "parse_error",
            &["-32700"],
        ),
        case("empty body", rpc(""), ok, "parse_error", &["-32700"]),
        case(
            "JSON cut short",
            rpc(&GOOD[..40]),
            ok,
            "parse_error",
            &["-32700"],
        ),
        case(
            "two documents",
            rpc(format!("{GOOD}{GOOD}")),
            ok,
            "parse_error",
            &["-32700"],
        ),
        case(
            "invalid UTF-8",
            rpc(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"),
            ok,
            "parse_error",
            &[],
        ),
        case(
            "a byte order mark",
            rpc(format!("\u{feff}{GOOD}")),
            ok,
            "parse_error",
            &[],
        ),
        case("no object", rpc("42"), ok, "invalid_request", &["-32600"]),
        case(
            "no version",
            rpc(r#"{"id":1,"method":"increment"}"#),
            ok,
            "invalid_request",
            &["jsonrpc"],
        ),
        case(
            "no method",
            rpc(r#"{"jsonrpc":"2.0","id":1}"#),
            ok,
            "invalid_request",
            &["method"],
        ),
        case(
            "params a number",
            call("increment", "7"),
            ok,
            "invalid_request",
            &["params"],
        ),
        case(
            "id an object",
            rpc(r#"{"jsonrpc":"2.0","id":{},"method":"increment"}"#),
            ok,
            "invalid_request",
            &["id"],
        ),
        case("an empty batch", rpc("[]"), ok, "invalid_request", &[]),
        case(
            "a batch of 51",
            rpc(batch(51)),
            ok,
            "batch_too_large",
            &["51", "50"],
        ),
        case("deeper than 128", rpc(deep), ok, "too_deep", &["128"]),
        case("more than 1 MiB", rpc(large), &[413], "too_large", &[]),
        case(
            "unknown action",
            call("incremnt", "{}"),
            ok,
            "method_not_found",
            &["-32601", "increment"],
        ),
        case(
            "param of the wrong type",
            call("increment", r#"{"by":"x"}"#),
            ok,
            "invalid_params",
            &["-32602", "by"],
        ),
        case(
            "two wrong params",
            call("increment", r#"{"by":"x","to":1}"#),
            ok,
            "invalid_params",
            &["-32602", "by", "to"],
        ),
        case(
            "a param too many by position",
            call("increment", "[1,2]"),
            ok,
            "invalid_params",
            &[],
        ),
        case(
            "an integer out of range",
            call("increment", r#"{"by":99999999999999999999}"#),
            ok,
            "invalid_params",
            &[],
        ),
        case(
            "a fraction",
            call("increment", r#"{"by":1.5}"#),
            ok,
            "invalid_params",
            &[],
        ),
        case(
            "an infinite number",
            call("increment", r#"{"by":1e999}"#),
            ok,
            "",
            &["error"],
        ),
        case(
            "REST, wrong param",
            post("/counter/home/increment", &[JSON], br#"{"by":"x"}"#),
            &[400],
            "invalid_params",
            &["by"],
        ),
        case(
            "REST, no JSON",
            post("/counter/home/increment", &[JSON], b"{"),
            &[400],
            "parse_error",
            &[],
        ),
    ]
}

/// Whom the request names.
fn addresses() -> Vec<Case> {
    let to = |path: &str| post(path, &[JSON], GOOD.as_bytes());
    let long = format!("/counter/{}", "n".repeat(513));
    let case = |what, request, status, code| Case {
        what,
        request,
        status,
        code,
        mentions: &[],
    };
    vec![
        case("unknown class", to("/contour/home"), &[404], "not_found"),
        case(
            "no such path",
            to("/counter/home/increment/more"),
            &[404],
            "not_found",
        ),
        case(
            "REST, unknown action",
            to("/counter/home/incremnt"),
            &[404],
            "method_not_found",
        ),
        case("a name of 513 bytes", to(&long), &[400], "invalid_name"),
        case("no name", to("/counter/"), &[400, 404], ""),
        case(
            "the name `..`",
            to("/counter/%2e%2e"),
            &[400],
            "invalid_name",
        ),
        case(
            "a name that is not UTF-8",
            to("/counter/%ff"),
            &[400],
            "invalid_name",
        ),
        case(
            "a name that is no percent-encoding",
            to("/counter/%zz"),
            &[400],
            "invalid_name",
        ),
        case("an id of nothing", to("/counter/~0000"), &[400, 404], ""),
        case(
            "an id of another class",
            to(&format!("/counter/~{}", "0".repeat(64))),
            &[400],
            "invalid_id",
        ),
        case(
            "a command by GET",
            b"GET /counter/home/increment?by=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            &[405],
            "method_not_allowed",
        ),
        case(
            "DELETE",
            b"DELETE /counter/home HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            &[405],
            "method_not_allowed",
        ),
    ]
}

/// How the request is put.
fn frames(server: &Server) -> Vec<Case> {
    let with = |headers: &[&str]| post("/counter/home", headers, GOOD.as_bytes());
    let raw = |text: &str| text.replace('\n', "\r\n").into_bytes();
    let case = |what, request, status, code| Case {
        what,
        request,
        status,
        code,
        mentions: &[],
    };
    let host = |host: &str| {
        let mut request =
            support::http::request("POST", "/counter/home", host, &[JSON], GOOD.as_bytes());
        request.extend_from_slice(GOOD.as_bytes());
        request
    };
    let large_header = format!("X-Large: {}", "h".repeat(1 << 20));
    let other_port = format!(
        "Origin: http://127.0.0.1:{}",
        server.address().port().wrapping_sub(1)
    );
    let length = GOOD.len();
    let closed: &[u16] = &[0, 400];
    vec![
        case("no media type", with(&[]), &[415], "unsupported_media_type"),
        case(
            "text/plain",
            with(&["Content-Type: text/plain"]),
            &[415],
            "unsupported_media_type",
        ),
        case(
            "a form",
            with(&["Content-Type: application/x-www-form-urlencoded"]),
            &[415],
            "unsupported_media_type",
        ),
        case(
            "another charset",
            with(&["Content-Type: application/json; charset=utf-16"]),
            &[415],
            "unsupported_media_type",
        ),
        case(
            "a compressed body",
            with(&[JSON, "Content-Encoding: gzip"]),
            &[415],
            "unsupported_media_type",
        ),
        case(
            "a foreign origin",
            with(&[JSON, "Origin: https://evil.example"]),
            &[403],
            "bad_origin",
        ),
        case(
            "the origin `null`",
            with(&[JSON, "Origin: null"]),
            &[403],
            "bad_origin",
        ),
        case(
            "a malformed origin",
            with(&[JSON, "Origin: ht!tp//x"]),
            &[400, 403],
            "",
        ),
        case(
            "the origin of another port",
            with(&[JSON, &other_port]),
            &[403],
            "bad_origin",
        ),
        case(
            "two origins",
            with(&[
                JSON,
                "Origin: http://localhost",
                "Origin: https://evil.example",
            ]),
            &[400, 403],
            "",
        ),
        case("a foreign host", host("evil.example"), &[403], "bad_host"),
        case(
            "a host that only begins like ours",
            host("localhost.evil.example"),
            &[403],
            "bad_host",
        ),
        case("a malformed host", host("a b/c"), &[400, 403], ""),
        case(
            "no host",
            raw(&format!(
                "POST /counter/home HTTP/1.1\n{JSON}\nContent-Length: {length}\n\n{GOOD}"
            )),
            &[400, 403],
            "",
        ),
        case(
            "two hosts",
            with(&[JSON, "Host: evil.example"]),
            &[400, 403],
            "",
        ),
        case(
            "an enormous header",
            with(&[JSON, &large_header]),
            &[0, 400, 431],
            "",
        ),
        case(
            "length and chunks",
            with(&[JSON, "Transfer-Encoding: chunked"]),
            closed,
            "",
        ),
        case(
            "two lengths",
            with(&[JSON, "Content-Length: 3"]),
            closed,
            "",
        ),
        case(
            "a negative length",
            raw(&format!(
                "POST /counter/home HTTP/1.1\nHost: localhost\n{JSON}\nContent-Length: -1\n\n{GOOD}"
            )),
            closed,
            "",
        ),
        case(
            "a chunk size that is none",
            raw(&format!(
                "POST /counter/home HTTP/1.1\nHost: localhost\n{JSON}\nTransfer-Encoding: chunked\n\nzz\n{GOOD}\n0\n\n"
            )),
            closed,
            "",
        ),
        case(
            "noise",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            closed,
            "",
        ),
        case(
            "a NUL in the path",
            b"POST /counter/\0home HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            closed,
            "",
        ),
        case(
            "HTTP/2 without agreement",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            &[0, 400, 505],
            "",
        ),
    ]
}
