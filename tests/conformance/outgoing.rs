//! Requests to other servers: both backends send the same, and tell the same of what comes back.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};
use stayput_cli::workers::local;
use support::process::{Launch, Server, scratch};
use support::workers::Built;

use crate::outside::{Outside, Request};
use crate::steps::masked;

/// The addresses of this machine but one stay closed.
const ALLOW: (&str, &str) = ("STAYPUT_OUTBOUND_ALLOW", "127.0.0.1");

/// What signs webhooks.
const SECRET: (&str, &str) = ("HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

/// What an errand comes to: its status or code.
struct Case {
    errand: Value,
    gives: Value,
}

pub(crate) fn check(built: &Built) {
    let folder = scratch();
    let data = folder.path().join("native");
    let launch = Launch {
        variables: &[ALLOW, SECRET],
        ..Launch::new(&built.program, &data)
    };
    let (native, _) = launch.start();
    let setup = built.worker.with(&[ALLOW, SECRET, (local::DEVELOPER, "1")]);
    let worker = setup.start(&folder.path().join("worker"));
    // Each backend has servers of its own: they count.
    let seen: Vec<Vec<String>> = [&native, &worker].map(tell).into();
    for (one, other) in seen[0].iter().zip(&seen[1]) {
        assert_eq!(one, other);
    }
    coded(&native, &worker);
    for server in [&native, &worker] {
        webhooks(server);
    }
}

/// What is sent surely: in order, again where it fails, under one id, signed; and what is not.
fn webhooks(server: &Server) {
    let here = Outside::start();
    let post = |path: &str, text: &str, signed: Option<&str>| {
        let params = json!({"url": path, "text": text, "signed": signed});
        let answer = server.connect().call("agenda/poster", "post", &params);
        answer
            .unwrap()
            .map_err(|error| error["data"]["code"].clone())
    };
    let look = |action: &str| {
        let mut connection = server.connect();
        let told = connection.call("agenda/poster", action, &json!({}));
        told.unwrap().unwrap()
    };
    // The first two attempts are answered badly, so what comes after it waits.
    let signed = Some(SECRET.0);
    assert_eq!(
        post(&here.url("/flaky/hook"), "one, ä", signed),
        Ok(json!(null))
    );
    assert_eq!(post(&here.url("/echo/hook"), "two", None), Ok(json!(null)));
    assert_eq!(
        post(&here.url("/status?410"), "three", None),
        Ok(json!(null))
    );
    let refused = post("https://10.0.0.1/", "four", None);
    assert_eq!(refused, Err(json!("http.refused_address")));
    let unset = post(&here.url("/echo/hook"), "five", Some("NO_SECRET"));
    assert_eq!(unset, Err(json!("config.invalid")));
    let began = Instant::now();
    while look("dead") == json!([]) {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{}",
            look("waiting")
        );
        thread::sleep(Duration::from_millis(50));
    }
    let dead = format!("http://127.0.0.1:{} POST 1 http.status", here.port());
    assert_eq!(look("dead"), json!([dead]));
    assert_eq!(look("waiting"), json!([]));
    assert_eq!(look("notes"), json!(["one, ä", "two", "three"]));
    let tries = here.received("/flaky/hook");
    assert_eq!(tries.len(), 3);
    let key = STANDARD.decode(&SECRET.1["whsec_".len()..]).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let text = |request: &Request, name: &str| request.headers[name].as_str().unwrap().to_owned();
    for request in &tries {
        let id = text(request, "webhook-id");
        assert_eq!(id, text(&tries[0], "webhook-id"));
        assert_eq!(id, text(request, "idempotency-key"));
        assert_eq!(
            (&*request.method, &*request.body),
            ("POST", "one, ä".as_bytes())
        );
        let signed = format!("{id}.{}.one, ä", text(request, "webhook-timestamp"));
        let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        assert_eq!(
            text(request, "webhook-signature"),
            format!("v1,{signature}")
        );
    }
    let second = here.received("/echo/hook");
    assert_eq!(second.len(), 1);
    assert!(!second[0].headers.contains_key("webhook-signature"));
    assert_ne!(
        text(&second[0], "webhook-id"),
        text(&tries[0], "webhook-id")
    );
    assert_eq!(here.asked("/status"), 1);
}

/// What a backend makes of all errands, the same as text for both.
fn tell(server: &Server) -> Vec<String> {
    let (here, there) = (Outside::start(), Outside::start());
    let ports = |text: &str| {
        text.replace(&here.port().to_string(), "HERE")
            .replace(&there.port().to_string(), "THERE")
    };
    let mut lines = Vec::new();
    for Case { errand, gives } in cases(&here, &there) {
        let answer = go(server, "fetch", &errand);
        let told = match &answer {
            Ok(seen) => seen["status"].clone(),
            Err(error) => error["data"]["code"].clone(),
        };
        assert_eq!(told, gives, "{errand}: {answer:?}");
        lines.push(ports(&masked(&format!("{errand}: {answer:?}"))));
    }
    for (path, expected) in [
        ("/flaky/get", 3),
        ("/flaky/post", 1),
        ("/flaky/key", 3),
        ("/later", 2),
        ("/much-later", 1),
        ("/since", 2),
        ("/until", 1),
    ] {
        assert_eq!(here.asked(path), expected, "{path}");
    }
    assert_eq!(there.asked("/forbidden"), 0);
    for (path, code) in [
        ("/number?7", "7"),
        ("/status?404", "http.status"),
        ("/number?x", "http.decode"),
        ("/number?-1", "http.decode"),
    ] {
        let answer = go(server, "number", &json!({"url": here.url(path)}));
        let told = match &answer {
            Ok(number) => number.to_string(),
            Err(error) => error["data"]["code"].as_str().unwrap().to_owned(),
        };
        assert_eq!(told, code, "{path}: {answer:?}");
        lines.push(ports(&masked(&format!("{path}: {answer:?}"))));
    }
    let mut connection = server.connect();
    for count in 1..=3 {
        let told = connection.call("envoy/teller", "tell", &json!({"url": here.url("/echo")}));
        assert_eq!(told.unwrap(), Ok(json!(count)));
    }
    lines
}

fn go(server: &Server, action: &str, errand: &Value) -> Result<Value, Value> {
    let params = json!({ "errand": errand });
    let answer = server.connect().call("envoy/one", action, &params);
    let mut answer = answer.unwrap();
    if let Err(error) = &mut answer {
        error["data"]["request_id"] = json!("*");
    }
    answer
}

#[expect(clippy::too_many_lines, reason = "one errand after the other")]
fn cases(here: &Outside, there: &Outside) -> Vec<Case> {
    let case = |gives: Value, errand: Value| Case { errand, gives };
    let get = |gives: Value, path: &str| case(gives, json!({"url": here.url(path)}));
    let to = |status: u16, location: &str| here.url(&format!("/to?{status}={location}"));
    let secret = json!(["authorization", "Bearer s3cret"]);
    let mut cases = vec![
        get(json!(200), "/echo/a/../b?c=%20d#e"),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "word": "a b&c=ä"}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "method": "POST", "body": "told, ä"}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "method": "PUT", "body": ""}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "method": "DELETE"}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "method": "PATCH", "body": "x", "header": secret}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "method": "HEAD"}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/echo"), "header": ["user-agent", "envoy/1"]}),
        ),
        get(json!(200), "/twice"),
        get(json!(204), "/status?204"),
        get(json!(404), "/nothing"),
        get(json!(500), "/status?500"),
        // Of what broke.
        get(json!("http.connect"), "/broken"),
        get(json!("http.connect"), "/cut"),
        get(json!("http.decode"), "/binary"),
        case(json!("http.connect"), json!({"url": "http://127.0.0.1:1/"})),
        // Sizes and times.
        case(
            json!(200),
            json!({"url": here.url("/large?1000"), "max_response": 1_000}),
        ),
        case(
            json!("http.too_large"),
            json!({"url": here.url("/large?1001"), "max_response": 1_000}),
        ),
        case(
            json!("http.too_large"),
            json!({"url": here.url("/endless"), "max_response": 1_000}),
        ),
        case(json!(200), json!({"url": here.url("/endless")})),
        case(
            json!("http.timeout"),
            json!({"url": here.url("/slow?3000"), "timeout_ms": 200}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/slow?100"), "timeout_ms": 20_000}),
        ),
        // Sent on.
        case(
            json!(200),
            json!({"url": to(302, "/echo"), "header": secret}),
        ),
        case(
            json!(200),
            json!({"url": to(302, &there.url("/echo")), "header": secret}),
        ),
        case(
            json!(200),
            json!({"url": to(303, "echo/x?y"), "method": "PUT", "body": "gone"}),
        ),
        case(
            json!(200),
            json!({"url": to(307, "/echo"), "method": "POST", "body": "kept"}),
        ),
        case(
            json!(200),
            json!({"url": to(301, "/echo"), "method": "POST", "body": "gone"}),
        ),
        case(json!(302), json!({"url": to(302, "/echo"), "redirects": 0})),
        case(
            json!("http.redirect"),
            json!({"url": to(302, "/to?302=/to?302=/echo"), "redirects": 1}),
        ),
        case(
            json!("http.redirect"),
            json!({"url": to(302, "ftp://a.example/")}),
        ),
        // Tried again.
        case(
            json!(200),
            json!({"url": here.url("/flaky/get"), "tries": 3}),
        ),
        case(
            json!(503),
            json!({"url": here.url("/flaky/post"), "method": "POST", "tries": 3}),
        ),
        case(
            json!(200),
            json!({"url": here.url("/flaky/key"), "method": "POST", "tries": 3, "header": ["idempotency-key", "a"]}),
        ),
        case(json!(200), json!({"url": here.url("/later"), "tries": 3})),
        case(json!(200), json!({"url": here.url("/since"), "tries": 3})),
        case(json!(503), json!({"url": here.url("/until"), "tries": 3})),
        case(
            json!(503),
            json!({"url": here.url("/much-later"), "tries": 3}),
        ),
        // No request.
        case(json!("http.invalid_request"), json!({"url": "here"})),
        case(
            json!("http.invalid_request"),
            json!({"url": "file:///etc/passwd"}),
        ),
        case(
            json!("http.invalid_request"),
            json!({"url": here.url("/echo"), "header": ["host", "b"]}),
        ),
        case(
            json!("http.invalid_request"),
            json!({"url": here.url("/echo"), "body": "x"}),
        ),
    ];
    // This machine, in all the forms that somebody tries, and others of its network.
    let port = there.port();
    for host in [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.2",
        "127.0.0.2.",
        "127.2",
        "2130706434",
        "0x7f.0.0.2",
        "0177.0.0.2",
        "[::1]",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
        "[::]",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:2]",
        "metadata.google.internal",
    ] {
        let url = format!("http://{host}:{port}/forbidden");
        cases.push(case(json!("http.refused_address"), json!({"url": url})));
        cases.push(case(
            json!("http.refused_address"),
            json!({"url": to(302, &url)}),
        ));
    }
    cases
}

/// A coding that nobody asked for: refused natively, undone by the platform.
fn coded(native: &Server, worker: &Server) {
    let outside = Outside::start();
    let errand = json!({"url": outside.url("/zipped")});
    let error = go(native, "fetch", &errand).unwrap_err();
    assert_eq!(error["data"]["code"], "http.decode", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("`gzip`"),
        "{error}"
    );
    let seen = go(worker, "fetch", &errand).unwrap();
    assert_eq!(seen["text"], r#"{"word":"zipped"}"#);
}
