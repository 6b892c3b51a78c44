//! The table, continued: parts of actions that fail alone, and records without a field.

use crate::scenarios::gives;
use crate::steps::{Scenario, Step};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "what a failed attempt did is undone, and nothing else",
        steps: &[
            gives(
                "shop/tea",
                "fill",
                r#"{"stock": [["tea", 2], ["milk", 0]]}"#,
                "null",
            ),
            gives(
                "shop/tea",
                "sell",
                r#"{"list": ["tea", "milk", "tea", "tea", "rum"]}"#,
                r#"["milk", "tea", "rum"]"#,
            ),
            gives("shop/tea", "books", "{}", r#"[2, [1, 0], ["tea", "tea"]]"#),
            gives(
                "shop/tea",
                "stock",
                r#"{"prefix": ""}"#,
                r#"[["milk", 0], ["tea", 0]]"#,
            ),
            Step::Restart,
            gives("shop/tea", "books", "{}", r#"[2, [1, 0], ["tea", "tea"]]"#),
            gives("shop/tea", "stock", r#"{"prefix": "t"}"#, r#"[["tea", 0]]"#),
        ],
    },
    Scenario {
        name: "bare records are in the order of their bytes, whatever is in their keys",
        steps: &[
            gives(
                "shop/keys",
                "fill",
                r#"{"stock": [["", 1], ["a/b", 2], ["a", 3], ["é", 4], ["😀", 5], ["\uffff", 6], ["a\u0000", 7], ["A", 8]]}"#,
                "null",
            ),
            gives(
                "shop/keys",
                "stock",
                r#"{"prefix": ""}"#,
                r#"[["", 1], ["A", 8], ["a", 3], ["a\u0000", 7], ["a/b", 2], ["é", 4], ["\uffff", 6], ["😀", 5]]"#,
            ),
            gives(
                "shop/keys",
                "stock",
                r#"{"prefix": "a", "reverse": true}"#,
                r#"[["a/b", 2], ["a\u0000", 7], ["a", 3]]"#,
            ),
            gives("shop/keys", "clear", r#"{"prefix": "a"}"#, "3"),
            gives("shop/keys", "clear", r#"{"prefix": ""}"#, "5"),
            gives("shop/keys", "stock", r#"{"prefix": ""}"#, "[]"),
        ],
    },
];
