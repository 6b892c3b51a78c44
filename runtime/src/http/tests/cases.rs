//! The table of exchanges in `cases.txt`: requests are written by hand, what follows is compared byte for byte.
//!
//! `>` is the request, `!` a condition, `<` the response, `=` what was executed. Unless a case says otherwise there
//! are the headers `host: localhost:8787`, `x-request-id: r1` and, on `POST`, `content-type: application/json`; `-name`
//! removes one.

use std::fmt::Write as _;

use bytes::Bytes;

use super::fake::{Fake, LOCAL, config, now};
use crate::action::InUrl;
use crate::auth::Guard;
use crate::http::{Front, Peer, Readiness, Request};
use crate::socket::ConnectionId;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tests/cases.txt");

#[test]
fn exchanges() {
    let written = std::fs::read_to_string(PATH).unwrap();
    let mut told = String::new();
    for case in written.split("\n### ").map(str::trim) {
        let case = case.trim_start_matches("### ");
        writeln!(told, "### {}", exchange(case)).unwrap();
    }
    let told = told.trim_end().to_owned() + "\n";
    if std::env::var_os("EXPECTORATE").is_some_and(|value| value == "overwrite") {
        std::fs::write(PATH, &told).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap();
    for (line, (told, written)) in told.lines().zip(written.lines()).enumerate() {
        assert_eq!(told, written, "line {} of cases.txt", line + 1);
    }
    assert_eq!(told, written);
}

fn exchange(case: &str) -> String {
    let mut told = String::new();
    let mut peer = LOCAL;
    let mut config = config();
    let mut fake = Fake::new();
    let mut request = Vec::new();
    let mut opened = String::new();
    let mut handshake = &[][..];
    for line in case
        .lines()
        .filter(|line| !line.starts_with(['<', '=']) && !line.is_empty())
    {
        writeln!(told, "{line}").unwrap();
        if let Some(text) = line.strip_prefix('>') {
            request.push(text.strip_prefix(' ').unwrap_or(text));
        }
        match line.strip_prefix("! ") {
            Some("remote") => {
                peer = Peer {
                    loopback: false,
                    ..LOCAL
                }
            }
            Some("draining") => fake.readiness = Readiness::Draining,
            Some("unready") => fake.readiness = Readiness::Unready("8 threads hang".into()),
            Some("degraded") => fake.readiness = Readiness::Degraded("a file is damaged".into()),
            Some("public") => config.auth = Guard::default(),
            Some("no manifest") => config.manifest = None,
            // The headers of a handshake are there unless the case says otherwise.
            Some("websocket") => handshake = &HANDSHAKE,
            Some(hosts) => config
                .hosts
                .push(hosts.strip_prefix("host ").unwrap().to_owned()),
            None => {}
        }
    }
    let front = Front::new(config).unwrap();
    let request = Request::new(read(&request, handshake), peer);
    let response = if front.asks_for_connection(&request.head) {
        match now(front.open(request, &fake)) {
            Ok(opening) => {
                let (target, kind) = (opening.target(), opening.kind());
                let speech = if opening.live(ConnectionId::from_random([0; 16])).is_raw() {
                    "its own protocol"
                } else {
                    "ours"
                };
                let events = opening.events().join(" ");
                opened = format!(
                    "= {}/{:?} {kind:?}, {speech}, {:?} hears [{events}]\n",
                    target.class,
                    target.name.as_deref().unwrap_or("(id)"),
                    opening.caller().kind,
                );
                opening.accept()
            }
            Err(response) => response,
        }
    } else {
        now(front.handle(request, &fake))
    };
    writeln!(told, "< {}", response.status().as_u16()).unwrap();
    for (name, value) in response.headers() {
        writeln!(told, "< {name}: {}", value.to_str().unwrap()).unwrap();
    }
    let body = std::str::from_utf8(response.body()).unwrap();
    if !body.is_empty() {
        writeln!(told, "< {body}").unwrap();
    }
    told.push_str(&opened);
    for call in fake.executed() {
        let query = match call.in_url {
            InUrl::ALL => " from the query".to_owned(),
            InUrl::NONE => String::new(),
            some => format!(" with {:#b} from the path", some.bits()),
        };
        let params = std::str::from_utf8(&call.params).unwrap();
        let name = call.target.name.as_deref().unwrap_or("(id)");
        let wait = call.deadline.as_millis() - 1_000;
        let (class, action, kind) = (call.target.class, call.action, call.caller.kind);
        writeln!(
            told,
            "= {class}/{name:?} {action} {params}{query}, {kind:?}, {wait} ms"
        )
        .unwrap();
    }
    told
}

/// RFC 6455, 1.3.
const HANDSHAKE: [(&str, &str); 4] = [
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// A request from its lines, with the headers nobody wants to repeat.
fn read(lines: &[&str], more: &[(&'static str, &'static str)]) -> ::http::Request<Bytes> {
    let (method, target) = lines[0].split_once(' ').unwrap();
    let end = lines
        .iter()
        .position(|line| line.is_empty())
        .unwrap_or(lines.len());
    let body = lines.get(end + 1..).unwrap_or_default().join("\n");
    let mut headers = vec![("host", "localhost:8787"), ("x-request-id", "r1")];
    if method == "POST" {
        headers.push(("content-type", "application/json"));
    }
    headers.extend(more);
    let mut own = Vec::new();
    for line in &lines[1..end] {
        if let Some(name) = line.strip_prefix('-') {
            headers.retain(|(known, _)| *known != name);
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.retain(|(known, _)| *known != name);
            own.push((name, value.strip_prefix(' ').unwrap_or(value)));
        }
    }
    let mut request = ::http::Request::builder().method(method).uri(target);
    for (name, value) in headers.into_iter().chain(own) {
        request = request.header(name, value);
    }
    request.body(Bytes::from(unescape(&body))).unwrap()
}

/// `\xff` stands for the byte 255, so that a text file can hold what is no text.
fn unescape(body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).unwrap());
        rest = &rest[at + 4..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
