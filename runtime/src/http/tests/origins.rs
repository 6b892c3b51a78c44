//! Thirty origins and what becomes of them.

use bytes::Bytes;

use super::fake::{Fake, config, front, send};
use crate::http::{Front, FrontConfig};

fn status(origins: &[&[u8]], fake: &Fake) -> u16 {
    let mut request = ::http::Request::post("/counter/home/increment")
        .header("host", "localhost:8787")
        .header("content-type", "application/json");
    for origin in origins {
        request = request.header("origin", *origin);
    }
    let response = send(
        &front(),
        fake,
        request.body(Bytes::from_static(b"{}")).unwrap(),
    );
    let foreign = response.headers().get("access-control-allow-origin");
    assert!(foreign.is_none_or(|origin| origin == origins[0]));
    response.status().as_u16()
}

#[test]
fn foreign_and_malformed_origins_execute_nothing() {
    let fake = Fake::new();
    for (origin, expected) in [
        ("null", 403),
        ("http://evil.example", 403),
        ("http://localhost", 403),
        ("http://localhost:8788", 403),
        ("http://localhost:80", 403),
        ("http://127.0.0.1:8787", 403),
        ("http://localhost.evil.example:8787", 403),
        ("http://evil-localhost:8787", 403),
        ("https://app.example.evil.example", 403),
        ("https://evil.app.example", 403),
        ("http://app.example", 403),
        ("https://app.example:8443", 403),
        ("file://localhost:8787", 403),
        ("ws://localhost:8787", 403),
        ("chrome-extension://abcdefghijklmnop", 403),
        ("Null", 400),
        ("NULL", 400),
        ("", 400),
        ("*", 400),
        ("localhost:8787", 400),
        ("//localhost:8787", 400),
        ("http:localhost:8787", 400),
        ("http:///localhost:8787", 400),
        ("http://localhost:8787/", 400),
        ("http://localhost:8787/path", 400),
        ("http://localhost:8787?x", 400),
        ("http://localhost:8787#x", 400),
        ("http://user@localhost:8787", 400),
        ("http://localhost:8787@evil.example", 400),
        ("http://localhost:8787 http://evil.example", 400),
        ("http://localhost:8787, http://evil.example", 400),
        ("http://localhost:99999", 400),
        ("http://localhost:+8787", 400),
        ("http://localhost:", 400),
        ("http://[::1:8787", 400),
        ("http://[::1]x8787", 400),
        ("http://", 400),
        ("://localhost:8787", 400),
        ("1http://localhost:8787", 400),
        ("http://local\\host:8787", 400),
        ("http://%6cocalhost:8787", 400),
        (" ", 400),
    ] {
        assert_eq!(status(&[origin.as_bytes()], &fake), expected, "{origin:?}");
        assert!(fake.executed().is_empty(), "{origin:?}");
    }
    assert_eq!(
        status(&[b"http://localhost:8787", b"http://localhost:8787"], &fake),
        400
    );
    assert_eq!(status(&[b"http://\xff.example"], &fake), 400);
    assert_eq!(
        status(&["http://l\u{f6}calhost:8787".as_bytes()], &fake),
        400
    );
    assert!(fake.executed().is_empty());
}

#[test]
fn own_and_listed_origins_pass() {
    let fake = Fake::new();
    for origin in [
        "http://localhost:8787",
        "https://localhost:8787",
        "HTTP://LocalHost:8787",
        "https://app.example",
        "https://APP.example:443",
    ] {
        assert_eq!(status(&[origin.as_bytes()], &fake), 200, "{origin}");
        assert_eq!(fake.executed().len(), 1);
    }
    assert_eq!(status(&[], &fake), 200);
}

#[test]
fn settings_that_cannot_be_are_named() {
    for (origins, hosts, class, text) in [
        ("*", "", "", "STAYPUT_ORIGINS: `*`"),
        (
            "https://app.example/",
            "",
            "",
            "STAYPUT_ORIGINS: `https://app.example/`",
        ),
        (
            "",
            "http://api.example",
            "",
            "STAYPUT_HOSTS: `http://api.example`",
        ),
        ("", "", "mcp", "`mcp` cannot be a class path"),
        ("", "", "a/b", "`a/b` cannot be a class path"),
        ("", "", "counter", "two classes have the path `counter`"),
    ] {
        let list = |text: &str| {
            if text.is_empty() {
                vec![]
            } else {
                vec![text.to_owned()]
            }
        };
        let mut config = FrontConfig {
            origins: list(origins),
            hosts: list(hosts),
            ..config()
        };
        if !class.is_empty() {
            config.classes[0].path = class.to_owned();
        }
        let error = Front::new(config).unwrap_err();
        assert!(error.message.starts_with(text), "{}", error.message);
        assert!(error.is(crate::error::Code::ConfigInvalid));
    }
    let mut config = config();
    let action = config.classes[1].actions[0].clone();
    config.classes[1].actions.push(action);
    let error = Front::new(config).unwrap_err();
    assert_eq!(
        error.message,
        "class `counter` has two actions named `fail`"
    );
}
