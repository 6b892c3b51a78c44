//! The table, continued: what follows from events after the commit, in the object itself and in others.

use crate::deferred::in_the_end;
use crate::scenarios::{fails, gives};
use crate::steps::{Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "a handler runs after the commit, whoever sleeps meanwhile, and not for what was undone",
        steps: &[
            fails("gazette/herald", "misprint", "{}", "gazette.failing"),
            gives(
                "gazette/herald",
                "print",
                r#"{"texts": ["a", "b"]}"#,
                "null",
            ),
            in_the_end("gazette/herald", "posted", r#"["a", "b"]"#),
            in_the_end("gazette/herald", "waiting", "[]"),
            // The first attempt fails; the next is due in another life.
            gives("gazette/herald", "fail", r#"{"failing": 1}"#, "null"),
            gives("gazette/herald", "print", r#"{"texts": ["c"]}"#, "null"),
            gives("gazette/herald", "waiting", "{}", r#"["~on.post"]"#),
            Step::Restart,
            in_the_end("gazette/herald", "posted", r#"["a", "b", "c"]"#),
            in_the_end("gazette/herald", "waiting", "[]"),
        ],
    },
    Scenario {
        name: "an object hears what another logs, once and in order, through restarts",
        steps: &[
            gives("gazette/times", "print", r#"{"texts": ["before"]}"#, "null"),
            gives("reader/ann", "subscribe", r#"{"gazette": "times"}"#, "null"),
            gives("reader/ann", "subscribe", r#"{"gazette": "times"}"#, "null"),
            in_the_end("gazette/times", "readers", r#"["reader/ann printed"]"#),
            gives(
                "reader/ann",
                "gazettes",
                "{}",
                r#"["gazette/times printed"]"#,
            ),
            gives("gazette/times", "print", r#"{"texts": ["a", "b"]}"#, "null"),
            fails("gazette/times", "misprint", "{}", "gazette.failing"),
            Step::Restart,
            in_the_end(
                "reader/ann",
                "read",
                r#"[["a of times", "b of times"], ["a of a gazette", "b of a gazette"]]"#,
            ),
            in_the_end("gazette/times", "waiting", "[]"),
            // A handler that fails is tried again, and those behind it wait.
            gives("reader/ann", "fail", r#"{"failing": 1}"#, "null"),
            gives("gazette/times", "print", r#"{"texts": ["c", "d"]}"#, "null"),
            in_the_end(
                "reader/ann",
                "read",
                r#"[["a of times", "b of times", "c of times", "d of times"],
                    ["a of a gazette", "b of a gazette", "c of a gazette", "d of a gazette"]]"#,
            ),
            // Ended, it hears nothing more.
            gives("reader/ann", "cancel", r#"{"gazette": "times"}"#, "true"),
            gives("reader/ann", "cancel", r#"{"gazette": "times"}"#, "false"),
            in_the_end("gazette/times", "readers", "[]"),
            gives("gazette/times", "print", r#"{"texts": ["e"]}"#, "null"),
            gives("gazette/times", "readers", "{}", "[]"),
            // What is kept of it comes first to who asks for all.
            gives("reader/bob", "collect", r#"{"gazette": "times"}"#, "null"),
            in_the_end(
                "reader/bob",
                "read",
                r#"[["before of times", "a of times", "b of times", "c of times", "d of times", "e of times"],
                    ["before of a gazette", "a of a gazette", "b of a gazette", "c of a gazette", "d of a gazette",
                     "e of a gazette"]]"#,
            ),
        ],
    },
    Scenario {
        name: "who may not subscribe is told so once, and who is gone is told nothing",
        steps: &[
            gives(
                "reader/spy",
                "subscribe",
                r#"{"gazette": "secret"}"#,
                "null",
            ),
            in_the_end("reader/spy", "refused", r#"[["forbidden", 1]]"#),
            gives("reader/spy", "gazettes", "{}", "[]"),
            gives("reader/late", "subscribe", r#"{"gazette": "post"}"#, "null"),
            in_the_end("gazette/post", "readers", r#"["reader/late printed"]"#),
            gives("reader/late", "end", "{}", "null"),
            gives("gazette/post", "print", r#"{"texts": ["a"]}"#, "null"),
            in_the_end("gazette/post", "readers", "[]"),
            gives("reader/late", "read", "{}", "[[], []]"),
        ],
    },
    Scenario {
        name: "no caller reaches such a handler, nor what subscribes objects",
        steps: &[
            fails("gazette/herald", "~on.post", "{}", "method_not_found"),
            fails("gazette/herald", "~follow", "{}", "method_not_found"),
            fails("reader/ann", "~hear", "{}", "method_not_found"),
        ],
    },
];
