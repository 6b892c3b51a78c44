//! The table, continued: what comes before what, how objects begin, and panics wherever code of an app runs.

use crate::scenarios::{call, fails, gives};
use crate::steps::{Call, Gives, Scenario, Step};

const fn later(after: u64, call: Call) -> Call {
    Call { after, ..call }
}

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "a command has the object to itself across its awaits",
        steps: &[Step::Together(&[
            call(
                "tally/alone",
                "slow_increment",
                r#"{"millis": 400}"#,
                Gives::Result("1"),
            ),
            later(
                100,
                call(
                    "tally/alone",
                    "increment",
                    r#"{"by": 10}"#,
                    Gives::Result("11"),
                ),
            ),
            // A query that comes meanwhile waits as well, and sees what was committed.
            later(200, call("tally/alone", "value", "{}", Gives::Result("11"))),
            later(
                300,
                call(
                    "tally/alone",
                    "slow_increment",
                    r#"{"millis": 1}"#,
                    Gives::Result("12"),
                ),
            ),
        ])],
    },
    Scenario {
        name: "queries overlap each other",
        steps: &[Step::Together(&[
            call(
                "hall/overlap",
                "linger",
                r#"{"millis": 400}"#,
                Gives::Result("0"),
            ),
            later(100, call("hall/overlap", "count", "{}", Gives::Result("0"))),
            // What comes after a command waits for it, and the command for the queries before it.
            later(
                150,
                call(
                    "hall/overlap",
                    "say",
                    r#"{"text": "x"}"#,
                    Gives::Result("1"),
                ),
            ),
            later(
                200,
                call(
                    "hall/overlap",
                    "linger",
                    r#"{"millis": 5}"#,
                    Gives::Result("1"),
                ),
            ),
        ])],
    },
    Scenario {
        name: "a failed command across an await leaves nothing to those who waited",
        steps: &[
            Step::Together(&[
                call(
                    "tally/undone",
                    "panic_after_wait",
                    r#"{"millis": 300}"#,
                    Gives::Error("internal"),
                ),
                later(100, call("tally/undone", "value", "{}", Gives::Result("0"))),
                later(
                    150,
                    call("tally/undone", "increment", "{}", Gives::Result("1")),
                ),
            ]),
            gives("tally/undone", "notes", "{}", "[]"),
        ],
    },
    Scenario {
        name: "many calls at once",
        steps: &[
            Step::Crowd {
                call: call("tally/crowd", "increment", "{}", Gives::Same),
                count: 16,
                gives: "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
            },
            gives("tally/crowd", "value", "{}", "16"),
        ],
    },
    Scenario {
        name: "whoever comes while an object starts finds it started, once",
        steps: &[
            Step::Crowd {
                call: call("dawn/crowd", "visit", "{}", Gives::Same),
                count: 5,
                gives: "[[1, 1, 1], [1, 2, 2], [1, 3, 3], [1, 4, 4], [1, 5, 5]]",
            },
            Step::Restart,
            Step::Crowd {
                call: call("dawn/crowd", "visit", "{}", Gives::Same),
                count: 3,
                gives: "[[101, 6, 1], [101, 7, 2], [101, 8, 3]]",
            },
            // A query on an unknown name sees what `start` made, which is not kept.
            gives("dawn/looked-at", "light", "{}", "1"),
            Step::Restart,
            gives("dawn/looked-at", "visit", "{}", "[1, 1, 1]"),
        ],
    },
    Scenario {
        name: "an object that fails to start is started anew by the next call",
        steps: &[
            Step::Call(call("dawn/dark", "visit", "{}", Gives::Same)),
            gives("dawn/dark", "visit", "{}", "[1, 1, 1]"),
            Step::Call(call("dawn/ruin", "visit", "{}", Gives::Same)),
            gives("dawn/ruin", "visit", "{}", "[1, 1, 1]"),
            fails("dawn/hopeless", "visit", "{}", "internal"),
            Step::Crowd {
                call: call("dawn/hopeless", "visit", "{}", Gives::Same),
                count: 3,
                gives: r#"["internal", "internal", "internal"]"#,
            },
            // All that waited for a start that failed are told so.
            Step::Crowd {
                call: call("dawn/dark-crowd", "visit", "{}", Gives::Same),
                count: 3,
                gives: r#"["dawn.dark", "dawn.dark", "dawn.dark"]"#,
            },
            gives("dawn/dark-crowd", "visit", "{}", "[1, 1, 1]"),
        ],
    },
    Scenario {
        name: "panics of queries, processes and handlers of events",
        steps: &[
            gives("dawn/panics", "visit", "{}", "[1, 1, 1]"),
            fails("dawn/panics", "doubt", "{}", "internal"),
            fails(
                "dawn/panics",
                "doubt_slowly",
                r#"{"millis": 10}"#,
                "internal",
            ),
            fails("dawn/panics", "strike", r#"{"hard": true}"#, "internal"),
            // What a process has committed before stays.
            Step::Call(call(
                "dawn/panics",
                "proceed",
                r#"{"within": false}"#,
                Gives::Same,
            )),
            fails("dawn/panics", "proceed", r#"{"within": true}"#, "internal"),
            Step::Call(call(
                "dawn/panics",
                "proceed",
                r#"{"within": true}"#,
                Gives::Same,
            )),
            Step::Restart,
            gives("dawn/panics", "made", "{}", "30"),
            Step::Call(call(
                "dawn/panics",
                "struck",
                r#"{"hard": false}"#,
                Gives::Error("method_not_found"),
            )),
            fails("dawn/panics", "strike", r#"{"hard": true}"#, "internal"),
            gives("dawn/panics", "made", "{}", "30"),
        ],
    },
];
