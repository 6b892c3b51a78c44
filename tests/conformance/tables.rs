//! The table, continued: rows that are found by indexes.

use crate::scenarios::{fails, gives, same};
use crate::steps::{Scenario, Step};

const ADD: &str = r#"{"papers": [
    {"slug": "one", "kind": "note", "title": "Über alles", "size": 5, "score": 0.5, "open": true, "words": ["a"]},
    {"slug": null, "kind": "note", "title": "a", "size": 9007199254740993, "score": null, "open": true, "words": []},
    {"slug": "é\u0000", "kind": "note", "title": "b\u0000b", "size": -7, "score": -1e300, "open": false, "words": []},
    {"slug": null, "kind": "letter", "title": "a", "size": 5, "score": 2.0, "open": true, "words": []},
    {"slug": "five", "kind": "", "title": "", "size": 5, "score": -0.0, "open": true, "words": []}
]}"#;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "rows are found by their indexes, before and after a restart",
        steps: &[
            gives("archive/find", "add", ADD, "[1, 2, 3, 4, 5]"),
            same("archive/find", "all", "{}"),
            same("archive/find", "by_slug", r#"{"slug": "é\u0000"}"#),
            gives("archive/find", "by_slug", r#"{"slug": "none"}"#, "null"),
            gives(
                "archive/find",
                "titles",
                r#"{"kind": "note", "from": 0}"#,
                r#"[[["Über alles", 5], ["a", 9007199254740993]], {"index": "by_kind_and_size", "equal": 1, "range": true,
                "covering": true, "filters": false, "sorts": false, "at_most_one": false}]"#,
            ),
            gives(
                "archive/find",
                "open",
                "{}",
                r#"["a", "Über alles", "", "a"]"#,
            ),
            gives(
                "archive/find",
                "search",
                r#"{"pattern": "%"}"#,
                r#"["", "a", "a", "Über alles", "b\u0000b"]"#,
            ),
            gives(
                "archive/find",
                "search",
                r#"{"pattern": "_"}"#,
                r#"["a", "a"]"#,
            ),
            gives(
                "archive/find",
                "search",
                r#"{"pattern": "b%", "limit": 1}"#,
                r#"["b\u0000b"]"#,
            ),
            gives(
                "archive/find",
                "sums",
                "{}",
                r#"[5, "9007199254741001", 2.0, -2.5e299]"#,
            ),
            Step::Restart,
            same("archive/find", "all", "{}"),
            gives(
                "archive/find",
                "open",
                "{}",
                r#"["a", "Über alles", "", "a"]"#,
            ),
            gives("archive/find", "close", r#"{"from": 0}"#, "3"),
            gives("archive/find", "open", "{}", r#"["a"]"#),
            gives("archive/find", "drop_kind", r#"{"kind": "note"}"#, "3"),
            gives("archive/find", "by_slug", r#"{"slug": "one"}"#, "null"),
            gives(
                "archive/find",
                "add",
                r#"{"papers": [
                {"slug": "one", "kind": "note", "title": "Über alles", "size": 5, "score": 0.5, "open": true, "words": []}
            ]}"#,
                "[6]",
            ),
        ],
    },
    Scenario {
        name: "a unique index refuses by name, and what is refused leaves nothing",
        steps: &[
            gives("archive/unique", "add", ADD, "[1, 2, 3, 4, 5]"),
            fails("archive/unique", "add", ADD, "table.unique"),
            same("archive/unique", "add", ADD),
            same("archive/unique", "all", "{}"),
            fails(
                "archive/unique",
                "put",
                r#"{"paper": {"id": 5, "slug": "one", "kind": "x", "title": "x", "size": 1, "score": null, "open": true, "words": []}}"#,
                "table.unique",
            ),
            fails(
                "archive/unique",
                "add",
                r#"{"papers": [{"id": 3, "slug": null, "kind": "x", "title": "x", "size": 1, "score": null, "open": true, "words": []}]}"#,
                "table.exists",
            ),
            same(
                "archive/unique",
                "try_each",
                r#"{"papers": [
                {"slug": "six", "kind": "x", "title": "x", "size": 1, "score": null, "open": true, "words": []},
                {"slug": "six", "kind": "x", "title": "y", "size": 1, "score": null, "open": true, "words": []},
                {"slug": "seven", "kind": "x", "title": "x", "size": 1, "score": null, "open": true, "words": []},
                {"slug": null, "kind": "x", "title": "z", "size": 1, "score": null, "open": true, "words": []}
            ]}"#,
            ),
            gives(
                "archive/unique",
                "put",
                r#"{"paper": {"id": 1, "slug": "uno", "kind": "note", "title": "Über alles", "size": 5, "score": null, "open": true, "words": []}}"#,
                "true",
            ),
            gives("archive/unique", "by_slug", r#"{"slug": "one"}"#, "null"),
            same("archive/unique", "by_slug", r#"{"slug": "uno"}"#),
            gives("archive/unique", "clear", "{}", "null"),
            gives("archive/unique", "all", "{}", "[]"),
            gives("archive/unique", "sums", "{}", r#"[0, "0", null, null]"#),
            gives("archive/unique", "add", ADD, "[8, 9, 10, 11, 12]"),
        ],
    },
    Scenario {
        name: "pages of a query go on where the last one ended",
        steps: &[
            gives("archive/pages", "add", ADD, "[1, 2, 3, 4, 5]"),
            same(
                "archive/pages",
                "of_kind",
                r#"{"kind": "note", "limit": 2}"#,
            ),
            gives(
                "archive/pages",
                "of_kind",
                r#"{"kind": "note", "limit": 5}"#,
                r#"{"items": [2, 1, 3], "next": null}"#,
            ),
            gives(
                "archive/pages",
                "of_kind",
                r#"{"kind": "note", "limit": 2, "after": "ODAwMDAwMDAwMDAwMDAwNTAwMDAwMDAwMDAwMDAwMDE"}"#,
                r#"{"items": [3], "next": null}"#,
            ),
            gives("archive/pages", "resize", r#"{"id": 3, "size": 6}"#, "-7"),
            gives(
                "archive/pages",
                "of_kind",
                r#"{"kind": "note", "limit": 5}"#,
                r#"{"items": [2, 3, 1], "next": null}"#,
            ),
            fails(
                "archive/pages",
                "of_kind",
                r#"{"kind": "note", "limit": 2, "after": "AAAA"}"#,
                "invalid_params",
            ),
        ],
    },
];
