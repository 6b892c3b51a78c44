//! What a foreign page can have a browser send without asking first changes nothing.

use support::websocket::WebSocket;

use crate::place::Place;

/// Method, path, headers, body. `ring` is public: nothing but the form of the request is in the way.
const REQUESTS: [(&str, &str, &[&str], &str); 12] = [
    (
        "POST",
        "/vault/csrf/ring",
        &["Content-Type: text/plain"],
        "{}",
    ),
    (
        "POST",
        "/vault/csrf/ring",
        &["Content-Type: text/plain;charset=UTF-8"],
        "{}",
    ),
    (
        "POST",
        "/vault/csrf/ring",
        &["Content-Type: application/x-www-form-urlencoded"],
        "{}=",
    ),
    (
        "POST",
        "/vault/csrf/ring",
        &["Content-Type: multipart/form-data; boundary=b"],
        "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{}\r\n--b--\r\n",
    ),
    ("POST", "/vault/csrf/ring", &[], "{}"),
    ("POST", "/vault/csrf/ring", &[], ""),
    (
        "POST",
        "/vault/csrf",
        &["Content-Type: text/plain; application/json"],
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ring\"}",
    ),
    (
        "POST",
        "/vault/csrf",
        &["Content-Type: application/x-www-form-urlencoded"],
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ring\",\"x\":\"=\"}",
    ),
    ("GET", "/vault/csrf/ring", &[], ""),
    (
        "GET",
        "/vault/csrf/ring?_method=POST",
        &["X-HTTP-Method-Override: POST"],
        "",
    ),
    ("HEAD", "/vault/csrf/ring", &[], ""),
    (
        "POST",
        "/vault/csrf/~ticket",
        &["Content-Type: text/plain"],
        "{}",
    ),
];

pub(crate) fn changes_nothing(place: &Place) {
    let name = place.name;
    let address = place.server.address();
    for (method, path, headers, body) in REQUESTS {
        for origin in [
            None,
            Some("Origin: https://evil.example"),
            Some("Origin: null"),
        ] {
            let mut headers = headers.to_vec();
            headers.extend(origin);
            let mut connection = place.server.connect();
            // An answer to HEAD says how long it would be and has no body: only its first line is read.
            let bytes = support::http::request(
                method,
                path,
                &address.to_string(),
                &headers,
                body.as_bytes(),
            );
            connection
                .send(&[&bytes[..], body.as_bytes()].concat())
                .unwrap();
            let line = connection.line().unwrap();
            let status: u16 = line.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(
                (400..500).contains(&status),
                "{name}: {method} {path} {headers:?}: {line}"
            );
            if method != "HEAD" {
                let mut rest = Vec::new();
                loop {
                    let line = connection.line().unwrap().to_ascii_lowercase();
                    if line.is_empty() {
                        break;
                    }
                    rest.push(line);
                }
                let open = rest
                    .iter()
                    .any(|line| line.starts_with("access-control-allow"));
                assert!(!open, "{name}: {method} {path} {headers:?}: {rest:?}");
            }
        }
    }
    let hijacked = WebSocket::open_with(address, "vault/csrf", &["Origin: https://evil.example"]);
    assert!(
        hijacked.is_err(),
        "{name}: a foreign page opened a WebSocket"
    );
    let answer = place.server.connect().get("/vault/csrf/look").unwrap();
    assert_eq!(
        answer.text(),
        "0",
        "{name}: a foreign page changed something"
    );
}
