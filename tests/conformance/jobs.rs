//! The table, continued: jobs, which are accepted at once and run to their end.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::process::Server;

use crate::scenarios::{call, fails, gives};
use crate::steps::{Gives, JSON, Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "a job is accepted with its id and its place, and tells what becomes of it",
        steps: &[
            Step::Look {
                what: "a job by its path",
                look: accepted,
                gives: r#"[202, true, "done", 1, 3, 3, null]"#,
            },
            gives("mill/accepted", "ground", "{}", "[[0, 1, 2], [1]]"),
            gives(
                "mill/accepted",
                "heard",
                "{}",
                r#"["queued", "running", "running", "running", "running", "done"]"#,
            ),
        ],
    },
    Scenario {
        name: "a job's parameters are checked before it is accepted, and what is not there is told",
        steps: &[
            fails("mill/checked", "grind", r#"{"sacks": 0}"#, "invalid_params"),
            fails(
                "mill/checked",
                "jobs.get",
                r#"{"id": "no"}"#,
                "jobs.not_found",
            ),
            fails(
                "mill/checked",
                "jobs.cancel",
                r#"{"id": "no"}"#,
                "jobs.not_found",
            ),
            fails("mill/checked", "jobs.settle", "{}", "method_not_found"),
            gives("mill/checked", "jobs.list", "{}", "[]"),
        ],
    },
    Scenario {
        name: "a job whose error is final fails, one that may pass is tried again",
        steps: &[
            Step::Look {
                what: "a final error",
                look: |server| ended(server, "mill/final", &json!({"fails": 9, "with": "empty"})),
                gives: r#"["failed", 1, null, null, "mill.empty"]"#,
            },
            Step::Look {
                what: "one that passes",
                look: passing,
                gives: r#"[202, "done", 2, null, 2, null]"#,
            },
            Step::Look {
                what: "one that does not",
                look: |server| ended(server, "mill/never", &json!({"fails": 2})),
                gives: r#"["failed", 2, null, null, "mill.calm"]"#,
            },
        ],
    },
    Scenario {
        name: "a cancelled job stops",
        steps: &[Step::Look {
            what: "it",
            look: cancelled,
            gives: r#"["cancelled", true]"#,
        }],
    },
    // It takes some seconds until a lost job is missed.
    Scenario {
        name: "a job that a crash cut short goes on where it was",
        steps: &[
            Step::Look {
                what: "that it has begun",
                look: |server| {
                    let params = json!({"sacks": 4, "millis": 500});
                    let accepted = rpc(server, "mill/lost", "grind", &params);
                    sleep(Duration::from_millis(1_200));
                    json!(accepted["job"].is_string())
                },
                gives: "true",
            },
            Step::Restart,
            Step::Within(
                30,
                call(
                    "mill/lost",
                    "ground",
                    "{}",
                    Gives::Result("[[0, 1, 2, 3], [1, 2]]"),
                ),
            ),
        ],
    },
];

/// A job of an action, when it has ended: status, attempts, progress, result, code of its error.
fn end_of(server: &Server, object: &str, id: &Value) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let view = rpc(server, object, "jobs.get", &json!({ "id": id }));
        let ended = !matches!(view["status"].as_str(), Some("queued" | "running"));
        if ended || begun.elapsed() > Duration::from_secs(30) {
            let code = &view["error"]["code"];
            let (progress, result) = (&view["progress"], &view["result"]);
            let parts = [&view["status"], &view["attempt"], progress, result, code];
            return parts.into_iter().cloned().collect();
        }
        sleep(Duration::from_millis(50));
    }
}

/// What a call answers, or its error.
fn rpc(server: &Server, object: &str, action: &str, params: &Value) -> Value {
    let answer = server.connect().call(object, action, params).unwrap();
    answer.unwrap_or_else(|error| error)
}

fn ended(server: &Server, object: &str, params: &Value) -> Value {
    let accepted = rpc(server, object, "try_often", params);
    end_of(server, object, &accepted["job"]).into()
}

/// Begins a job by a path of its own; the status, the id, and where it may be asked for.
fn begin(server: &Server, path: &str, body: &str) -> (u16, Value, String) {
    let mut connection = server.connect();
    let answer = connection
        .request("POST", path, JSON, body.as_bytes())
        .unwrap();
    let place = answer.header("location").unwrap_or_default().to_owned();
    (answer.status, answer.json().unwrap()["job"].clone(), place)
}

fn accepted(server: &Server) -> Value {
    let (status, id, place) = begin(server, "/mill/accepted/grind", r#"{"sacks":3}"#);
    let expected = format!(
        "/mill/accepted/jobs.get?id={}",
        id.as_str().unwrap_or_default()
    );
    let end = end_of(server, "mill/accepted", &id);
    let there = server.connect().get(&place).unwrap().json().unwrap();
    let mut seen = vec![json!(status), json!(place == expected && there["id"] == id)];
    seen.extend(end);
    seen.into()
}

fn passing(server: &Server) -> Value {
    let (status, id, _) = begin(server, "/mill/passing/tries/1", "{}");
    let mut seen = vec![json!(status)];
    seen.extend(end_of(server, "mill/passing", &id));
    seen.into()
}

fn cancelled(server: &Server) -> Value {
    let object = "mill/cancelled";
    let accepted = rpc(
        server,
        object,
        "grind",
        &json!({"sacks": 1_000, "millis": 20}),
    );
    sleep(Duration::from_millis(200));
    let view = rpc(
        server,
        object,
        "jobs.cancel",
        &json!({"id": accepted["job"]}),
    );
    let ground = rpc(server, object, "ground", &json!({}));
    sleep(Duration::from_millis(200));
    json!([
        view["status"],
        ground == rpc(server, object, "ground", &json!({}))
    ])
}
