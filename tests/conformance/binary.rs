//! Calls in CBOR, written and read by an implementation that is not ours.

use serde_json::{Value, json};
use support::http::Response;
use support::process::Server;
use support::websocket::{BINARY, Frame, WebSocket, frame};

use crate::steps::{Scenario, Step, masked};

const CBOR: &str = "Content-Type: application/cbor";
const JSON: &str = "Content-Type: application/json";
const WANTED: &str = "Accept: application/cbor";
const PROTOCOL: &str = "Sec-WebSocket-Protocol: stayput.v1.cbor";

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "calls in CBOR",
        steps: &[
            Step::Look {
                what: "JSON-RPC",
                look: rpc,
                gives: r#"[[200, "application/cbor", {"jsonrpc": "2.0", "id": 1, "result": 5}],
                    [200, "application/cbor", [{"jsonrpc": "2.0", "id": "a", "result": 7},
                        ["tally.refused", 9], ["method_not_found", null], ["invalid_request", null]]],
                    [204, "", null], [200, "application/cbor", ["invalid_params", "/by"]],
                    [200, "application/cbor", ["parse_error", null]]]"#,
            },
            Step::Look {
                what: "the REST form, routes and the app's own methods",
                look: rest,
                gives: r#"[[200, "application/cbor", 3], [200, "application/cbor", 3], [409, "application/cbor", "tally.refused"],
                    [415, "application/json", ["unsupported_media_type", null]], [200, "application/json", 3], [200, "application/cbor", 0],
                    [200, "application/cbor", {"jsonrpc": "2.0", "id": 1, "result": 7}],
                    [200, "application/cbor", ["parse_error", null]]]"#,
            },
            Step::Look {
                what: "a tag for each form",
                look: tags,
                gives: r#"[[200, 200, true], [304, 304, 200, 200], "accept"]"#,
            },
            Step::Look {
                what: "a key in both forms",
                look: keys,
                gives: "[4, 4, 4, \"key_reused\", 4]",
            },
            Step::Look {
                what: "values of every kind",
                look: values,
                gives: r#"[true, {"signed": -9223372036854775808, "unsigned": 18446744073709551615, "float": 0.1, "maybe": null,
                    "unit": null, "bytes": [0, 7, 255], "text": "\u0000\"ä", "map": {"a": -1, "bb": 2}, "kind": {"Named": {"x": "ß"}}}]"#,
            },
            Step::Look {
                what: "requests of any kind are left alone",
                look: raw,
                gives: r#"[201, "application/cbor", [131, 1, 2, 3]]"#,
            },
        ],
    },
    Scenario {
        name: "WebSockets in CBOR",
        steps: &[
            Step::Look {
                what: "calls and events",
                look: socket,
                gives: r#"["stayput.v1.cbor", {"jsonrpc": "2.0", "id": 1, "result": {"events": ["heard"]}},
                    {"jsonrpc": "2.0", "method": "event", "params": {"event": "heard", "data": {"from": "somebody", "text": "hi"}}},
                    [{"jsonrpc": "2.0", "id": 2, "result": 1}, {"jsonrpc": "2.0", "id": 3, "result": "pong"}],
                    ["parse_error", null], ["internal", 4], {"jsonrpc": "2.0", "id": 5, "result": 1}, "text: 1003"]"#,
            },
            Step::Look {
                what: "events that are kept",
                look: kept,
                gives: r#"[{"jsonrpc": "2.0", "id": 1, "result": {"events": ["pinned"], "cursor": "0-0"}},
                    {"jsonrpc": "2.0", "method": "event", "params": {"event": "pinned", "data": {"number": 1, "text": "one"}, "cursor": "LOG-1"}},
                    {"jsonrpc": "2.0", "method": "event", "params": {"event": "pinned", "data": {"number": 2, "text": "two"}, "cursor": "LOG-2"}},
                    {"jsonrpc": "2.0", "id": 1, "result": {"events": ["pinned"], "cursor": "LOG-2"}},
                    {"jsonrpc": "2.0", "method": "event", "params": {"event": "pinned", "data": {"number": 3, "text": "three"}, "cursor": "LOG-3"}}]"#,
            },
            Step::Look {
                what: "where frames of its own are spoken, too",
                look: mirror,
                gives: r#"[{"jsonrpc": "2.0", "id": 1, "result": 0}, "text: 1003"]"#,
            },
        ],
    },
];

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

fn request(server: &Server, line: &str, headers: &[&str], body: &[u8]) -> Response {
    let (method, path) = line.split_once(' ').unwrap();
    let mut connection = server.connect();
    connection.request(method, path, headers, body).unwrap()
}

/// Status, media type and body, errors by what tells them apart.
fn told(answer: &Response) -> Value {
    let media = answer.header("content-type").unwrap_or_default();
    let body = match media {
        _ if answer.body.is_empty() => Value::Null,
        "application/cbor" => read(&answer.body),
        _ => answer.json().unwrap(),
    };
    json!([answer.status, media, brief(body)])
}

fn brief(body: Value) -> Value {
    let Some(code) = body.pointer("/error/data/code") else {
        return match body {
            Value::Array(all) => all.into_iter().map(brief).collect(),
            body => body,
        };
    };
    let fault = body.pointer("/error/data/details/faults/0/path");
    match (fault, body.get("id")) {
        (Some(path), _) => json!([code, path]),
        (None, Some(id)) => json!([code, id]),
        (None, None) => code.clone(),
    }
}

fn rpc(server: &Server) -> Value {
    let call = |id: Value, method: &str, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    let add = call(json!(1), "increment", json!({"by": 5}));
    let batch = json!([
        call(json!("a"), "increment", json!([2])),
        {"jsonrpc": "2.0", "method": "note", "params": {"text": "silent"}},
        call(json!(9), "fail_after_write", json!({"by": 1})),
        call(Value::Null, "no", json!([])),
        7
    ]);
    let note = json!({"jsonrpc": "2.0", "method": "note", "params": {"text": "silent"}});
    let wrong = call(json!(2), "increment", json!({"by": "many"}));
    [
        cbor(&add),
        cbor(&batch),
        cbor(&note),
        cbor(&wrong),
        b"{}".to_vec(),
    ]
    .iter()
    .map(|body| told(&request(server, "POST /tally/cbor", &[CBOR], body)))
    .collect()
}

fn rest(server: &Server) -> Value {
    let by = |by: i64| cbor(&json!({"by": by}));
    let add = cbor(
        &json!({"jsonrpc": "2.0", "id": 1, "method": "tally.add", "params": {"name": "cbor-rpc", "by": 7}}),
    );
    [
        request(server, "POST /tally/cbor-rest/increment", &[CBOR], &by(3)),
        request(server, "GET /tally/cbor-rest/value", &[WANTED], &[]),
        request(
            server,
            "POST /tally/cbor-rest/fail_after_write",
            &[CBOR],
            &by(1),
        ),
        request(
            server,
            "POST /tally/cbor-rest",
            &["Content-Type: text/plain"],
            &by(1),
        ),
        request(
            server,
            "POST /tally/cbor-rest/value",
            &[CBOR, "Accept: application/json"],
            &[],
        ),
        request(server, "GET /folder/cbor-rest/all/count", &[WANTED], &[]),
        request(server, "POST /rpc", &[CBOR], &add),
        request(server, "POST /rpc", &[CBOR], b"\x9f"),
    ]
    .iter()
    .map(told)
    .collect()
}

fn tags(server: &Server) -> Value {
    let get = |headers: &[&str]| request(server, "GET /tally/cbor-tags/value", headers, &[]);
    let (text, bytes) = (get(&[]), get(&[WANTED]));
    let tag = |answer: &Response| answer.header("etag").unwrap().to_owned();
    let known = |of: &Response| format!("If-None-Match: {}", tag(of));
    let statuses = [
        get(&[&known(&text)]).status,
        get(&[WANTED, &known(&bytes)]).status,
        get(&[&known(&bytes)]).status,
        get(&[WANTED, &known(&text)]).status,
    ];
    let differ = tag(&text) != tag(&bytes);
    json!([
        [text.status, bytes.status, differ],
        statuses,
        bytes.header("vary")
    ])
}

fn keys(server: &Server) -> Value {
    const KEY: &str = "Idempotency-Key: cbor";
    let path = "POST /tally/cbor-keys/increment";
    let other = cbor(&json!({"by": 5}));
    let by = json!({"by": 4});
    let answers = [
        request(server, path, &[CBOR, KEY], &cbor(&by)),
        request(server, path, &[JSON, KEY], by.to_string().as_bytes()),
        request(server, path, &[CBOR, KEY], &cbor(&by)),
        request(server, path, &[CBOR, KEY], &other),
        request(server, "GET /tally/cbor-keys/value", &[], &[]),
    ];
    answers
        .iter()
        .map(|answer| told(answer)[2].clone())
        .collect()
}

fn values(server: &Server) -> Value {
    let everything = json!({"everything": {
        "signed": i64::MIN, "unsigned": u64::MAX, "float": 0.1, "unit": null, "bytes": "?", "text": "\u{0}\"ä",
        "map": {"bb": 2, "a": -1}, "kind": {"Named": {"x": "ß"}},
    }});
    // JSON has no byte strings, CBOR has.
    let mut everything = ciborium::Value::serialized(&everything).unwrap();
    let bytes = ciborium::Value::Bytes(vec![0, 7, 255]);
    for (_, inner) in everything.as_map_mut().unwrap() {
        for (key, value) in inner.as_map_mut().unwrap() {
            if key.as_text() == Some("bytes") {
                *value = bytes.clone();
            }
        }
    }
    let mut body = Vec::new();
    ciborium::into_writer(&everything, &mut body).unwrap();
    let kept = request(server, "POST /shelf/cbor/keep", &[CBOR], &body);
    let seen = request(server, "GET /shelf/cbor/kept", &[WANTED], &[]);
    json!([told(&kept)[2], told(&seen)[2]])
}

fn raw(server: &Server) -> Value {
    let put = request(server, "PUT /folder/cbor/a", &[CBOR], b"\x83\x01\x02\x03");
    let got = request(
        server,
        "GET /folder/cbor/a",
        &["Accept: application/json"],
        &[],
    );
    json!([put.status, got.header("content-type"), got.body])
}

/// An open connection.
struct Guest(WebSocket);

impl Guest {
    fn open(server: &Server, object: &str) -> (Self, String) {
        let connection = server.connect();
        let (socket, response) = WebSocket::upgrade_with(connection, object, &[PROTOCOL]).unwrap();
        let protocol = response
            .header("sec-websocket-protocol")
            .unwrap_or_default();
        (Self(socket), protocol.to_owned())
    }

    fn say(&mut self, bytes: &[u8]) {
        self.0.send(&frame(BINARY, bytes)).unwrap();
    }

    fn call(&mut self, id: u64, method: &str, params: &Value) {
        self.say(&cbor(
            &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}),
        ));
    }

    /// The next message, or how it ended.
    fn hear(&mut self) -> Value {
        loop {
            return match self.0.receive().unwrap() {
                Frame::Ping(_) | Frame::Pong(_) => continue,
                Frame::Binary(bytes) => match read(&bytes) {
                    body if body.get("error").is_some() => brief(body),
                    body => body,
                },
                Frame::Text(text) => json!(masked(&text)),
                Frame::Close(code, _) => json!(format!("text: {}", code.unwrap_or_default())),
            };
        }
    }
}

fn socket(server: &Server) -> Value {
    let (mut ann, protocol) = Guest::open(server, "hall/cbor");
    let mut heard = vec![json!(protocol)];
    ann.call(1, "rpc.subscribe", &json!({"events": ["heard"]}));
    heard.push(ann.hear());
    let say = cbor(&json!({"text": "hi"}));
    request(server, "POST /hall/cbor/say", &[CBOR], &say);
    heard.push(ann.hear());
    ann.say(&cbor(&json!([
        {"jsonrpc": "2.0", "id": 2, "method": "count"},
        {"jsonrpc": "2.0", "id": 3, "method": "rpc.ping"}
    ])));
    heard.push(ann.hear());
    ann.say(b"\xff");
    heard.push(ann.hear());
    ann.call(4, "collapse", &json!({}));
    heard.push(ann.hear());
    ann.call(5, "count", &json!([]));
    heard.push(ann.hear());
    ann.0.text("{}").unwrap();
    heard.push(ann.hear());
    heard.into()
}

/// Events that are kept: heard, missed, and read from where one was. The name of a log is random, so `LOG` stands for it.
fn kept(server: &Server) -> Value {
    let subscribe = |guest: &mut Guest, after: Option<&str>| {
        guest.call(
            1,
            "rpc.subscribe",
            &json!({"events": ["pinned"], "after": after}),
        );
    };
    let pin = |text: &str| {
        let body = cbor(&json!({"text": text}));
        request(server, "POST /board/cbor/pin", &[CBOR], &body);
    };
    let cursor_of = |event: &Value| {
        let cursor = event.pointer("/params/cursor").and_then(Value::as_str);
        cursor.unwrap_or_default().to_owned()
    };
    let mut heard = Vec::new();
    let (mut ann, _) = Guest::open(server, "board/cbor");
    subscribe(&mut ann, None);
    heard.push(ann.hear());
    pin("one");
    let one = ann.hear();
    let place = cursor_of(&one);
    heard.push(one);
    drop(ann);
    pin("two");
    let (mut ben, _) = Guest::open(server, "board/cbor");
    subscribe(&mut ben, Some(&place));
    heard.extend([ben.hear(), ben.hear()]);
    pin("three");
    heard.push(ben.hear());
    let log = place.split('-').next().unwrap_or_default().to_owned();
    let text = Value::from(heard).to_string();
    serde_json::from_str(&text.replace(&log, "LOG")).unwrap_or_default()
}

fn mirror(server: &Server) -> Value {
    let (mut ann, _) = Guest::open(server, "mirror/cbor");
    ann.call(1, "frames", &json!({}));
    let answer = ann.hear();
    ann.0.text("bye").unwrap();
    json!([answer, ann.hear()])
}
