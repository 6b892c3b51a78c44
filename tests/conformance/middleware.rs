//! The table, continued: what runs around calls.

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "middleware replaces parameters, answers and refuses",
        steps: &[
            gives(
                "gatehouse/words",
                "knock",
                r#"{"word":"swordfish"}"#,
                r#""open sesame""#,
            ),
            gives(
                "gatehouse/words",
                "knock",
                r#"{"word":"wait"}"#,
                r#""wait""#,
            ),
            gives(
                "gatehouse/words",
                "knock",
                r#"{"word":"sneak"}"#,
                r#""by the window""#,
            ),
            fails(
                "gatehouse/words",
                "knock",
                r#"{"word":"hm"}"#,
                "gatehouse.word",
            ),
            same("gatehouse/words", "knock", r#"{"wrod":"unchecked"}"#),
            gives(
                "gatehouse/words",
                "words",
                "{}",
                r#"["open sesame", "wait"]"#,
            ),
            gives(
                "gatehouse/words",
                "log",
                "{}",
                r#"[["knock", "ok"], ["knock", "ok"], ["knock", "ok"], ["knock", "gatehouse.word"], ["knock", "gatehouse.word"], ["words", "ok"]]"#,
            ),
        ],
    },
    Scenario {
        name: "so many calls a minute, and when the next is welcome",
        steps: &[
            gives("gatehouse/rings", "ring", "{}", "1"),
            gives("gatehouse/rings", "ring", "{}", "2"),
            gives("gatehouse/rings", "ring", "{}", "3"),
            // How long it is until the next differs by a few milliseconds.
            Step::Call(call(
                "gatehouse/rings",
                "ring",
                "{}",
                Gives::EitherOr("4", "rate_limited"),
            )),
            gives(
                "gatehouse/rings",
                "log",
                "{}",
                r#"[["ring", "ok"], ["ring", "ok"], ["ring", "ok"], ["ring", "rate_limited"]]"#,
            ),
            gives("gatehouse/others", "ring", "{}", "1"),
            gives(
                "gatehouse/rings",
                "words",
                "{}",
                r#"["ring", "ring", "ring"]"#,
            ),
        ],
    },
    Scenario {
        name: "a timeout of middleware's undoes",
        steps: &[
            fails("gatehouse/late", "dawdle", r#"{"millis": 1000}"#, "timeout"),
            gives("gatehouse/late", "words", "{}", "[]"),
            gives("gatehouse/late", "dawdle", r#"{"millis": 1}"#, "1"),
        ],
    },
    Scenario {
        name: "a cache holds until the object changes",
        steps: &[
            gives("gatehouse/cached", "looks", "{}", "1"),
            gives("gatehouse/cached", "looks", "{}", "1"),
            gives("gatehouse/cached", "ring", "{}", "1"),
            gives("gatehouse/cached", "looks", "{}", "2"),
            gives("gatehouse/cached", "looks", "{}", "2"),
        ],
    },
    Scenario {
        name: "so many new objects an hour, and those that there are go on",
        steps: &[
            gives("burrow/first", "depth", "{}", "0"),
            gives("burrow/first", "dig", "{}", "1"),
            gives("burrow/second", "dig", "{}", "1"),
            // What fails is an attempt all the same.
            fails("burrow/third", "collapse", "{}", "burrow.wet"),
            Step::Call(call(
                "burrow/fourth",
                "dig",
                "{}",
                Gives::EitherOr("never", "rate_limited"),
            )),
            gives("burrow/fourth", "depth", "{}", "0"),
            gives("burrow/first", "dig", "{}", "2"),
            // Objects are free to make others.
            gives("burrow/first", "tunnel", r#"{"to": "fifth"}"#, "1"),
            gives("burrow/fifth", "depth", "{}", "1"),
        ],
    },
    Scenario {
        name: "so many calls a day, counted on disk",
        steps: &[
            gives("burrow/resting", "rest", "{}", "0"),
            gives(
                "burrow/resting",
                "quotas.used",
                r#"{"quota": "rests"}"#,
                "0",
            ),
            gives("burrow/first", "tunnel", r#"{"to": "resting"}"#, "1"),
            gives("burrow/resting", "rest", "{}", "1"),
            gives("burrow/resting", "rest", "{}", "1"),
            // How long it is until midnight differs.
            Step::Call(call(
                "burrow/resting",
                "rest",
                "{}",
                Gives::EitherOr("never", "rate_limited"),
            )),
            gives("burrow/resting", "depth", "{}", "1"),
            Step::Restart,
            Step::Call(call(
                "burrow/resting",
                "rest",
                "{}",
                Gives::EitherOr("never", "rate_limited"),
            )),
            gives(
                "burrow/resting",
                "quotas.used",
                r#"{"quota": "rests"}"#,
                "2",
            ),
        ],
    },
];
