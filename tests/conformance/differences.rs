//! The list of differences (docs/backends.md), checked: each that has a name is seen on both sides.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::process::Server;
use support::websocket::{Frame, TEXT, WebSocket, frame};

const PAGE: &str = include_str!("../../docs/backends.md");

/// What is seen on one side.
type Look = fn(&Server) -> Value;

struct Difference {
    name: &'static str,
    look: Look,
    native: Value,
    workers: Value,
}

pub(crate) fn check(native: &Server, workers: &Server) {
    let known = [
        Difference {
            name: "panic-bystander",
            look: bystander,
            native: json!("answered"),
            workers: json!(["object_reset", true]),
        },
        Difference {
            name: "panic-in-batch",
            look: batch,
            native: json!([1, "internal", 2]),
            workers: json!(["internal", "internal", "internal"]),
        },
        Difference {
            name: "dot-paths",
            look: dots,
            native: json!([400, "invalid_name"]),
            workers: json!([404, "not_found"]),
        },
        Difference {
            name: "panic-of-a-query",
            look: query_panic,
            native: json!(["internal", 1]),
            workers: json!(["internal", 2]),
        },
        Difference {
            name: "panic-of-a-job",
            look: job_panic,
            native: json!("internal"),
            workers: json!("jobs.lost"),
        },
        Difference {
            name: "odd-requests",
            look: odd_requests,
            native: json!([405, 400]),
            workers: json!([501, 400]),
        },
        Difference {
            name: "bookmarks",
            look: bookmarks,
            native: json!([false, "storage.unsupported", "storage.unsupported"]),
            // On a developer's machine: in the network there are others, too.
            workers: json!([true, "storage.unsupported", "storage.unsupported"]),
        },
        Difference {
            name: "text-not-utf8",
            look: not_utf8,
            native: json!(1007),
            workers: json!("parse_error"),
        },
    ];
    // Seen by tests of their own.
    let elsewhere = ["javascript"];
    let listed: Vec<&str> = PAGE.lines().filter_map(named).collect();
    let checked = known.iter().map(|one| one.name);
    let mut expected: Vec<&str> = checked.chain(elsewhere).collect();
    let mut found = listed.clone();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "docs/backends.md names other differences");
    for Difference {
        name,
        look,
        native: natively,
        workers: there,
    } in known
    {
        assert_eq!(look(native), natively, "{name}, natively");
        assert_eq!(look(workers), there, "{name}, on Workers");
    }
}

/// The name of a row: | `name`: ..
fn named(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?
        .split_once("`: ")
        .map(|(name, _)| name)
}

fn bystander(server: &Server) -> Value {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| call(server, "shelf/bystander", "process", &json!([1_000])));
        thread::sleep(Duration::from_millis(300));
        let culprit = call(server, "shelf/bystander", "topple", &json!({}));
        assert_eq!(culprit.unwrap_err()["data"]["code"], "internal");
        match waiting.join().unwrap() {
            Ok(_) => json!("answered"),
            Err(error) => json!([error["data"]["code"], error["data"]["maybe_executed"]]),
        }
    })
}

fn batch(server: &Server) -> Value {
    let mut socket = WebSocket::open(server.address(), "hall/batch").unwrap();
    let say = |id: u32| json!({"jsonrpc": "2.0", "id": id, "method": "say", "params": ["x"]});
    let collapse = json!({"jsonrpc": "2.0", "id": 2, "method": "collapse"});
    socket
        .text(&json!([say(1), collapse, say(3)]).to_string())
        .unwrap();
    let answers = socket.json().unwrap();
    let told = |answer: &Value| match answer.get("result") {
        Some(result) => result.clone(),
        None => answer["error"]["data"]["code"].clone(),
    };
    answers.as_array().unwrap().iter().map(told).collect()
}

/// Whether there are points in time that go on with what is stored; one of a time, and one to go back to.
fn bookmarks(server: &Server) -> Value {
    let ask = |action: &str, params: &Value| {
        let answer = call(server, "clock/bookmarks", action, params);
        answer.map_err(|error| error["data"]["code"].clone())
    };
    let first = ask("bookmark", &json!([]));
    ask("set", &json!([[], [60_000]])).unwrap();
    let second = ask("bookmark", &json!([]));
    let texts = first.as_ref().ok().and_then(Value::as_str);
    let grows = texts.zip(second.as_ref().ok().and_then(Value::as_str));
    let grows = grows.is_some_and(|(first, second)| first < second);
    let told = |answer: Result<Value, Value>| answer.unwrap_or_else(|code| code);
    json!([
        grows,
        told(ask("bookmark", &json!([1_000]))),
        told(ask("rewind", &json!(["0"])))
    ])
}

/// How often an object has started after a panic that changed nothing.
fn query_panic(server: &Server) -> Value {
    assert_eq!(
        call(server, "dawn/query-panic", "visit", &json!([])),
        Ok(json!([1, 1, 1]))
    );
    let panic = call(server, "dawn/query-panic", "doubt", &json!([])).unwrap_err();
    let starts = call(server, "dawn/query-panic", "starts", &json!([])).unwrap();
    json!([panic["data"]["code"], starts])
}

/// What a job that panics in each of its two runs says in the end.
fn job_panic(server: &Server) -> Value {
    let params = json!({"fails": 9, "with": "panic"});
    let accepted = call(server, "mill/panic", "try_often", &params).unwrap();
    let id = json!({"id": accepted["job"]});
    for _ in 0..120 {
        let view = call(server, "mill/panic", "jobs.get", &id);
        // Who asks while the instance ends is told so.
        if let Ok(view) = view
            && view["status"] == "failed"
        {
            return view["error"]["code"].clone();
        }
        thread::sleep(Duration::from_millis(250));
    }
    json!("still running")
}

/// A method that nobody knows, and a URL that is none.
fn odd_requests(server: &Server) -> Value {
    let status = |method: &str, path: &str| {
        let answer = server.connect().request(method, path, &[], &[]);
        answer.unwrap().status
    };
    json!([
        status("BREW", "/tally/odd"),
        status("GET", "/tally/odd/value?a<b")
    ])
}

fn dots(server: &Server) -> Value {
    let answer = server.connect().get("/tally/%2e%2e/value").unwrap();
    json!([
        answer.status,
        answer.json().unwrap()["error"]["data"]["code"]
    ])
}

fn not_utf8(server: &Server) -> Value {
    let mut socket = WebSocket::open(server.address(), "hall/utf8").unwrap();
    socket.send(&frame(TEXT, b"\xff")).unwrap();
    match socket.receive().unwrap() {
        Frame::Close(code, _) => json!(code),
        Frame::Text(text) => {
            let answer: Value = serde_json::from_str(&text).unwrap();
            answer["error"]["data"]["code"].clone()
        }
        other => panic!("{other:?}"),
    }
}

fn call(server: &Server, object: &str, action: &str, params: &Value) -> Result<Value, Value> {
    server.connect().call(object, action, params).unwrap()
}
