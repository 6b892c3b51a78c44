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
];
