//! The table, continued: objects that end.

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

const NOTHING: &str =
    r#"{"name": "", "guests": [], "keys": 0, "starts": 1, "alarm": false, "rings": 0}"#;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "nothing of an object that ended is there, and its name begins anew",
        steps: &[
            gives("lodge/inn", "enter", r#"{"guest": "ann"}"#, "1"),
            gives("lodge/inn", "enter", r#"{"guest": "bob"}"#, "2"),
            fails("lodge/inn", "close", r#"{"fail": true}"#, "internal"),
            gives(
                "lodge/inn",
                "all",
                "{}",
                r#"{"name": "bob", "guests": ["ann", "bob", "bob"], "keys": 1, "starts": 1, "alarm": true, "rings": 0}"#,
            ),
            gives("lodge/inn", "close", r#"{"fail": false}"#, r#""bob""#),
            gives("lodge/inn", "all", "{}", NOTHING),
            Step::Restart,
            gives("lodge/inn", "all", "{}", NOTHING),
            // The alarm is gone as well.
            Step::Wait(1),
            gives("lodge/inn", "all", "{}", NOTHING),
            gives("lodge/inn", "enter", r#"{"guest": "cid"}"#, "1"),
            Step::Eventually(call(
                "lodge/inn",
                "all",
                "{}",
                Gives::Result(
                    r#"{"name": "cid", "guests": ["cid", "cid"], "keys": 1, "starts": 1, "alarm": false, "rings": 1}"#,
                ),
            )),
            Step::Restart,
            gives(
                "lodge/inn",
                "all",
                "{}",
                r#"{"name": "cid", "guests": ["cid", "cid"], "keys": 1, "starts": 1, "alarm": false, "rings": 1}"#,
            ),
        ],
    },
    Scenario {
        name: "an object that another ended begins anew in the same breath",
        steps: &[
            gives("lodge/razed", "enter", r#"{"guest": "ann"}"#, "1"),
            gives("lodge/razed", "enter", r#"{"guest": "bob"}"#, "2"),
            gives("lodge/razer", "raze", r#"{"other": "razed"}"#, "1"),
            gives("lodge/razer", "raze", r#"{"other": "never"}"#, "1"),
            Step::Restart,
            gives("lodge/razed", "enter", r#"{"guest": "cid"}"#, "2"),
            same("lodge/razed", "~destroy", "{}"),
            gives("lodge/razed", "enter", r#"{"guest": "cid"}"#, "3"),
        ],
    },
    Scenario {
        name: "connections of an object that ended are closed",
        steps: &[
            gives("lodge/open", "enter", r#"{"guest": "ann"}"#, "1"),
            Step::Open {
                who: "ann",
                object: "lodge/open",
            },
            Step::Say {
                who: "ann",
                text: r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["called"]}}"#,
            },
            Step::Hear {
                who: "ann",
                text: None,
            },
            gives("lodge/open", "close", r#"{"fail": false}"#, r#""ann""#),
            Step::Hear {
                who: "ann",
                text: Some(
                    r#"{"jsonrpc":"2.0","method":"event","params":{"event":"called","data":{"text":"out"}}}"#,
                ),
            },
            Step::Closed {
                who: "ann",
                code: 4410,
                reason: "destroyed",
            },
        ],
    },
    Scenario {
        name: "tables end with their object, and migrations run again",
        steps: &[
            gives("ledger/ends", "open", r#"{"name": "ann", "cents": 5}"#, "1"),
            fails("ledger/ends", "close", r#"{"fail": true}"#, "internal"),
            fails(
                "ledger/ends",
                "open",
                r#"{"name": "ann", "cents": 5}"#,
                "sql.unique",
            ),
            gives("ledger/ends", "close", r#"{"fail": false}"#, "null"),
            same("ledger/ends", "all", "{}"),
            gives("ledger/ends", "open", r#"{"name": "ann", "cents": 6}"#, "1"),
            Step::Restart,
            fails(
                "ledger/ends",
                "open",
                r#"{"name": "ann", "cents": 5}"#,
                "sql.unique",
            ),
            same("ledger/ends", "all", "{}"),
        ],
    },
    Scenario {
        name: "an entry ends at its time, whoever is awake",
        steps: &[
            gives(
                "lodge/loans",
                "lend",
                r#"{"what": "saw", "millis": 700}"#,
                "null",
            ),
            gives(
                "lodge/loans",
                "lend",
                r#"{"what": "axe", "millis": 3600000}"#,
                "null",
            ),
            gives(
                "lodge/loans",
                "lend",
                r#"{"what": "axe", "millis": 7200000}"#,
                "1",
            ),
            gives("lodge/loans", "lent", "{}", r#"["axe", "saw"]"#),
            Step::Restart,
            gives("lodge/loans", "lent", "{}", r#"["axe", "saw"]"#),
            Step::Wait(1),
            gives("lodge/loans", "lent", "{}", r#"["axe"]"#),
            gives(
                "lodge/loans",
                "lend",
                r#"{"what": "saw", "millis": 700000}"#,
                "null",
            ),
        ],
    },
    Scenario {
        name: "a temporary object ends when nobody comes",
        steps: &[
            gives("tent/one", "nights", "{}", "0"),
            gives("tent/one", "sleep", "{}", "1"),
            gives("tent/one", "sleep", "{}", "2"),
            gives("tent/one", "nights", "{}", "2"),
            Step::Wait(2),
            gives("tent/one", "nights", "{}", "0"),
            gives("tent/one", "sleep", "{}", "1"),
        ],
    },
];
