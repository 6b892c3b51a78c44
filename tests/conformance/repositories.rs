//! The table, continued: repositories over SQL and over records, which answer alike.

use crate::scenarios::{fails, gives, same};
use crate::steps::{Scenario, Step};

const ANN: &str = r#"{"user": {"id": "ann", "email": "a@x", "name": "Ann", "city": "Rome", "age": 30, "score": 1.5, "tags": ["a", "b"],
    "number": 9007199254740993, "joined": 3, "version": 0, "draft": false}}"#;
const ANN_1: &str = r#"{"user": {"id": "ann", "email": "a@x", "name": "Anna", "city": "Rome", "age": null, "score": 1.5, "tags": [],
    "number": 9007199254740993, "joined": 3, "version": 0, "draft": false}}"#;
const ANN_2: &str = r#"{"id": "ann", "email": "a@x", "name": "Anna", "city": "Rome", "age": null, "score": 1.5, "tags": [],
    "number": 9007199254740993, "joined": 3, "version": 1, "draft": false}"#;
const BOB_LIKE_ANN: &str = r#"{"user": {"id": "bob", "email": "a@x", "name": "Bob", "city": "Rome", "age": 1, "score": 2.5, "tags": [],
    "number": 1, "joined": 3, "version": 0, "draft": false}}"#;
const MANY: &str = r#"{"users": [
    {"id": "e", "email": "e", "name": "eve",   "city": "",     "age": -3,   "score": 0.5,  "tags": [], "number": 0, "joined": 0, "version": 0, "draft": false},
    {"id": "d", "email": "d", "name": "Dée*[x", "city": "Oslo", "age": 40,   "score": 1e300, "tags": [], "number": 1, "joined": 1, "version": 0, "draft": false},
    {"id": "a", "email": "a", "name": "Ann",   "city": "Rome", "age": 30,   "score": 2.0,  "tags": [], "number": 2, "joined": 2, "version": 0, "draft": false},
    {"id": "b", "email": "b", "name": "ann_",  "city": "Rome", "age": null, "score": -1.5, "tags": [], "number": 3, "joined": 3, "version": 0, "draft": false},
    {"id": "c", "email": "c", "name": "Anton", "city": "Oslo", "age": 30,   "score": 0.25, "tags": [], "number": 4, "joined": 4, "version": 0, "draft": false}
]}"#;
const TWICE: &str = r#"{"users": [
    {"id": "x", "email": "x", "name": "x", "city": "", "age": 1, "score": 1.0, "tags": [], "number": 0, "joined": 0, "version": 0, "draft": false},
    {"id": "y", "email": "x", "name": "y", "city": "", "age": 1, "score": 1.0, "tags": [], "number": 0, "joined": 0, "version": 0, "draft": false}
]}"#;

/// By key: added, changed, removed; with versions, and what is unique.
const fn by_key(shop: &'static str, exists: &'static str, unique: &'static str) -> [Step; 31] {
    [
        gives(shop, "get", r#"{"id": "ann"}"#, "null"),
        same(shop, "insert", ANN),
        same(shop, "get", r#"{"id": "ann"}"#),
        fails(shop, "insert", ANN, exists),
        fails(shop, "insert", BOB_LIKE_ANN, unique),
        same(shop, "insert", BOB_LIKE_ANN),
        gives(shop, "exists", r#"{"id": "bob"}"#, "false"),
        gives(shop, "exists", r#"{"id": "ann"}"#, "true"),
        // The stored one has the same version: it gets the next.
        gives(shop, "update", ANN_1, ANN_2),
        gives(shop, "get", r#"{"id": "ann"}"#, ANN_2),
        // Who has the version before knows nothing of it.
        fails(shop, "update", ANN_1, "repository.conflict"),
        fails(shop, "save", ANN_1, "repository.conflict"),
        gives(shop, "get", r#"{"id": "ann"}"#, ANN_2),
        fails(shop, "update", BOB_LIKE_ANN, "repository.not_found"),
        fails(shop, "save", BOB_LIKE_ANN, unique),
        gives(shop, "by_email", r#"{"email": "a@x"}"#, ANN_2),
        gives(shop, "by_email", r#"{"email": "nobody"}"#, "null"),
        fails(shop, "save_many", TWICE, unique),
        gives(shop, "exists", r#"{"id": "x"}"#, "false"),
        // Of what failed alone nothing is left, either.
        same(shop, "try_save_many", TWICE),
        gives(shop, "exists", r#"{"id": "x"}"#, "false"),
        gives(shop, "save_many", MANY, "5"),
        same(
            shop,
            "get_many",
            r#"{"ids": ["c", "a", "nobody", "c", "b"]}"#,
        ),
        Step::Restart,
        same(
            shop,
            "get_many",
            r#"{"ids": ["c", "a", "nobody", "c", "b"]}"#,
        ),
        gives(shop, "get_many", r#"{"ids": []}"#, "[]"),
        gives(shop, "delete", r#"{"id": "ann"}"#, "true"),
        gives(shop, "delete", r#"{"id": "ann"}"#, "false"),
        gives(
            shop,
            "delete_many",
            r#"{"ids": ["a", "b", "nobody", "a"]}"#,
            "2",
        ),
        gives(shop, "delete_many", r#"{"ids": []}"#, "0"),
        gives(shop, "get_many", r#"{"ids": ["a", "b", "ann"]}"#, "[]"),
    ]
}

const fn find(shop: &'static str, wanted: &'static str, found: &'static str) -> Step {
    gives(shop, "find", wanted, found)
}

/// By filters, in orders, by pages.
#[expect(clippy::too_many_lines, reason = "one story")]
const fn by_filter(shop: &'static str) -> [Step; 35] {
    [
        gives(shop, "save_many", MANY, "5"),
        find(
            shop,
            r#"{"wanted": {}}"#,
            r#"[["a", "b", "c", "d", "e"], 5, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"limit": 2}}"#,
            r#"[["a", "b"], 2, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"limit": 2, "offset": 3}}"#,
            r#"[["d", "e"], 2, "d"]"#,
        ),
        find(shop, r#"{"wanted": {"offset": 4}}"#, r#"[["e"], 1, "e"]"#),
        find(shop, r#"{"wanted": {"limit": 0}}"#, r#"[[], 0, "a"]"#),
        find(
            shop,
            r#"{"wanted": {"city": "Rome"}}"#,
            r#"[["a", "b"], 2, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"not_city": "Rome"}}"#,
            r#"[["c", "d", "e"], 3, "c"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"cities": ["Rome", ""]}}"#,
            r#"[["a", "b", "e"], 3, "a"]"#,
        ),
        find(shop, r#"{"wanted": {"cities": []}}"#, r"[[], 0, null]"),
        find(
            shop,
            r#"{"wanted": {"cities": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15",
                "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "Oslo", "\"'"]}}"#,
            r#"[["c", "d"], 2, "c"]"#,
        ),
        // `None` is not 30, and neither more nor less than anything.
        find(
            shop,
            r#"{"wanted": {"not_age": 30}}"#,
            r#"[["b", "d", "e"], 3, "b"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"from": 30}}"#,
            r#"[["a", "c", "d"], 3, "a"]"#,
        ),
        find(shop, r#"{"wanted": {"below": 30}}"#, r#"[["e"], 1, "e"]"#),
        find(
            shop,
            r#"{"wanted": {"from": -3, "below": 31}}"#,
            r#"[["a", "c", "e"], 3, "a"]"#,
        ),
        find(shop, r#"{"wanted": {"aged": false}}"#, r#"[["b"], 1, "b"]"#),
        find(
            shop,
            r#"{"wanted": {"aged": true}}"#,
            r#"[["a", "c", "d", "e"], 4, "a"]"#,
        ),
        // Upper and lower case differ, and what means something to SQLite means nothing here.
        find(
            shop,
            r#"{"wanted": {"like": "Ann%"}}"#,
            r#"[["a"], 1, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"like": "%n_"}}"#,
            r#"[["a", "b"], 2, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"like": "ann\\_"}}"#,
            r#"[["b"], 1, "b"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"like": "D_e*[x"}}"#,
            r#"[["d"], 1, "d"]"#,
        ),
        find(shop, r#"{"wanted": {"like": "*"}}"#, r"[[], 0, null]"),
        find(
            shop,
            r#"{"wanted": {"starts": "An"}}"#,
            r#"[["a", "c"], 2, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"starts": ""}}"#,
            r#"[["a", "b", "c", "d", "e"], 5, "a"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"oldest": true}}"#,
            r#"[["d", "c", "a", "e", "b"], 5, "d"]"#,
        ),
        find(
            shop,
            r#"{"wanted": {"city": "x' OR '1'='1"}}"#,
            r"[[], 0, null]",
        ),
        gives(
            shop,
            "by_city_and_age",
            r#"{"city": "Rome", "age": null}"#,
            r#"["b"]"#,
        ),
        gives(
            shop,
            "by_city_and_age",
            r#"{"city": "Oslo", "age": 30}"#,
            r#"["c"]"#,
        ),
        gives(
            shop,
            "ages",
            r#"{"city": "Rome"}"#,
            r#"{"names": [["Ann", 30], ["ann_", null]], "sum": "30", "average": 0.25, "youngest": 30, "best": 2.0}"#,
        ),
        gives(
            shop,
            "ages",
            r#"{"city": "Paris"}"#,
            r#"{"names": [], "sum": "0", "average": null, "youngest": null, "best": null}"#,
        ),
        // A walk by pages, in an order with a `None` in it.
        gives(
            shop,
            "page",
            r#"{"wanted": {"oldest": true, "limit": 2}, "after": null}"#,
            r#"{"items": ["d", "c"], "next": "MTgwMDAwMDAwMDAwMDAwMWVjAA"}"#,
        ),
        gives(
            shop,
            "page",
            r#"{"wanted": {"oldest": true, "limit": 2}, "after": "MTgwMDAwMDAwMDAwMDAwMWVjAA"}"#,
            r#"{"items": ["a", "e"], "next": "MTdmZmZmZmZmZmZmZmZmZmRlAA"}"#,
        ),
        gives(
            shop,
            "page",
            r#"{"wanted": {"oldest": true, "limit": 2}, "after": "MTdmZmZmZmZmZmZmZmZmZmRlAA"}"#,
            r#"{"items": ["b"], "next": null}"#,
        ),
        // The place of a `None`: nothing comes behind it but keys.
        gives(
            shop,
            "page",
            r#"{"wanted": {"oldest": true, "limit": 9}, "after": "MGMA"}"#,
            r#"{"items": ["b"], "next": null}"#,
        ),
        fails(
            shop,
            "page",
            r#"{"wanted": {"oldest": true}, "after": "YQ"}"#,
            "invalid_params",
        ),
    ]
}

const TEA: &str = r#"{"product": {"id": "tea", "stock": 5, "version": 0}}"#;
const MILK: &str = r#"{"product": {"id": "milk", "stock": 1, "version": 0}}"#;
const STOCK: &str = r#"{"ids": ["tea", "milk"]}"#;
const ORDER: &str = r#"{"order": "o1", "user": {"id": "ann", "email": "a@x", "name": "Ann", "city": "Rome", "age": 30, "score": 1.5,
    "tags": [], "number": 1, "joined": 3, "version": 0, "draft": false},
    "lines": [{"product": "tea", "count": 2}, {"product": "tea", "count": 1}, {"product": "milk", "count": 1}]}"#;
const SAME_EMAIL: &str = r#"{"order": "o2", "user": {"id": "bob", "email": "a@x", "name": "Bob", "city": "Rome", "age": 30, "score": 1.5,
    "tags": [], "number": 1, "joined": 3, "version": 0, "draft": false}, "lines": [{"product": "tea", "count": 1}]}"#;
const TOO_MUCH: &str = r#"{"order": "o3", "user": {"id": "cid", "email": "c@x", "name": "Cid", "city": "Rome", "age": 30, "score": 1.5,
    "tags": [], "number": 1, "joined": 3, "version": 0, "draft": false},
    "lines": [{"product": "tea", "count": 1}, {"product": "tea", "count": 2}]}"#;

/// An order with its lines out of the stock, for a user whose address is unique: all of it, or none.
const fn placed(shop: &'static str, unique: &'static str, tried: &'static str) -> [Step; 14] {
    [
        same(shop, "fill", TEA),
        same(shop, "fill", MILK),
        gives(shop, "place", ORDER, "4"),
        // Two lines of one product are one change of it.
        gives(shop, "stock", STOCK, "[[0, 1], [2, 1]]"),
        same(shop, "orders", "{}"),
        fails(shop, "place", SAME_EMAIL, unique),
        gives(shop, "stock", STOCK, "[[0, 1], [2, 1]]"),
        fails(shop, "place", TOO_MUCH, "internal"),
        gives(shop, "stock", STOCK, "[[0, 1], [2, 1]]"),
        // The commit fails alone, and the action goes on.
        gives(shop, "try_place", SAME_EMAIL_AGAIN, tried),
        gives(shop, "stock", STOCK, "[[0, 1], [2, 1]]"),
        gives(
            shop,
            "sees",
            r#"{"id": "tea"}"#,
            "[2, 12, null, 1, 12, 12, 2]",
        ),
        Step::Restart,
        gives(shop, "stock", STOCK, "[[0, 1], [12, 2]]"),
    ]
}

const SAME_EMAIL_AGAIN: &str = r#"{"user": {"id": "bob", "email": "a@x", "name": "Bob", "city": "Rome", "age": 30, "score": 1.5,
    "tags": [], "number": 1, "joined": 3, "version": 0, "draft": false}, "lines": [{"product": "tea", "count": 1}]}"#;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "rows by their keys",
        steps: &by_key("market/key", "sql.unique", "sql.unique"),
    },
    Scenario {
        name: "records by their keys",
        steps: &by_key("bazaar/key", "table.exists", "table.unique"),
    },
    Scenario {
        name: "rows by filters",
        steps: &by_filter("market/filter"),
    },
    Scenario {
        name: "records by filters",
        steps: &by_filter("bazaar/filter"),
    },
    Scenario {
        name: "an order over SQL",
        steps: &placed(
            "market/order",
            "sql.unique",
            r#""sql.unique, 2 waiting, 0 after""#,
        ),
    },
    Scenario {
        name: "an order over records",
        steps: &placed(
            "bazaar/order",
            "table.unique",
            r#""table.unique, 2 waiting, 0 after""#,
        ),
    },
    Scenario {
        name: "what only rows have",
        steps: &[
            gives(
                "market/own",
                "note",
                r#"{"whats": ["one", "two"]}"#,
                r#"[{"id": 1, "what": "one"}, {"id": 2, "what": "two"}]"#,
            ),
            gives("market/own", "walk", r#"{"count": 250}"#, "[252, 0, 0]"),
            gives("market/own", "within", "{}", r#""sql.refused""#),
            gives("market/own", "raw", r#"{"start": "o*"}"#, r#"["one"]"#),
            same("market/own", "nowhere", "{}"),
            same("market/own", "save_many", MANY),
            same(
                "market/own",
                "spoil",
                r#"{"sql": "UPDATE customers SET joined = 'never' WHERE id = 'a'"}"#,
            ),
            same(
                "market/own",
                "spoil",
                r#"{"sql": "UPDATE customers SET joined = 'day 1', tags = 'x' WHERE id = 'a'"}"#,
            ),
            same(
                "market/own",
                "spoil",
                r#"{"sql": "ALTER TABLE customers DROP COLUMN score"}"#,
            ),
        ],
    },
];
