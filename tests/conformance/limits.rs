//! The table, continued: how much is kept, and what an object sees of its environment.

use crate::scenarios::{fails, gives, same};
use crate::steps::{Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "keys of 2,048 bytes, what the collection adds to them included",
        steps: &[
            gives("chest/keys", "fill_key", r#"{"length": 2039}"#, "1"),
            fails(
                "chest/keys",
                "fill_key",
                r#"{"length": 2040}"#,
                "state.unstorable",
            ),
            same("chest/keys", "fill_key", r#"{"length": 2040}"#),
            same("chest/keys", "fill_key", r#"{"length": 100000}"#),
            gives("chest/keys", "fill_key", r#"{"length": 0}"#, "2"),
            Step::Restart,
            gives("chest/keys", "lengths", "{}", "[[0, 1], [2039, 1]]"),
        ],
    },
    Scenario {
        name: "of several values one of which is too large none is kept",
        steps: &[
            gives("chest/all", "fill_all", r#"{"lengths": [10, 20]}"#, "2"),
            fails(
                "chest/all",
                "fill_all",
                r#"{"lengths": [1, 1, 1, 2000001]}"#,
                "state.unstorable",
            ),
            gives("chest/all", "lengths", "{}", "[[6, 10], [6, 20]]"),
            gives(
                "chest/all",
                "fill_all",
                r#"{"lengths": [1999998, 1999998, 1999998]}"#,
                "3",
            ),
            Step::Restart,
            gives(
                "chest/all",
                "lengths",
                "{}",
                "[[6, 1999998], [6, 1999998], [6, 1999998]]",
            ),
        ],
    },
    Scenario {
        name: "plain fields of 64 KiB",
        steps: &[
            gives("chest/plain", "fill_plain", r#"{"bytes": 65534}"#, "65534"),
            fails(
                "chest/plain",
                "fill_plain",
                r#"{"bytes": 65535}"#,
                "state.unstorable",
            ),
            same("chest/plain", "fill_plain", r#"{"bytes": 65535}"#),
            gives("chest/plain", "plain", "{}", "65534"),
            Step::Restart,
            gives("chest/plain", "plain", "{}", "65534"),
        ],
    },
    Scenario {
        name: "thousands of records in one commit, and away with them",
        steps: &[
            gives("chest/many", "crowd", r#"{"count": 5000}"#, "5000"),
            Step::Restart,
            gives("chest/many", "crowd", r#"{"count": 1}"#, "5000"),
            gives("chest/many", "crowd", r#"{"count": 0}"#, "0"),
            Step::Restart,
            gives("chest/many", "lengths", "{}", "[]"),
            gives("chest/many", "crowd", r#"{"count": 2}"#, "2"),
        ],
    },
    Scenario {
        name: "answers of 2,000,000 bytes",
        steps: &[
            same("chest/answers", "answer", r#"{"bytes": 1999998}"#),
            same("chest/answers", "answer", r#"{"bytes": 1999999}"#),
        ],
    },
    Scenario {
        name: "the environment",
        steps: &[
            gives(
                "chest/env",
                "variable",
                r#"{"name": "CONFORMANCE_TEXT"}"#,
                r#""\"quoted\", é, \\ and\na line""#,
            ),
            gives(
                "chest/env",
                "variable",
                r#"{"name": "CONFORMANCE_NUMBER"}"#,
                r#""42""#,
            ),
            gives(
                "chest/env",
                "variable",
                r#"{"name": "CONFORMANCE_MISSING"}"#,
                "null",
            ),
            gives("chest/env", "variable", r#"{"name": ""}"#, "null"),
            gives("chest/env", "variable", r#"{"name": "__proto__"}"#, "null"),
            gives("chest/env", "variable", r#"{"name": "toString"}"#, "null"),
            // A binding to the objects themselves is no variable.
            gives("chest/env", "variable", r#"{"name": "CHEST"}"#, "null"),
            same("chest/env", "settings", "{}"),
        ],
    },
    Scenario {
        name: "parameters that may be left out",
        steps: &[
            gives("chest/options", "options", "{}", "[null, 7, null]"),
            gives("chest/options", "options", "[]", "[null, 7, null]"),
            gives("chest/options", "options", "[1]", "[1, 7, null]"),
            gives(
                "chest/options",
                "options",
                r#"{"third": "x"}"#,
                r#"[null, 7, "x"]"#,
            ),
            gives(
                "chest/options",
                "options",
                r#"{"first": null, "third": null}"#,
                "[null, 7, null]",
            ),
            same("chest/options", "options", "[1, null]"),
            same("chest/options", "options", r#"[1, 2, "x", 4]"#),
            same(
                "chest/options",
                "options",
                r#"{"first": -1, "second": 4294967296, "third": 3}"#,
            ),
            same("chest/options", "nothing", "{}"),
            same("chest/options", "nothing", "[]"),
            same("chest/options", "nothing", "[1]"),
            same("chest/options", "echo", "[]"),
        ],
    },
];
