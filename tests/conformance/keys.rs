//! Idempotency keys: what a call answered is what it answers.

use super::scenarios::gives;
use crate::steps::{Scenario, Step, with};

const A: &[&str] = &["Content-Type: application/json", "Idempotency-Key: a"];
const B: &[&str] = &["Content-Type: application/json", "Idempotency-Key: b"];
const NONE: &[&str] = &["Content-Type: application/json", "Idempotency-Key: a b"];
const TWO: &[&str] = &[
    "Content-Type: application/json",
    "Idempotency-Key: a",
    "Idempotency-Key: b",
];

const ADD: &str = r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":5}}"#;
/// By the member, twice in a batch, and once with other parameters.
const BATCH: &str = r#"[{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":5},"key":"m"},
{"jsonrpc":"2.0","id":2,"method":"increment","params":{"by":5},"key":"m"},
{"jsonrpc":"2.0","id":3,"method":"increment","params":{"by":6},"key":"m"},
{"jsonrpc":"2.0","id":4,"method":"increment","params":{"by":6},"key":7}]"#;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "keys of commands",
        steps: &[
            post("/tally/keys", A, ADD, 200),
            post("/tally/keys", A, ADD, 200),
            gives("tally/keys", "value", "{}", "5"),
            post("/tally/keys/increment", A, r#"{"by":6}"#, 422),
            post("/tally/keys/increment", NONE, r#"{"by":6}"#, 400),
            post("/tally/keys/increment", TWO, r#"{"by":6}"#, 400),
            post("/tally/keys", A, BATCH, 200),
            gives("tally/keys", "value", "{}", "5"),
            post(
                "/tally/keys",
                &["Content-Type: application/json"],
                BATCH,
                200,
            ),
            gives("tally/keys", "value", "{}", "10"),
            Step::Restart,
            post("/tally/keys", A, ADD, 200),
            gives("tally/keys", "value", "{}", "10"),
            // What failed is not kept, nor is what panicked.
            post("/tally/keys/fail_after_write", B, r#"{"by":1}"#, 409),
            post("/tally/keys/fail_after_write", B, r#"{"by":2}"#, 409),
            post("/tally/keys/panic_after_write", B, r#"{"by":1}"#, 500),
            post("/tally/keys/panic_after_write", B, r#"{"by":2}"#, 500),
            gives("tally/keys", "value", "{}", "10"),
        ],
    },
    Scenario {
        name: "keys of processes",
        steps: &[
            post("/shelf/keys/process", A, r#"{"millis":1}"#, 200),
            post("/shelf/keys/process", A, r#"{"millis":1}"#, 200),
            post("/shelf/keys/process", A, r#"{"millis":2}"#, 422),
            // The second call of the same key is run, and fails, as the first did.
            post("/dawn/keys/proceed", A, r#"{"within":false}"#, 500),
            post("/dawn/keys/proceed", A, r#"{"within":false}"#, 500),
        ],
    },
];

const fn post(
    path: &'static str,
    headers: &'static [&'static str],
    body: &'static str,
    status: u16,
) -> Step {
    with("POST", path, headers, body, status)
}
