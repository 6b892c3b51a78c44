//! The table, continued: what takes as long as the platform's clock says. These scenarios are played side by side,
//! while everything else runs.

use crate::scenarios::{call, fails, gives};
use crate::sockets::{SLEEPERS, hear, hear_something, open, say};
use crate::steps::{Gives, Scenario, Step};

const fn within(
    seconds: u64,
    object: &'static str,
    action: &'static str,
    result: &'static str,
) -> Step {
    Step::Within(seconds, call(object, action, "{}", Gives::Result(result)))
}

pub(crate) const ALL: &[Scenario] = &[
    SLEEPERS,
    Scenario {
        name: "who does nothing is told idle while the object sleeps, and no more when they do something",
        steps: &[
            open("ann", "den/d"),
            open("ben", "den/d"),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["presence.changed"]}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","result":{"events":["presence.changed"]},"id":1}"#,
            ),
            gives("den/d", "is_watched", "{}", "false"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":2,"method":"presence.enter","params":["ann"]}"#,
            ),
            hear_something("ann"),
            say("ann", r#"{"jsonrpc":"2.0","id":3,"method":"say"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":[1,1],"id":3}"#),
            gives("den/d", "is_watched", "{}", "true"),
            Step::Wait(10),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"presence.changed","data":{"member":{"name":"developer","metadata":null,"since":0,"connections":1,"typing":false,"idle":true}}}}"#,
            ),
            gives("den/d", "is_watched", "{}", "false"),
            say("ann", r#"{"jsonrpc":"2.0","id":4,"method":"say"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":[2,1],"id":4}"#),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"presence.changed","data":{"member":{"name":"developer","metadata":null,"since":0,"connections":1,"typing":false,"idle":false}}}}"#,
            ),
            gives("den/d", "is_watched", "{}", "true"),
            Step::Vanish { who: "ann" },
            within(5, "den/d", "is_watched", "false"),
        ],
    },
    Scenario {
        name: "an alarm that fails is tried again, and keeps nothing of a failed run",
        steps: &[
            gives(
                "clock/retried",
                "set",
                r#"{"deeds": ["Fail", {"AgainThenFail": 60000}, "CancelThenFail", "Ring"], "millis": [0]}"#,
                "null",
            ),
            within(
                30,
                "tally/witness-retried",
                "notes",
                r#"["retried Fail: attempt 0, unset, as asked, due", "retried AgainThenFail(60000): attempt 1, unset, as asked, due",
                    "retried CancelThenFail: attempt 2, unset, as asked, due", "retried Ring: attempt 3, unset, as asked, due"]"#,
            ),
            within(
                1,
                "clock/retried",
                "diary",
                r#"["retried Ring: attempt 3, unset, as asked, due"]"#,
            ),
            gives("clock/retried", "is_set", "{}", "false"),
        ],
    },
    Scenario {
        name: "an alarm that panics is tried again",
        steps: &[
            gives(
                "clock/broken",
                "set",
                r#"{"deeds": ["Panic", {"Again": 0}, "Ring"], "millis": [0]}"#,
                "null",
            ),
            within(
                10,
                "clock/broken",
                "diary",
                r#"["broken Again(0): attempt 1, unset, as asked, due", "broken Ring: attempt 0, unset, by itself, due"]"#,
            ),
            gives(
                "tally/witness-broken",
                "notes",
                "{}",
                r#"["broken Panic: attempt 0, unset, as asked, due", "broken Again(0): attempt 1, unset, as asked, due",
                    "broken Ring: attempt 0, unset, by itself, due"]"#,
            ),
        ],
    },
    Scenario {
        name: "between retries an alarm is set, and may be cancelled or set anew",
        steps: &[
            gives(
                "clock/between",
                "set",
                r#"{"deeds": ["Fail"], "millis": [0]}"#,
                "null",
            ),
            within(
                5,
                "tally/witness-between",
                "notes",
                r#"["between Fail: attempt 0, unset, as asked, due"]"#,
            ),
            gives("clock/between", "cancel", "{}", "true"),
            Step::Wait(4),
            gives("clock/between", "diary", "{}", "[]"),
            gives(
                "clock/anew",
                "set",
                r#"{"deeds": ["Fail"], "millis": [0]}"#,
                "null",
            ),
            within(
                5,
                "tally/witness-anew",
                "notes",
                r#"["anew Fail: attempt 0, unset, as asked, due"]"#,
            ),
            gives(
                "clock/anew",
                "set",
                r#"{"deeds": [], "millis": [100]}"#,
                "null",
            ),
            within(
                5,
                "clock/anew",
                "diary",
                r#"["anew Ring: attempt 0, unset, as asked, due"]"#,
            ),
            Step::Wait(4),
            gives(
                "clock/anew",
                "diary",
                "{}",
                r#"["anew Ring: attempt 0, unset, as asked, due"]"#,
            ),
        ],
    },
    Scenario {
        name: "an alarm that fails seven times is given up, and can be set anew",
        steps: &[
            gives(
                "clock/dead",
                "set",
                r#"{"deeds": ["Fail", "Fail", "Fail", "Fail", "Fail", "Fail", "Fail", "Ring"], "millis": [0]}"#,
                "null",
            ),
            // 126 s of pauses, and up to a quarter more of each.
            within(
                170,
                "tally/witness-dead",
                "notes",
                r#"["dead Fail: attempt 0, unset, as asked, due", "dead Fail: attempt 1, unset, as asked, due",
                    "dead Fail: attempt 2, unset, as asked, due", "dead Fail: attempt 3, unset, as asked, due",
                    "dead Fail: attempt 4, unset, as asked, due", "dead Fail: attempt 5, unset, as asked, due",
                    "dead Fail: attempt 6, unset, as asked, due"]"#,
            ),
            within(1, "clock/dead", "is_set", "false"),
            gives("clock/dead", "diary", "{}", "[]"),
            gives(
                "clock/dead",
                "set",
                r#"{"deeds": [], "millis": [0]}"#,
                "null",
            ),
            within(
                5,
                "clock/dead",
                "diary",
                r#"["dead Ring: attempt 0, unset, as asked, due"]"#,
            ),
        ],
    },
    Scenario {
        name: "an alarm wakes an object that sleeps, under its name",
        steps: &[
            gives("clock/sleeper", "awake", "{}", "1"),
            gives(
                "clock/sleeper",
                "set",
                r#"{"deeds": [], "millis": [14000]}"#,
                "null",
            ),
            Step::Wait(14),
            within(
                10,
                "clock/sleeper",
                "diary",
                r#"["sleeper Ring: attempt 0, unset, as asked, due"]"#,
            ),
            gives("clock/sleeper", "awake", "{}", "1"),
        ],
    },
    Scenario {
        name: "a command that does not end in time keeps nothing",
        steps: &[
            gives("caller/late", "calls", "{}", "0"),
            fails(
                "caller/late",
                "wait_for",
                r#"{"to": "late", "millis": 27000}"#,
                "timeout",
            ),
            gives("caller/late", "calls", "{}", "0"),
            gives("tally/late", "value", "{}", "0"),
        ],
    },
];
