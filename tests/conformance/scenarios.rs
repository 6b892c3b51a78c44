//! The table. Every scenario has objects of its own, named after it.

use crate::steps::{Call, Gives, Scenario, Step};

pub(crate) const fn call(
    object: &'static str,
    action: &'static str,
    params: &'static str,
    gives: Gives,
) -> Call {
    Call {
        after: 0,
        object,
        action,
        params,
        gives,
    }
}

/// A call that both backends answer alike, whatever it is.
pub(crate) const fn same(object: &'static str, action: &'static str, params: &'static str) -> Step {
    Step::Call(call(object, action, params, Gives::Same))
}

pub(crate) const fn gives(
    object: &'static str,
    action: &'static str,
    params: &'static str,
    result: &'static str,
) -> Step {
    Step::Call(call(object, action, params, Gives::Result(result)))
}

pub(crate) const fn fails(
    object: &'static str,
    action: &'static str,
    params: &'static str,
    code: &'static str,
) -> Step {
    Step::Call(call(object, action, params, Gives::Error(code)))
}

/// The id of `tally/ids`.
const IDS_TEXT: &str = "\"e7184399d61f4545d5893af31883da09f12f07b7501569891a99d96385e1bb91\"";
const IDS_PATH: &str = "tally/~e7184399d61f4545d5893af31883da09f12f07b7501569891a99d96385e1bb91";
/// The same id is none of another class.
const FOREIGN_PATH: &str =
    "relay/~e7184399d61f4545d5893af31883da09f12f07b7501569891a99d96385e1bb91";

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "increment",
        steps: &[
            gives("tally/increment", "value", "{}", "0"),
            gives("tally/increment", "increment", "{}", "1"),
            gives("tally/increment", "increment", r#"{"by": 41}"#, "42"),
            gives("tally/increment", "increment", "[-2]", "40"),
            gives("tally/increment", "value", "{}", "40"),
            gives("tally/increment-other", "value", "{}", "0"),
        ],
    },
    Scenario {
        name: "an error undoes what was written",
        steps: &[
            gives("tally/err", "increment", r#"{"by": 5}"#, "5"),
            fails(
                "tally/err",
                "fail_after_write",
                r#"{"by": 7}"#,
                "tally.refused",
            ),
            gives("tally/err", "value", "{}", "5"),
            gives("tally/err", "notes", "{}", "[]"),
            gives("tally/err", "woken", "{}", "0"),
            Step::Restart,
            gives("tally/err", "value", "{}", "5"),
            gives("tally/err", "notes", "{}", "[]"),
        ],
    },
    Scenario {
        name: "a list is read by pages",
        steps: &[
            gives(
                "tally/pages",
                "note_page",
                r#"{"limit": 2}"#,
                r#"{"items": [], "next": null}"#,
            ),
            gives("tally/pages", "note", r#"["a"]"#, "1"),
            gives("tally/pages", "note", r#"["b"]"#, "2"),
            gives("tally/pages", "note", r#"["c"]"#, "3"),
            gives(
                "tally/pages",
                "note_page",
                r#"{"limit": 2}"#,
                r#"{"items": [[1, "a"], [2, "b"]], "next": "MDAwMDAwMDAwMDAwMDAwMg"}"#,
            ),
            Step::Restart,
            gives(
                "tally/pages",
                "note_page",
                r#"{"limit": 2, "after": "MDAwMDAwMDAwMDAwMDAwMg"}"#,
                r#"{"items": [[3, "c"]], "next": null}"#,
            ),
            gives(
                "tally/pages",
                "note_page_back",
                r#"{"limit": 1}"#,
                r#"{"items": [3], "next": "MDAwMDAwMDAwMDAwMDAwMw"}"#,
            ),
            gives(
                "tally/pages",
                "note_page_back",
                r#"{"limit": 9, "before": "MDAwMDAwMDAwMDAwMDAwMw"}"#,
                r#"{"items": [2, 1], "next": null}"#,
            ),
            fails(
                "tally/pages",
                "note_page",
                r#"{"limit": 1, "after": "?"}"#,
                "invalid_params",
            ),
            // A key, but of a map.
            fails(
                "tally/pages",
                "note_page",
                r#"{"limit": 1, "after": "MgA"}"#,
                "invalid_params",
            ),
        ],
    },
    Scenario {
        name: "a panic undoes what was written and is answered",
        steps: &[
            gives("tally/panic", "increment", r#"{"by": 5}"#, "5"),
            fails(
                "tally/panic",
                "panic_after_write",
                r#"{"by": 7}"#,
                "internal",
            ),
            gives("tally/panic", "value", "{}", "5"),
            gives("tally/panic", "notes", "{}", "[]"),
            gives("tally/panic", "increment", "{}", "6"),
            fails(
                "tally/panic",
                "panic_after_wait",
                r#"{"millis": 20}"#,
                "internal",
            ),
            gives("tally/panic", "value", "{}", "6"),
            fails("tally/panic-unborn", "panic_after_write", "{}", "internal"),
            gives("tally/panic-unborn", "value", "{}", "0"),
        ],
    },
    Scenario {
        name: "a panic hurts no other object",
        steps: &[
            gives("tally/bystander", "visit", "{}", "1"),
            Step::Together(&[
                Call {
                    after: 0,
                    ..call(
                        "tally/bystander",
                        "slow_increment",
                        r#"{"millis": 400}"#,
                        Gives::Result("1"),
                    )
                },
                Call {
                    after: 150,
                    ..call(
                        "tally/culprit",
                        "panic_after_write",
                        "{}",
                        Gives::Error("internal"),
                    )
                },
            ]),
            gives("tally/bystander", "visit", "{}", "2"),
        ],
    },
    Scenario {
        name: "calls that wait behind a panic are run",
        steps: &[
            Step::Together(&[
                call(
                    "tally/queue",
                    "panic_after_wait",
                    r#"{"millis": 400}"#,
                    Gives::Error("internal"),
                ),
                Call {
                    after: 100,
                    ..call(
                        "tally/queue",
                        "increment",
                        r#"{"by": 2}"#,
                        Gives::Result("2"),
                    )
                },
                Call {
                    after: 200,
                    ..call(
                        "tally/queue",
                        "increment",
                        r#"{"by": 3}"#,
                        Gives::Result("5"),
                    )
                },
            ]),
            gives("tally/queue", "value", "{}", "5"),
        ],
    },
    Scenario {
        name: "an alarm fires once",
        steps: &[
            gives("tally/alarm", "wake_in", r#"{"millis": 50}"#, "null"),
            Step::Eventually(call("tally/alarm", "woken", "{}", Gives::Result("1"))),
            gives("tally/alarm", "alarm_set", "{}", "false"),
            gives("tally/alarm", "wake_in", r#"{"millis": 0}"#, "null"),
            Step::Eventually(call("tally/alarm", "woken", "{}", Gives::Result("2"))),
        ],
    },
    Scenario {
        name: "an alarm survives a restart",
        steps: &[
            gives(
                "tally/alarm-restart",
                "wake_in",
                r#"{"millis": 1500}"#,
                "null",
            ),
            gives("tally/alarm-restart", "alarm_set", "{}", "true"),
            Step::Restart,
            Step::Eventually(call(
                "tally/alarm-restart",
                "woken",
                "{}",
                Gives::Result("1"),
            )),
        ],
    },
    Scenario {
        name: "an alarm set by a failed action does not fire",
        steps: &[
            fails(
                "tally/alarm-err",
                "wake_then_fail",
                r#"{"millis": 30}"#,
                "tally.refused",
            ),
            gives("tally/alarm-err", "pause", r#"{"millis": 300}"#, "null"),
            gives("tally/alarm-err", "woken", "{}", "0"),
            gives("tally/alarm-err", "alarm_set", "{}", "false"),
        ],
    },
    Scenario {
        name: "a restart keeps what was acknowledged",
        steps: &[
            gives("tally/restart", "increment", r#"{"by": 3}"#, "3"),
            gives("tally/restart", "note", r#"{"text": "a\u0000\u00e9"}"#, "1"),
            gives("tally/restart", "visit", "{}", "1"),
            Step::Restart,
            gives("tally/restart", "value", "{}", "3"),
            gives("tally/restart", "notes", "{}", r#"["a\u0000\u00e9"]"#),
            gives("tally/restart", "visit", "{}", "1"),
            gives("tally/restart", "note", r#"{"text": "b"}"#, "2"),
        ],
    },
    Scenario {
        name: "an id is the same everywhere and reaches the object",
        steps: &[
            gives("tally/ids", "increment", "{}", "1"),
            gives("tally/ids", "id", "{}", IDS_TEXT),
            Step::Restart,
            gives(IDS_PATH, "increment", "{}", "2"),
            gives(IDS_PATH, "name", "{}", "\"ids\""),
            gives("tally/ids", "value", "{}", "2"),
            fails(FOREIGN_PATH, "value", "{}", "invalid_id"),
            Step::Restart,
            gives("tally/name", "name", "{}", "\"name\""),
        ],
    },
    Scenario {
        name: "an object calls another",
        steps: &[
            gives("relay/calls", "forward", r#"{"to": "calls", "by": 4}"#, "4"),
            gives("tally/calls", "value", "{}", "4"),
            gives(
                "relay/calls",
                "forward_failure",
                r#"{"to": "calls"}"#,
                r#""refused""#,
            ),
            gives(
                "relay/calls",
                "forward_panic",
                r#"{"to": "calls"}"#,
                r#""internal""#,
            ),
            gives("tally/calls", "value", "{}", "4"),
        ],
    },
    Scenario {
        name: "a call back to oneself is refused",
        steps: &[
            fails("relay/itself", "call_itself", "{}", "reentrant_call"),
            fails(
                "relay/back",
                "there_and_back",
                r#"{"over": "over"}"#,
                "reentrant_call",
            ),
            fails(
                "relay/ring-1",
                "ring",
                r#"{"names": ["ring-2", "ring-3", "ring-1"]}"#,
                "reentrant_call",
            ),
            gives("relay/itself", "alive", "{}", "true"),
            gives("relay/back", "alive", "{}", "true"),
        ],
    },
    Scenario {
        name: "opposite calls end",
        steps: &[
            Step::Together(&[
                call(
                    "relay/left",
                    "cross",
                    r#"{"to": "right", "millis": 100}"#,
                    Gives::EitherOr("true", "deadlock"),
                ),
                call(
                    "relay/right",
                    "cross",
                    r#"{"to": "left", "millis": 100}"#,
                    Gives::EitherOr("true", "deadlock"),
                ),
            ]),
            gives("relay/left", "alive", "{}", "true"),
            gives("relay/right", "alive", "{}", "true"),
            Step::OppositePairs(50),
            gives("tally/pairs-bystander", "increment", "{}", "1"),
        ],
    },
    Scenario {
        name: "calls are nested 32 deep and no deeper",
        steps: &[
            gives(
                "relay/depth-1",
                "ring",
                r#"{"names": ["depth-2", "depth-3", "depth-4", "depth-5", "depth-6", "depth-7", "depth-8", "depth-9", "depth-10", "depth-11", "depth-12", "depth-13", "depth-14", "depth-15", "depth-16", "depth-17", "depth-18", "depth-19", "depth-20", "depth-21", "depth-22", "depth-23", "depth-24", "depth-25", "depth-26", "depth-27", "depth-28", "depth-29", "depth-30", "depth-31", "depth-32"]}"#,
                "true",
            ),
            fails(
                "relay/depth-1",
                "ring",
                r#"{"names": ["depth-2", "depth-3", "depth-4", "depth-5", "depth-6", "depth-7", "depth-8", "depth-9", "depth-10", "depth-11", "depth-12", "depth-13", "depth-14", "depth-15", "depth-16", "depth-17", "depth-18", "depth-19", "depth-20", "depth-21", "depth-22", "depth-23", "depth-24", "depth-25", "depth-26", "depth-27", "depth-28", "depth-29", "depth-30", "depth-31", "depth-32", "depth-33"]}"#,
                "depth_exceeded",
            ),
            gives("relay/depth-33", "alive", "{}", "true"),
        ],
    },
    Scenario {
        name: "bad calls are answered alike",
        steps: &[
            fails("tally/bad", "nope", "{}", "method_not_found"),
            fails("tally/bad", "increment", r#"{"by": "x"}"#, "invalid_params"),
            fails(
                "tally/bad",
                "increment",
                r#"{"by": 1, "more": 2}"#,
                "invalid_params",
            ),
            fails("tally/bad", "increment", "[1, 2]", "invalid_params"),
            fails("tally/bad", "note", r#"{"text": 5}"#, "invalid_params"),
            fails("tally/~bad", "value", "{}", "invalid_name"),
            fails("nobody/bad", "value", "{}", "not_found"),
            Step::Request {
                method: "GET",
                path: "/nobody",
                headers: &[],
                body: "",
                status: 404,
            },
            Step::Request {
                method: "GET",
                path: "/tally/bad/value",
                headers: &[],
                body: "",
                status: 200,
            },
            Step::Request {
                method: "POST",
                path: "/tally/bad",
                headers: &["Content-Type: application/json"],
                body: "{\"jsonrpc\": \"2.0\"",
                status: 200,
            },
            Step::Request {
                method: "POST",
                path: "/tally/bad/increment",
                headers: &["Content-Type: application/json"],
                body: "{\"by\": []}",
                status: 400,
            },
            Step::Request {
                method: "POST",
                path: "/tally/bad",
                headers: &["Content-Type: text/plain"],
                body: "{}",
                status: 415,
            },
            Step::Request {
                method: "GET",
                path: "/healthz",
                headers: &[],
                body: "",
                status: 200,
            },
            Step::Request {
                method: "GET",
                path: "/manifest.json",
                headers: &[],
                body: "",
                status: 200,
            },
        ],
    },
];
