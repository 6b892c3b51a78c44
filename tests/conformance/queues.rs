//! The table, continued: queues and their like.

use crate::scenarios::{fails, gives};
use crate::steps::{Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[Scenario {
    name: "a queue goes by priority, then by age, and what failed was never in it",
    steps: &[
        gives("depot/north", "books", "{}", "[[], null, 0, []]"),
        gives(
            "depot/north",
            "add",
            r#"{"jobs": [[0, "a"], [0, "b"], [9223372036854775807, "c"], [-9223372036854775808, "d"]], "fail": false}"#,
            "[1, 2, 3, 4]",
        ),
        fails(
            "depot/north",
            "add",
            r#"{"jobs": [[1, "x"]], "fail": true}"#,
            "internal",
        ),
        gives(
            "depot/north",
            "take",
            r#"{"count": 3}"#,
            r#"["c", "a", "b"]"#,
        ),
        Step::Restart,
        gives(
            "depot/north",
            "books",
            "{}",
            r#"[[[4, "d"]], [4], 3, ["a", "b"]]"#,
        ),
        gives(
            "depot/north",
            "add",
            r#"{"jobs": [[0, "e"]], "fail": false}"#,
            "[5]",
        ),
        gives("depot/north", "take", r#"{"count": 9}"#, r#"["e", "d"]"#),
        gives(
            "depot/north",
            "books",
            "{}",
            r#"[[], [4, 2], 5, ["e", "d"]]"#,
        ),
    ],
}];
