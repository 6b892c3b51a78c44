//! The binary form says what JSON says: the same calls, the same answers, the same statuses.

use bytes::Bytes;
use serde_json::{Value, json};

use super::fake::{Fake, LOCAL, config, front, now, send};
use crate::cbor::{CBOR, from_json, to_json};
use crate::http::{Front, FrontConfig, Request, Response};

const JSON: &str = "application/json";
const BINARY: &str = "application/cbor";

fn both() -> Front {
    let binary = Some(CBOR);
    Front::new(FrontConfig { binary, ..config() }).unwrap()
}

fn request(line: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> ::http::Request<Bytes> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = ::http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8787")
        .header("x-request-id", "r1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

fn media_type(response: &Response) -> &str {
    response
        .headers()
        .get("content-type")
        .map_or("", |value| value.to_str().unwrap())
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn value(response: &Response) -> Value {
    let body = response.body();
    if body.is_empty() {
        return Value::Null;
    }
    match media_type(response) {
        JSON => serde_json::from_slice(body).unwrap(),
        BINARY => serde_json::from_slice(&to_json(body).unwrap()).unwrap(),
        other => panic!("{other}"),
    }
}

/// Requests with a body.
const BODIES: &[(&str, &str)] = &[
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}"#,
    ),
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":"a"}"#,
    ),
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"update","params":[1,2.5,[true,null],{"a":"\u0000\"é"}]}"#,
    ),
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"get_data","params":[18446744073709551615,-9223372036854775808],"id":18446744073709551615}"#,
    ),
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"foobar","id":null}"#,
    ),
    ("POST /calc/x", r#"{"jsonrpc":"2.0","method":1,"id":1}"#),
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"get_data","method":"sum","id":1}"#,
    ),
    (
        "POST /calc/x",
        r#"{"jsonrpc":"2.0","method":"get_data","params":"bar","id":1}"#,
    ),
    ("POST /calc/x", "[]"),
    ("POST /calc/x", "[1,2]"),
    ("POST /calc/x", "7"),
    (
        "POST /calc/x",
        r#"[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},{"jsonrpc":"2.0","method":"notify_hello"},{"foo":"boo"},{"jsonrpc":"2.0","method":"rpc.ping","id":7},{"jsonrpc":"2.0","method":"no","id":8}]"#,
    ),
    (
        "POST /calc/x",
        r#"[{"jsonrpc":"2.0","method":"notify_sum","params":[1]},{"jsonrpc":"2.0","method":"notify_hello"}]"#,
    ),
    (
        "POST /counter/x",
        r#"[{"jsonrpc":"2.0","method":"fail","id":1},{"jsonrpc":"2.0","method":"panic","id":2},{"jsonrpc":"2.0","method":"busy","id":3}]"#,
    ),
    ("POST /counter/x/value", ""),
    ("POST /counter/x/value", "{}"),
    ("POST /counter/x/fail", "{}"),
    ("POST /counter/x/panic", "{}"),
    ("POST /counter/x/busy", "[]"),
    ("POST /counter/x/increment", r#"{"by":2}"#),
    ("POST /counter/x/increment", "7"),
    ("POST /counter/x/no", "{}"),
    ("POST /nothing/x", "{}"),
    ("POST /counter/.", "{}"),
    ("PUT /counter/x", "{}"),
    ("POST /users/x/users", r#"{"name":"Ada"}"#),
    ("PUT /users/x/users/7", r#"{"name":"Ada"}"#),
    ("PUT /users/x/users/7", "[1]"),
    ("DELETE /users/x/users/7", r#"{"a":1}"#),
    ("PATCH /users/x/users/7", "{}"),
    ("POST /users/x/users/7/8", "{}"),
];

/// Requests without one.
const BARE: &[&str] = &[
    "GET /counter/x/value",
    "HEAD /counter/x/value",
    "GET /counter/x/value?a=1",
    "GET /counter/x/fail",
    "GET /counter/x/no",
    "GET /users/x/users",
    "GET /users/x/users/7",
    "GET /users/x/users/9",
    "GET /users/x/users/first",
    "GET /chat-room/lobby/presence.list",
    "GET /chat-room/lobby/~events?events=none",
    "GET /counter/x",
    "DELETE /users/x/users/7",
    "DELETE /users/x/users",
    "GET /no/where/at/all",
];

/// What both forms are alike in.
fn told(response: &Response) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<_> = response
        .headers()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-type" | "content-length" | "etag"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (response.status().as_u16(), headers, value(response))
}

fn ask(front: &Front, fake: &Fake, request: ::http::Request<Bytes>) -> Response {
    if !front.asks_for_connection(&Request::new(request.clone(), LOCAL).head) {
        return send(front, fake, request);
    }
    match now(front.open(Request::new(request, LOCAL), fake)) {
        Ok(_) => panic!("opened"),
        Err(response) => response,
    }
}

#[test]
fn both_forms_are_the_same_call_and_the_same_answer() {
    let front = both();
    for (line, body) in BODIES {
        let fake = Fake::new();
        let text = ask(
            &front,
            &fake,
            request(line, &[("content-type", JSON)], *body),
        );
        let called: Vec<_> = fake.executed();
        let binary = if body.is_empty() {
            Vec::new()
        } else {
            twice_as_it_stands(body)
        };
        let bytes = ask(
            &front,
            &fake,
            request(line, &[("content-type", BINARY)], binary),
        );
        assert_eq!(told(&bytes), told(&text), "{line} {body}");
        let expected = if bytes.body().is_empty() { "" } else { BINARY };
        assert_eq!(media_type(&bytes), expected, "{line} {body}");
        // Byte for byte: keys of calls are kept with their parameters.
        let calls = |calls: &[crate::object::Envelope]| -> Vec<_> {
            let call = |call: &crate::object::Envelope| {
                (call.action.to_string(), call.params.clone(), call.in_url)
            };
            calls.iter().map(call).collect()
        };
        assert_eq!(calls(&fake.executed()), calls(&called), "{line} {body}");
    }
    for line in BARE {
        let fake = Fake::new();
        let text = ask(&front, &fake, request(line, &[], ""));
        let bytes = ask(&front, &fake, request(line, &[("accept", BINARY)], ""));
        assert_eq!(told(&bytes), told(&text), "{line}");
        let expected = if media_type(&text).is_empty() {
            ""
        } else {
            BINARY
        };
        assert_eq!(media_type(&bytes), expected, "{line}");
    }
}

/// The CBOR of a JSON text with its members where they stand, also those that stand twice.
fn twice_as_it_stands(json: &str) -> Vec<u8> {
    struct Any(Vec<u8>);
    impl<'de> serde::Deserialize<'de> for Any {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visit;
            impl<'de> serde::de::Visitor<'de> for Visit {
                type Value = Any;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Any, A::Error> {
                    let mut cbor = vec![0xbf];
                    while let Some((key, raw)) =
                        map.next_entry::<String, &'de serde_json::value::RawValue>()?
                    {
                        cbor.extend(from_json(json!(key).to_string().as_bytes()).unwrap());
                        cbor.extend(twice_as_it_stands(raw.get()));
                    }
                    cbor.push(0xff);
                    Ok(Any(cbor))
                }
            }
            deserializer.deserialize_map(Visit)
        }
    }
    match json.trim_start().as_bytes() {
        [b'{', ..] => serde_json::from_str::<Any>(json).unwrap().0,
        [b'[', ..] => {
            let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(json).unwrap();
            let items = items.iter().map(|item| twice_as_it_stands(item.get()));
            let mut cbor = vec![0x9f];
            cbor.extend(items.flatten());
            cbor.push(0xff);
            cbor
        }
        _ => from_json(json.as_bytes()).unwrap(),
    }
}

#[test]
fn the_answer_is_in_the_form_that_is_asked_for() {
    let front = both();
    let call = r#"{"jsonrpc":"2.0","method":"value","id":1}"#;
    let binary = from_json(call.as_bytes()).unwrap();
    for (content, accept, expected) in [
        (JSON, "", JSON),
        (JSON, BINARY, BINARY),
        (JSON, "application/cbor;q=0.5, application/json", JSON),
        (BINARY, "*/*", BINARY),
        (BINARY, JSON, JSON),
        (BINARY, "application/json, application/cbor", BINARY),
    ] {
        let body = if content == JSON {
            call.into()
        } else {
            binary.clone()
        };
        let mut headers = vec![("content-type", content)];
        if !accept.is_empty() {
            headers.push(("accept", accept));
        }
        let response = send(
            &front,
            &Fake::new(),
            request("POST /counter/x", &headers, body),
        );
        assert_eq!(media_type(&response), expected, "{content} {accept}");
        assert_eq!(value(&response)["result"], 41);
    }
}

#[test]
fn each_form_of_a_result_has_its_own_tag() {
    let front = both();
    let get = |headers: &[(&str, &str)]| {
        send(
            &front,
            &Fake::new(),
            request("GET /counter/x/value", headers, ""),
        )
    };
    let (text, bytes) = (get(&[]), get(&[("accept", BINARY)]));
    assert_eq!((value(&text), value(&bytes)), (json!(41), json!(41)));
    let (text, bytes) = (
        header(&text, "etag").to_owned(),
        header(&bytes, "etag").to_owned(),
    );
    assert!(!text.is_empty() && !bytes.is_empty() && text != bytes);
    for (accept, tag, status) in [
        (JSON, &text, 304),
        (BINARY, &bytes, 304),
        (JSON, &bytes, 200),
        (BINARY, &text, 200),
    ] {
        let response = get(&[("accept", accept), ("if-none-match", tag)]);
        assert_eq!(response.status(), status, "{accept} {tag}");
        assert_eq!(header(&response, "vary"), "accept");
        assert_eq!(
            header(&response, "etag"),
            if accept == JSON { &text } else { &bytes }
        );
    }
    let foreign = get(&[("origin", "https://app.example")]);
    assert_eq!(header(&foreign, "vary"), "accept, origin");
    let head = send(
        &front,
        &Fake::new(),
        request("HEAD /counter/x/value", &[("accept", BINARY)], ""),
    );
    assert_eq!(
        (header(&head, "content-length"), header(&head, "etag")),
        ("2", &*bytes)
    );
}

#[test]
fn what_has_no_json_text_is_a_parse_error() {
    let front = both();
    for (body, code, message) in [
        (
            &b"\x81"[..],
            "parse_error",
            "the body is not CBOR: it ends within a value",
        ),
        (
            b"\xa1\x01\x02",
            "parse_error",
            "the key at byte 1 is no text: send text as the keys of maps",
        ),
        (
            b"{}",
            "parse_error",
            "the body is not CBOR: it ends within a value",
        ),
        (
            &[0x81; 129],
            "too_deep",
            "the body is nested deeper than 128 levels",
        ),
    ] {
        let fake = Fake::new();
        let rpc = send(
            &front,
            &fake,
            request("POST /calc/x", &[("content-type", BINARY)], body),
        );
        assert_eq!((rpc.status().as_u16(), media_type(&rpc)), (200, BINARY));
        let rpc = value(&rpc);
        assert_eq!(
            (&rpc["id"], &rpc["error"]["data"]["code"]),
            (&Value::Null, &json!(code))
        );
        assert_eq!(rpc["error"]["message"], message);
        let rest = send(
            &front,
            &fake,
            request("POST /calc/x/sum", &[("content-type", BINARY)], body),
        );
        assert_eq!((rest.status().as_u16(), media_type(&rest)), (400, BINARY));
        assert_eq!(value(&rest)["error"]["message"], message);
        assert!(fake.executed().is_empty());
    }
    let long = vec![0x60; (1 << 20) + 1];
    let response = send(
        &front,
        &Fake::new(),
        request("POST /calc/x", &[("content-type", BINARY)], long),
    );
    assert_eq!(
        (response.status().as_u16(), media_type(&response)),
        (413, BINARY)
    );
}

#[test]
fn other_media_types_are_refused_and_all_others_where_the_app_does_not_speak_it() {
    let refused = |front: &Front, content: &str, more: &[(&str, &str)]| {
        let headers = [&[("content-type", content)], more].concat();
        let response = send(front, &Fake::new(), request("POST /calc/x", &headers, "{}"));
        assert_eq!(response.status(), 415, "{content}");
        value(&response)["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let without = "send the body as `Content-Type: application/json` (charset utf-8)";
    for content in [
        "text/plain",
        "application/cbor;a=b",
        "application/cbor, application/json",
    ] {
        assert_eq!(
            refused(&both(), content, &[]),
            format!("{without} or `application/cbor`")
        );
    }
    assert!(refused(&both(), BINARY, &[("content-encoding", "gzip")]).contains("uncompressed"));
    assert_eq!(refused(&front(), BINARY, &[("accept", BINARY)]), without);
    let get = send(
        &front(),
        &Fake::new(),
        request("GET /counter/x/value", &[("accept", BINARY)], ""),
    );
    assert_eq!((media_type(&get), header(&get, "vary")), (JSON, ""));
    // What is no answer to a call is what it is.
    for path in ["/healthz", "/readyz", "/manifest.json"] {
        let line = format!("GET {path}");
        let response = send(
            &both(),
            &Fake::new(),
            request(&line, &[("accept", BINARY)], ""),
        );
        assert_eq!(media_type(&response), JSON, "{path}");
    }
}

#[test]
fn the_subprotocol_is_the_first_that_is_spoken() {
    let open = |front: &Front, class: &str, asked: &str| {
        let headers = [
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", asked),
        ];
        let request = Request::new(request(&format!("GET /{class}/x"), &headers, ""), LOCAL);
        match now(front.open(request, &Fake::new())) {
            Ok(opening) => {
                assert!(!opening.is_raw());
                let accept = opening.accept();
                let named = header(&accept, "sec-websocket-protocol").to_owned();
                assert_eq!(opening.binary().is_some(), named == "stayput.v1.cbor");
                named
            }
            Err(response) => value(&response)["error"]["message"]
                .as_str()
                .unwrap()
                .to_owned(),
        }
    };
    for class in ["counter", "pipe"] {
        assert_eq!(open(&both(), class, "stayput.v1.cbor"), "stayput.v1.cbor");
        assert_eq!(
            open(&both(), class, "a, stayput.v1.cbor, stayput.v1"),
            "stayput.v1.cbor"
        );
        assert_eq!(
            open(&both(), class, "stayput.v1, stayput.v1.cbor"),
            "stayput.v1"
        );
        assert_eq!(open(&both(), class, "stayput.v1"), "stayput.v1");
        assert_eq!(
            open(&front(), class, "stayput.v1.cbor, stayput.v1"),
            "stayput.v1"
        );
        let only = "of WebSocket subprotocols only `stayput.v1`";
        assert_eq!(
            open(&both(), class, "stayput.v2"),
            format!("{only} and `stayput.v1.cbor` are spoken here")
        );
        assert_eq!(
            open(&front(), class, "stayput.v1.cbor"),
            format!("{only} is spoken here")
        );
    }
}
