//! `stayput call` as a shell sees it: what it sends, prints and ends with.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod serve;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serve::{answer, serve};

fn stayput(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stayput"));
    command
        .args(args)
        .env_remove("STAYPUT_LISTEN")
        .stdin(Stdio::null());
    command
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn call(answers: &[(u16, &str)], args: &[&str]) -> (i32, String, String, Vec<String>) {
    let (url, requests) = serve(
        answers
            .iter()
            .map(|(status, body)| answer(*status, body))
            .collect(),
    );
    let output = stayput(&["call", "--url", &url])
        .args(args)
        .output()
        .unwrap();
    let (code, out, err) = said(&output);
    (code, out, err, requests.try_iter().collect())
}

const RESULT: &str = r#"{"jsonrpc":"2.0","id":1,"result":18446744073709551616}"#;

#[test]
fn a_result_is_printed_exactly() {
    let (code, out, err, requests) = call(
        &[(200, RESULT)],
        &["counter/home", "increment", r#"{"by": 2}"#],
    );
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "18446744073709551616\n", "")
    );
    assert!(
        requests[0].starts_with("POST /counter/home HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
    assert!(
        requests[0]
            .to_ascii_lowercase()
            .contains("content-type: application/json")
    );
    assert!(
        requests[0]
            .ends_with(r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by": 2}}"#)
    );
}

#[test]
fn null_is_a_result_and_no_params_are_none() {
    let (code, out, _, requests) = call(
        &[(200, r#"{"id":1,"result":null}"#)],
        &["counter/home", "reset"],
    );
    assert_eq!((code, out.as_str()), (0, "null\n"));
    assert!(requests[0].ends_with(r#"{"jsonrpc":"2.0","id":1,"method":"reset"}"#));
}

#[test]
fn params_may_be_pairs_or_come_from_standard_input() {
    let (.., requests) = call(
        &[(200, RESULT)],
        &["r/a b", "say", "text=hello world", "n=1"],
    );
    assert!(requests[0].starts_with("POST /r/a%20b "));
    assert!(requests[0].contains(r#""params":{"text":"hello world","n":1}"#));

    let (url, requests) = serve(vec![answer(200, RESULT)]);
    let mut child = stayput(&["call", "--url", &url, "r/a", "say", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"[1, 2]\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(requests.recv().unwrap().ends_with(r#""params":[1, 2]}"#));
}

#[test]
fn the_rest_form_sends_params_and_prints_the_bare_result() {
    let (code, out, _, requests) = call(
        &[(200, "[1.0,\"a\"]")],
        &["--rest", "counter/home", "presence.list", "a=1"],
    );
    assert_eq!((code, out.as_str()), (0, "[1.0,\"a\"]\n"));
    assert!(requests[0].starts_with("POST /counter/home/presence.list "));
    assert!(requests[0].ends_with("\r\n{\"a\":1}"));
    let fault = r#"{"error":{"code":"counter.failed","message":"It failed.","data":{"code":"counter.failed","retryable":false}}}"#;
    let (code, out, err, _) = call(&[(409, fault)], &["--rest", "counter/home", "x"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (1, "", "error: counter.failed: It failed.\n")
    );
}

#[test]
fn an_error_of_the_action_ends_with_1_and_says_what_it_knows() {
    let fault = r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"Full.\u001b[2J","data":{"code":"room.full",
        "details":{"max":18446744073709551615},"retryable":true,"maybe_executed":true,"request_id":"r1"}}}"#;
    let (code, out, err, _) = call(&[(200, fault)], &["room/a", "say"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "error: room.full: Full.\\u{1b}[2J\ndetails: {\"max\":18446744073709551615}\nnote: the same call may succeed later\n\
         note: the action may have taken effect all the same\nrequest id: r1\n"
    );
}

#[test]
fn an_error_of_the_framework_comes_with_a_fix() {
    let manifest = include_str!("../golden/counter.json");
    let fault = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"No such action."}}"#;
    let (code, _, err, requests) = call(
        &[(200, fault), (200, manifest)],
        &["counter/home", "inkrement"],
    );
    assert_eq!(code, 1);
    assert!(
        err.contains(
            "help: the actions of `counter` are: fail_after_write, increment, reset, value\n"
        ),
        "{err}"
    );
    assert!(requests[1].starts_with("GET /manifest.json "));
    let fault =
        r#"{"error":{"code":-32602,"message":"Invalid.","data":{"code":"invalid_params"}}}"#;
    let (_, _, err, _) = call(
        &[(200, fault), (200, manifest)],
        &["counter/home", "increment", "by=x"],
    );
    assert!(
        err.contains("help: the action is increment(by?: integer)\n"),
        "{err}"
    );
    let fault = r#"{"error":{"code":"unauthenticated","message":"Who?","data":null}}"#;
    let (code, _, err, _) = call(&[(401, fault)], &["counter/home", "reset"]);
    assert!(
        code == 1 && err.contains("help: say who you are, e.g. --header"),
        "{err}"
    );
}

#[test]
fn no_answer_and_no_stayput_app_end_with_3() {
    for (status, body) in [
        (200, "<html>"),
        (200, "[]"),
        (200, "{}"),
        (500, "{\"result\":1}"),
        (200, "{\"error\":5}"),
        (404, ""),
    ] {
        let (code, out, err, _) = call(&[(status, body)], &["counter/home", "value"]);
        assert_eq!((code, out.as_str()), (3, ""), "{body}");
        assert!(
            err.contains("not as a stayput app does") && err.contains("help: "),
            "{err}"
        );
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = stayput(&["call", "counter/home", "value"])
        .env("STAYPUT_LISTEN", free.to_string())
        .output()
        .unwrap();
    let (code, _, err) = said(&output);
    assert_eq!(code, 3);
    assert!(
        err.contains(&format!("no answer from http://{free}/counter/home"))
            && err.contains("stayput dev"),
        "{err}"
    );
}

#[test]
fn wrong_usage_ends_with_2_before_anything_is_sent() {
    for args in [
        &["call", "counter", "value"][..],
        &["call", "counter/~12", "value"],
        &["call", "counter/home", "value", "{\"a\":"],
        &["call", "counter/home", "value", "5"],
        &["call", "--header", "none", "counter/home", "value"],
        &[
            "call",
            "--url",
            "https://127.0.0.1",
            "counter/home",
            "value",
        ],
        &["call"],
        &["client", "ts", "--from", "no/such.json", "--out", "x"],
        &["client", "ts", "--from", "--help-me", "--out", "x"],
        &[
            "schema",
            "--from",
            "golden/rich.json",
            "--format",
            "mcp",
            "--class",
            "none",
        ],
    ] {
        let (code, out, err) = said(&stayput(args).output().unwrap());
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(
            err.starts_with("error: ") && err.trim_end().lines().count() >= 2,
            "{args:?}: {err}"
        );
    }
}

#[test]
fn a_manifest_is_read_from_a_running_app() {
    let manifest = include_str!("../golden/counter.json");
    let (url, requests) = serve(vec![
        answer(200, manifest),
        answer(200, manifest),
        answer(404, ""),
    ]);
    let from = |from: &str| {
        said(
            &stayput(&["schema", "--format", "mcp", "--from", from])
                .output()
                .unwrap(),
        )
    };
    let (code, out, _) = from(&url);
    assert_eq!(code, 0);
    assert_eq!(out, include_str!("../golden/counter/mcp.json"));
    assert_eq!(from(&format!("{url}/manifest.json")).0, 0);
    assert_eq!(from(&url).0, 3);
    assert!(
        requests
            .try_iter()
            .all(|request| request.starts_with("GET /manifest.json "))
    );
}
