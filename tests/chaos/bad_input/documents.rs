//! Bad bodies: no JSON, no JSON-RPC, wrong parameters.

use super::{Case, GOOD, JSON, all, post, rpc};

/// Faults of the document as a whole.
pub(super) fn protocol() -> Vec<Case> {
    let batch = format!("[{}]", vec![GOOD; 51].join(","));
    let large = format!("{GOOD}{}", " ".repeat((1 << 20) + 1 - GOOD.len()));
    let (open, close) = ("[".repeat(130), "]".repeat(130));
    let deep = call("increment", &format!(r#"{{"by":1,"x":{open}{close}}}"#));
    let parse_errors = [
        ("no JSON", rpc("increment please")),
        ("an empty body", rpc("")),
        ("JSON cut short", rpc(&GOOD[..40])),
        ("two documents", rpc(format!("{GOOD}{GOOD}"))),
        (
            "invalid UTF-8",
            rpc(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"),
        ),
        ("a byte order mark", rpc(format!("\u{feff}{GOOD}"))),
        ("NaN", call("increment", r#"{"by":NaN}"#)),
    ];
    let no_requests = [
        ("no object", rpc("42")),
        ("an empty batch", rpc("[]")),
        ("no version", rpc(r#"{"id":1,"method":"increment"}"#)),
        ("another version", rpc(GOOD.replace("2.0", "1.0"))),
        ("no method", rpc(r#"{"jsonrpc":"2.0","id":1}"#)),
        ("params a number", call("increment", "7")),
        (
            "an id that is an object",
            rpc(r#"{"jsonrpc":"2.0","id":{},"method":"increment"}"#),
        ),
        (
            "a method that is a number",
            rpc(r#"{"jsonrpc":"2.0","id":1,"method":1}"#),
        ),
        (
            "a member that stands twice",
            rpc(GOOD.replace("\"id\":1", "\"id\":1,\"id\":2")),
        ),
    ];
    let mut cases = all(&[200], "parse_error", &["-32700"], parse_errors);
    cases.extend(all(&[200], "invalid_request", &["-32600"], no_requests));
    cases.extend(all(
        &[200],
        "batch_too_large",
        &["-32600", "51", "50"],
        [("a batch of 51", rpc(batch))],
    ));
    cases.extend(all(
        &[200],
        "too_deep",
        &["-32600", "128"],
        [("deeper than 128", deep)],
    ));
    cases.extend(all(
        &[413],
        "too_large",
        &[],
        [("more than 1 MiB", rpc(large))],
    ));
    cases.extend(all(
        &[400],
        "parse_error",
        &[],
        [("REST, no JSON", rest("{"))],
    ));
    cases
}

/// Faults of what is called and with what.
pub(super) fn params() -> Vec<Case> {
    let by = |value: &str| call("increment", &format!(r#"{{"by":{value}}}"#));
    let wrong = [
        ("a param of the wrong type", by("\"x\"")),
        ("an integer out of range", by("99999999999999999999")),
        ("a fraction", by("1.5")),
        ("null", by("null")),
    ];
    let by_position = ("a param too many by position", call("increment", "[1,2]"));
    let two = (
        "two wrong params",
        call("increment", r#"{"by":"x","beyond":1}"#),
    );
    let unknown = ("an unknown action", call("incremnt", "{}"));
    let mut cases = all(&[200], "invalid_params", &["-32602", "by"], wrong);
    cases.extend(all(&[200], "invalid_params", &["-32602"], [by_position]));
    // Every fault at once, each with its path.
    cases.extend(all(
        &[200],
        "invalid_params",
        &["-32602", "\"/by\"", "\"/beyond\""],
        [two],
    ));
    cases.extend(all(
        &[200],
        "method_not_found",
        &["-32601", "\"increment\""],
        [unknown],
    ));
    cases.extend(all(
        &[200],
        "",
        &["error"],
        [("an infinite number", by("1e999"))],
    ));
    cases.extend(all(
        &[400],
        "invalid_params",
        &["by"],
        [("REST, a wrong param", rest(r#"{"by":"x"}"#))],
    ));
    cases
}

fn call(method: &str, params: &str) -> Vec<u8> {
    rpc(format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#
    ))
}

fn rest(body: &str) -> Vec<u8> {
    post("/counter/home/increment", &[JSON], body.as_bytes())
}
