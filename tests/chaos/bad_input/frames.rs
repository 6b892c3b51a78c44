//! Bad headers, and bytes that are no HTTP.

use support::process::Server;

use super::{Case, GOOD, JSON, all, post};

/// Headers that are HTTP and yet refused.
pub(super) fn headers(server: &Server) -> Vec<Case> {
    let media = [
        ("no media type", with(&[])),
        ("text/plain", with(&["Content-Type: text/plain"])),
        (
            "a form",
            with(&["Content-Type: application/x-www-form-urlencoded"]),
        ),
        (
            "another charset",
            with(&["Content-Type: application/json; charset=utf-16"]),
        ),
        ("a compressed body", with(&[JSON, "Content-Encoding: gzip"])),
    ];
    let other_port = format!("Origin: http://127.0.0.1:{}", server.address().port() ^ 1);
    let origins = [
        (
            "a foreign origin",
            with(&[JSON, "Origin: https://evil.example"]),
        ),
        ("the origin `null`", with(&[JSON, "Origin: null"])),
        ("the origin of another port", with(&[JSON, &other_port])),
    ];
    let hosts = [
        ("a foreign host", host("evil.example")),
        (
            "a host that only begins like ours",
            host("localhost.evil.example"),
        ),
        ("the host of another port", host("localhost:1")),
    ];
    let bare = format!(
        "POST /counter/home HTTP/1.1\r\n{JSON}\r\nContent-Length: {}\r\n\r\n{GOOD}",
        GOOD.len()
    );
    let malformed = [
        ("a malformed origin", with(&[JSON, "Origin: ht!tp//x"])),
        (
            "two origins",
            with(&[
                JSON,
                "Origin: http://localhost",
                "Origin: https://evil.example",
            ]),
        ),
        ("a malformed host", host("a b/c")),
        ("no host", bare.into_bytes()),
        ("two hosts", with(&[JSON, "Host: evil.example"])),
    ];
    let mut cases = all(&[415], "unsupported_media_type", &[], media);
    cases.extend(all(&[403], "bad_origin", &[], origins));
    cases.extend(all(&[403], "bad_host", &[], hosts));
    cases.extend(all(&[400, 403], "malformed_request", &[], malformed));
    cases
}

/// Bytes that the HTTP library refuses, or should. 0: it may also hang up.
pub(super) fn framing() -> Vec<Case> {
    let head = format!("POST /counter/home HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\n");
    let large = format!("X-Large: {}", "h".repeat(1 << 20));
    let refused = [
        (
            "length and chunks",
            with(&[JSON, "Transfer-Encoding: chunked"]),
        ),
        ("two lengths", with(&[JSON, "Content-Length: 3"])),
        (
            "a negative length",
            format!("{head}Content-Length: -1\r\n\r\n{GOOD}").into_bytes(),
        ),
        (
            "no chunk size",
            format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{GOOD}\r\n0\r\n\r\n")
                .into_bytes(),
        ),
        (
            "a NUL in the path",
            b"POST /counter/\0home HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        ),
        (
            "a TLS greeting",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        ),
    ];
    let mut cases = all(&[0, 400], "", &[], refused);
    cases.extend(all(
        &[0, 400, 431],
        "",
        &[],
        [("an enormous header", with(&[JSON, &large]))],
    ));
    // As large as one read of the socket takes: the answer is heard.
    let head = format!("X-Large: {}", "h".repeat(64 << 10));
    cases.extend(all(
        &[431],
        "",
        &[],
        [("64 KiB of headers", with(&[JSON, &head]))],
    ));
    let preface = (
        "HTTP/2 without agreement",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
    );
    cases.extend(all(&[0, 400, 505], "", &[], [preface]));
    cases
}

fn with(headers: &[&str]) -> Vec<u8> {
    post("/counter/home", headers, GOOD.as_bytes())
}

fn host(host: &str) -> Vec<u8> {
    let mut request =
        support::http::request("POST", "/counter/home", host, &[JSON], GOOD.as_bytes());
    request.extend_from_slice(GOOD.as_bytes());
    request
}
