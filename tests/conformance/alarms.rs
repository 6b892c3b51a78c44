//! The table, continued: alarms, as far as they go off soon. Those that are retried are among the slow ones.

use crate::scenarios::{call, fails, gives};
use crate::steps::{Call, Gives, Scenario, Step};

const fn in_the_end(
    object: &'static str,
    action: &'static str,
    params: &'static str,
    result: &'static str,
) -> Step {
    Step::Eventually(call(object, action, params, Gives::Result(result)))
}

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "of alarms set one after the other the last one counts",
        steps: &[
            gives(
                "clock/last",
                "set",
                r#"{"deeds": [], "millis": [60000, 50, 150]}"#,
                "null",
            ),
            gives("clock/last", "is_set", "{}", "true"),
            in_the_end(
                "clock/last",
                "diary",
                "{}",
                r#"["last Ring: attempt 0, unset, as asked, due"]"#,
            ),
            gives("clock/last", "is_set", "{}", "false"),
            gives("clock/last", "hold", r#"{"millis": 200}"#, "null"),
            gives(
                "clock/last",
                "diary",
                "{}",
                r#"["last Ring: attempt 0, unset, as asked, due", "held", "let go"]"#,
            ),
            gives(
                "clock/moved",
                "set",
                r#"{"deeds": [], "millis": [100]}"#,
                "null",
            ),
            gives(
                "clock/moved",
                "set",
                r#"{"deeds": [], "millis": [60000]}"#,
                "null",
            ),
            gives("clock/moved", "hold", r#"{"millis": 300}"#, "null"),
            gives("clock/moved", "diary", "{}", r#"["held", "let go"]"#),
            gives("clock/moved", "is_set", "{}", "true"),
            gives(
                "clock/moved",
                "set",
                r#"{"deeds": [], "millis": [0]}"#,
                "null",
            ),
            in_the_end(
                "clock/moved",
                "diary",
                "{}",
                r#"["held", "let go", "moved Ring: attempt 0, unset, as asked, due"]"#,
            ),
        ],
    },
    Scenario {
        name: "an alarm that is past goes off at once, one that never comes never",
        steps: &[
            gives("clock/past", "set_at", r#"{"at": 1000}"#, "1000"),
            in_the_end(
                "clock/past",
                "diary",
                "{}",
                r#"["past Ring: attempt 0, unset, as asked, due"]"#,
            ),
            gives("clock/epoch", "set_at", r#"{"at": 0}"#, "0"),
            in_the_end(
                "clock/epoch",
                "diary",
                "{}",
                r#"["epoch Ring: attempt 0, unset, as asked, due"]"#,
            ),
            gives(
                "clock/before",
                "set_at",
                r#"{"at": -9223372036854775808}"#,
                "-9223372036854775808",
            ),
            in_the_end(
                "clock/before",
                "diary",
                "{}",
                r#"["before Ring: attempt 0, unset, as asked, due"]"#,
            ),
            gives(
                "clock/never",
                "set_at",
                r#"{"at": 9223372036854775807}"#,
                "9223372036854775807",
            ),
            gives("clock/never", "hold", r#"{"millis": 20}"#, "null"),
            gives("clock/never", "diary", "{}", r#"["held", "let go"]"#),
            // 13 October 275760 is the last day that JavaScript knows.
            gives(
                "clock/far",
                "set_at",
                r#"{"at": 8640000000000001}"#,
                "8640000000000001",
            ),
            gives("clock/far", "is_set", "{}", "true"),
            Step::Restart,
            gives("clock/never", "is_set", "{}", "true"),
            gives("clock/never", "cancel", "{}", "true"),
            gives("clock/far", "cancel", "{}", "true"),
            gives("clock/far", "diary", "{}", "[]"),
        ],
    },
    Scenario {
        name: "an alarm that is cancelled does not go off",
        steps: &[
            gives("clock/cancelled", "cancel", "{}", "false"),
            gives(
                "clock/cancelled",
                "set",
                r#"{"deeds": [], "millis": [150]}"#,
                "null",
            ),
            gives("clock/cancelled", "cancel", "{}", "true"),
            gives("clock/cancelled", "is_set", "{}", "false"),
            gives("clock/cancelled", "hold", r#"{"millis": 350}"#, "null"),
            gives("clock/cancelled", "diary", "{}", r#"["held", "let go"]"#),
        ],
    },
    Scenario {
        name: "a failed action neither moves nor cancels an alarm",
        steps: &[
            gives(
                "clock/unmoved",
                "set",
                r#"{"deeds": [], "millis": [250]}"#,
                "null",
            ),
            fails(
                "clock/unmoved",
                "change_then_fail",
                r#"{"millis": 60000}"#,
                "clock.told",
            ),
            fails("clock/unmoved", "change_then_fail", "{}", "clock.told"),
            in_the_end(
                "clock/unmoved",
                "diary",
                "{}",
                r#"["unmoved Ring: attempt 0, unset, as asked, due"]"#,
            ),
        ],
    },
    Scenario {
        name: "an alarm set by its own handler goes off again, one run after the other",
        steps: &[
            gives(
                "clock/again",
                "set",
                r#"{"deeds": [{"Again": 0}, {"Again": 0}, "Ring"], "millis": [0]}"#,
                "null",
            ),
            in_the_end(
                "clock/again",
                "diary",
                "{}",
                r#"["again Again(0): attempt 0, unset, as asked, due", "again Again(0): attempt 0, unset, by itself, due",
                    "again Ring: attempt 0, unset, by itself, due"]"#,
            ),
            gives("clock/again", "is_set", "{}", "false"),
            gives(
                "clock/linger",
                "set",
                r#"{"deeds": [{"AgainAndLinger": [50, 250]}, "Ring"], "millis": [0]}"#,
                "null",
            ),
            in_the_end(
                "clock/linger",
                "diary",
                "{}",
                r#"["linger AgainAndLinger(50, 250): attempt 0, unset, as asked, due", "lingered",
                    "linger Ring: attempt 0, unset, by itself, due"]"#,
            ),
        ],
    },
    Scenario {
        name: "an alarm waits for the command that has the object, and commands for it",
        steps: &[
            gives(
                "clock/held",
                "set",
                r#"{"deeds": [{"AgainAndLinger": [60000, 300]}], "millis": [200]}"#,
                "null",
            ),
            Step::Together(&[
                call(
                    "clock/held",
                    "hold",
                    r#"{"millis": 500}"#,
                    Gives::Result("null"),
                ),
                Call {
                    after: 650,
                    ..call(
                        "clock/held",
                        "diary",
                        "{}",
                        Gives::Result(
                            r#"["held", "let go", "held AgainAndLinger(60000, 300): attempt 0, unset, as asked, due", "lingered"]"#,
                        ),
                    )
                },
            ]),
            gives("clock/held", "cancel", "{}", "true"),
        ],
    },
    Scenario {
        name: "a mixin has an alarm of its own",
        steps: &[
            gives("clock/two", "chime.chime_in", r#"{"millis": 50}"#, "null"),
            gives(
                "clock/two",
                "set",
                r#"{"deeds": [], "millis": [60000]}"#,
                "null",
            ),
            in_the_end("clock/two", "chime.chimed", "{}", "1"),
            gives("clock/two", "is_set", "{}", "true"),
            gives(
                "clock/two",
                "chime.chime_in",
                r#"{"millis": 60000}"#,
                "null",
            ),
            gives(
                "clock/two",
                "set",
                r#"{"deeds": [], "millis": [0]}"#,
                "null",
            ),
            in_the_end(
                "clock/two",
                "diary",
                "{}",
                r#"["two Ring: attempt 0, unset, as asked, due"]"#,
            ),
            gives("clock/two", "chime.chimed", "{}", "1"),
        ],
    },
];
