//! The table, continued: what objects ask each other.

use crate::scenarios::{fails, gives, same};
use crate::steps::{Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "errors go from object to object with all they say",
        steps: &[
            fails("caller/full", "full", r#"{"max": 3}"#, "caller.full"),
            same("caller/full", "full", r#"{"max": 18446744073709551615}"#),
            gives(
                "caller/asks",
                "ask_full",
                r#"{"to": "full", "max": 18446744073709551615}"#,
                r#""é \"quoted\": 18446744073709551615""#,
            ),
            same("caller/passes", "pass_failure", r#"{"to": "passes"}"#),
            same("caller/passes", "pass_panic", r#"{"to": "passes"}"#),
            gives("caller/passes", "calls", "{}", "0"),
            gives("tally/passes", "value", "{}", "0"),
            same("relay/passes", "forward", r#"{"to": "~passes", "by": 1}"#),
        ],
    },
    Scenario {
        name: "a ring of queries comes round, one with a command in it does not",
        steps: &[
            gives(
                "caller/round",
                "look_around",
                r#"{"names": ["round-2", "round-3", "round", "round-2"]}"#,
                r#""seen""#,
            ),
            gives(
                "caller/sneaks",
                "sneak_by",
                r#"{"over": "over", "to": "sneaked-by"}"#,
                r#""read_only_chain""#,
            ),
            gives("tally/sneaked-by", "value", "{}", "0"),
        ],
    },
    Scenario {
        name: "a chain has one deadline, one request and one caller",
        steps: &[
            gives(
                "caller/chain",
                "same_chain",
                r#"{"to": "chain-2"}"#,
                "[true, true, true]",
            ),
            gives(
                "caller/chain",
                "call_internal",
                r#"{"to": "chain-2"}"#,
                r#""between you and me""#,
            ),
            fails("caller/chain", "among_us", "{}", "method_not_found"),
        ],
    },
    Scenario {
        name: "names and ids that stubs refuse",
        steps: &[
            gives(
                "caller/names",
                "by_name",
                r#"{"to": ""}"#,
                r#""invalid_name""#,
            ),
            gives(
                "caller/names",
                "by_name",
                r#"{"to": "."}"#,
                r#""invalid_name""#,
            ),
            gives(
                "caller/names",
                "by_name",
                r#"{"to": "~x"}"#,
                r#""invalid_name""#,
            ),
            gives(
                "caller/names",
                "by_name",
                r#"{"to": "a/b ?#\u0000\ud834\udd1e%2f"}"#,
                r#""0""#,
            ),
            gives(
                "caller/names",
                "by_id",
                r#"{"id": "0000000000000000000000000000000000000000000000000000000000000000"}"#,
                r#"["invalid_id", null]"#,
            ),
            same("caller/names", "by_id", r#"{"id": "abc"}"#),
            same("caller/names", "by_id", r#"{"id": 7}"#),
            same("caller/names", "id_of", r#"{"name": "named"}"#),
            Step::Look {
                what: "an id leads to its object, in small letters and in capitals",
                look: by_id,
                gives: r#"[["5", "born"], ["5", "born"], ["0", null], 5, 5]"#,
            },
        ],
    },
    Scenario {
        name: "an object without a name",
        steps: &[
            gives("caller/unique", "use_kept", r#"{"by": 1}"#, "null"),
            gives("caller/unique", "keep_unique", "{}", "[7, null, true]"),
            gives("caller/unique", "use_kept", r#"{"by": 1}"#, "8"),
            Step::Restart,
            gives("caller/unique", "use_kept", r#"{"by": 2}"#, "10"),
        ],
    },
    Scenario {
        name: "a stub outlives pauses, failures and panics",
        steps: &[gives(
            "caller/again",
            "again_and_again",
            r#"{"to": "again-and-again"}"#,
            r#"["1", "failed", "internal", "2", "2"]"#,
        )],
    },
    Scenario {
        name: "calls that an object has under way at once",
        steps: &[
            gives(
                "caller/at-once",
                "at_once",
                r#"{"left": "at-once-l", "right": "at-once-r"}"#,
                r#"["1", "1", "2"]"#,
            ),
            gives(
                "caller/forgets",
                "forget",
                r#"{"to": "forgotten"}"#,
                r#""1""#,
            ),
            gives(
                "caller/crowd",
                "crowd",
                r#"{"to": "crowded", "count": 1100}"#,
                "[1001, 100]",
            ),
            gives("tally/crowded", "increment", "{}", "1002"),
        ],
    },
    Scenario {
        name: "large values travel between objects",
        steps: &[gives(
            "caller/carries",
            "carry",
            r#"{"to": "carried", "bytes": 1000000}"#,
            "1000000",
        )],
    },
];

/// An id of another's making: over HTTP, by a stub, for an object that was born by name and for one that was not.
fn by_id(server: &support::process::Server) -> serde_json::Value {
    use serde_json::{Value, json};
    let call = |object: &str, action: &str, params: Value| -> Value {
        match server.connect().call(object, action, &params) {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => error["data"]["code"].clone(),
            Err(fault) => json!(fault.to_string()),
        }
    };
    call("tally/born", "increment", json!([5]));
    let id = call("caller/ids", "id_of", json!(["born"]));
    let unborn = call("caller/ids", "id_of", json!(["unborn"]));
    let id = id.as_str().unwrap_or_default();
    let capitals = id.to_ascii_uppercase();
    json!([
        call("caller/ids", "by_id", json!([id])),
        call("caller/ids", "by_id", json!([capitals])),
        call("caller/ids", "by_id", json!([unborn])),
        call(&format!("tally/~{id}"), "value", json!([])),
        call(&format!("tally/~{capitals}"), "value", json!([])),
    ])
}
