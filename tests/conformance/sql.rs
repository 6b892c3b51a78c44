//! The table, continued: objects with SQL.

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

const NOTHING: &str =
    r#"{"accounts": [], "audit": [], "opened": 0, "names": [], "alarm": false, "rings": 0}"#;
const ANN: &str = r#"{"accounts": [{"name": "ann", "cents": 5}], "audit": ["ann"], "opened": 1, "names": ["ann", "audited ann"],
    "alarm": true, "rings": 0}"#;

/// A statement in a command, and what comes of it.
const fn run(object: &'static str, params: &'static str, result: &'static str) -> Step {
    gives(object, "run", params, result)
}

const fn read(object: &'static str, params: &'static str, result: &'static str) -> Step {
    gives(object, "read", params, result)
}

const fn number(object: &'static str, params: &'static str, result: &'static str) -> Step {
    gives(object, "number", params, result)
}

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "rows and fields are kept together, or neither",
        steps: &[
            gives("ledger/both", "all", "{}", NOTHING),
            fails(
                "ledger/both",
                "spoil",
                r#"{"name": "bob", "how": "error"}"#,
                "internal",
            ),
            gives("ledger/both", "all", "{}", NOTHING),
            gives("ledger/both", "open", r#"{"name": "ann", "cents": 5}"#, "1"),
            gives("ledger/both", "all", "{}", ANN),
            fails(
                "ledger/both",
                "spoil",
                r#"{"name": "bob", "how": "error"}"#,
                "internal",
            ),
            fails(
                "ledger/both",
                "spoil",
                r#"{"name": "bob", "how": "panic"}"#,
                "internal",
            ),
            fails(
                "ledger/both",
                "spoil",
                r#"{"name": "bob", "how": "large"}"#,
                "state.unstorable",
            ),
            fails(
                "ledger/both",
                "open",
                r#"{"name": "ann", "cents": 6}"#,
                "sql.unique",
            ),
            same("ledger/both", "open", r#"{"name": "ann", "cents": 6}"#),
            fails(
                "ledger/both",
                "open",
                r#"{"name": "eve", "cents": -1}"#,
                "sql.check",
            ),
            same("ledger/both", "open", r#"{"name": "eve", "cents": -1}"#),
            gives("ledger/both", "all", "{}", ANN),
            Step::Restart,
            gives("ledger/both", "all", "{}", ANN),
            gives("ledger/both", "later", r#"{"name": "pat"}"#, "101"),
            same("ledger/both", "all", "{}"),
            Step::Restart,
            same("ledger/both", "all", "{}"),
        ],
    },
    Scenario {
        name: "what fails alone takes its rows along",
        steps: &[
            gives(
                "ledger/alone",
                "open",
                r#"{"name": "shy", "cents": 1}"#,
                "1",
            ),
            gives(
                "ledger/alone",
                "open_all",
                r#"{"names": ["ann", "shy", "bob"]}"#,
                r#"["shy"]"#,
            ),
            gives(
                "ledger/alone",
                "all",
                "{}",
                r#"{"accounts": [{"name": "shy", "cents": 1}, {"name": "ann-outer", "cents": 2}, {"name": "ann", "cents": 2},
                    {"name": "bob-outer", "cents": 2}, {"name": "bob", "cents": 2}],
                    "audit": ["ann-outer", "ann", "bob-outer", "bob"], "opened": 5,
                    "names": ["ann", "ann-outer", "audited ann", "audited ann-outer", "audited bob", "audited bob-outer", "bob",
                    "bob-outer", "shy"], "alarm": true, "rings": 0}"#,
            ),
        ],
    },
    Scenario {
        name: "an alarm reaches the tables",
        steps: &[
            gives("ledger/alarm", "ring", "{}", "null"),
            Step::Eventually(call(
                "ledger/alarm",
                "all",
                "{}",
                Gives::Result(
                    r#"{"accounts": [], "audit": ["alarm"], "opened": 0, "names": [], "alarm": false, "rings": 1}"#,
                ),
            )),
        ],
    },
    Scenario {
        name: "statements fail alike",
        steps: &[
            gives(
                "ledger/fails",
                "open",
                r#"{"name": "ann", "cents": 5}"#,
                "1",
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO account(name) VALUES('ann')"]"#,
                r#""sql.unique: account.name""#,
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO account(id, name) VALUES(1, 'x')"]"#,
                r#""sql.unique: account.id""#,
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO entry(account, cents) VALUES(1, 1)"]"#,
                r#""1 rows""#,
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO entry(account, cents) VALUES(1, 1)"]"#,
                r#""sql.unique: entry.account entry.cents""#,
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO account(cents) VALUES(1)"]"#,
                r#""sql.not_null: account.name""#,
            ),
            run(
                "ledger/fails",
                r#"["UPDATE account SET cents = -1"]"#,
                r#""sql.check: solvent""#,
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO entry(account) VALUES(99)"]"#,
                r#""sql.foreign_key""#,
            ),
            run(
                "ledger/fails",
                r#"["DELETE FROM account"]"#,
                r#""sql.foreign_key""#,
            ),
            run(
                "ledger/fails",
                r#"["SELECT nothing FROM nowhere"]"#,
                r#""sql.invalid""#,
            ),
            run("ledger/fails", r#"["SELEKT 1"]"#, r#""sql.invalid""#),
            run("ledger/fails", r#"["SELECT 'unended"]"#, r#""sql.invalid""#),
            run("ledger/fails", r#"[""]"#, r#""sql.invalid""#),
            run("ledger/fails", r#"[" ; -- nothing"]"#, r#""sql.invalid""#),
            run("ledger/fails", r#"["SELECT ?"]"#, r#""sql.parameters""#),
            gives(
                "ledger/fails",
                "run_with",
                r#"["SELECT ?1 + ?1", [1, 2]]"#,
                r#""sql.parameters""#,
            ),
            gives(
                "ledger/fails",
                "run_with",
                r#"["SELECT ?; SELECT ?", [1]]"#,
                r#""sql.invalid""#,
            ),
            run(
                "ledger/fails",
                r#"["CREATE TABLE sqlite_x(y)"]"#,
                r#""sql.invalid""#,
            ),
            run(
                "ledger/fails",
                r#"["UPDATE account SET cents = cents + 1; UPDATE account SET cents = 'x'"]"#,
                r#""1 rows""#,
            ),
            read(
                "ledger/fails",
                r#"["SELECT cents FROM account"]"#,
                r#""[\"x\"]""#,
            ),
            run(
                "ledger/fails",
                r#"["UPDATE account SET cents = 7 WHERE name = 'ann'"]"#,
                r#""1 rows""#,
            ),
            run(
                "ledger/fails",
                r#"["UPDATE account SET cents = 7 WHERE name = 'nobody'"]"#,
                r#""0 rows""#,
            ),
            run("ledger/fails", r#"["CREATE TABLE more(x)"]"#, r#""0 rows""#),
            run(
                "ledger/fails",
                r#"["WITH n(i) AS (VALUES(1), (2)) INSERT INTO more SELECT i FROM n"]"#,
                r#""2 rows""#,
            ),
            run(
                "ledger/fails",
                r#"["WITH n(i) AS (VALUES(1), (2)) SELECT i FROM n"]"#,
                r#""0 rows""#,
            ),
            run(
                "ledger/fails",
                r#"["DELETE FROM more WHERE x > 1"]"#,
                r#""1 rows""#,
            ),
            run(
                "ledger/fails",
                r#"["INSERT INTO more VALUES(8), (9) RETURNING x"]"#,
                r#""2 rows""#,
            ),
        ],
    },
    Scenario {
        name: "what objects may not do is refused alike",
        steps: &[
            run("ledger/refused", r#"["BEGIN"]"#, r#""sql.refused""#),
            run(
                "ledger/refused",
                r#"["/* now */ commit"]"#,
                r#""sql.refused""#,
            ),
            run("ledger/refused", r#"["SAVEPOINT x"]"#, r#""sql.refused""#),
            run(
                "ledger/refused",
                r#"["SELECT 1; ROLLBACK"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["ATTACH 'x' AS y"]"#,
                r#""sql.refused""#,
            ),
            run("ledger/refused", r#"["VACUUM"]"#, r#""sql.refused""#),
            run(
                "ledger/refused",
                r#"["PRAGMA user_version = 3"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["PRAGMA defer_foreign_keys = ON"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["PRAGMA table_info(account)"]"#,
                r#""0 rows""#,
            ),
            run(
                "ledger/refused",
                r#"["CREATE TEMP TABLE x(y)"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["CREATE TABLE _cf_x(y)"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["CREATE TABLE _CF_x(y)"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["SELECT * FROM _cf_KV"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["DELETE FROM _cf_KV"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["SELECT load_extension('x')"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["SELECT sqlite_version()"]"#,
                r#""sql.refused""#,
            ),
            run(
                "ledger/refused",
                r#"["CREATE VIRTUAL TABLE x USING dbstat"]"#,
                r#""sql.refused""#,
            ),
            read(
                "ledger/refused",
                r#"["DELETE FROM account"]"#,
                r#""sql.read_only""#,
            ),
            read(
                "ledger/refused",
                r#"["INSERT INTO audit VALUES('x') RETURNING what"]"#,
                r#""sql.read_only""#,
            ),
            read(
                "ledger/refused",
                r#"["WITH x AS (SELECT 1) DELETE FROM account"]"#,
                r#""sql.read_only""#,
            ),
            read(
                "ledger/refused",
                r#"["CREATE TABLE x(y)"]"#,
                r#""sql.read_only""#,
            ),
            read(
                "ledger/refused",
                r#"["SELECT 1; DELETE FROM account"]"#,
                r#""sql.read_only""#,
            ),
            gives("ledger/refused", "all", "{}", NOTHING),
        ],
    },
    Scenario {
        name: "what objects may do works alike",
        steps: &[
            gives(
                "ledger/works",
                "open",
                r#"{"name": "ann", "cents": 5}"#,
                "1",
            ),
            run(
                "ledger/works",
                r#"["CREATE TRIGGER grow AFTER INSERT ON entry BEGIN UPDATE account SET cents = cents + 1; DELETE FROM audit; END"]"#,
                r#""0 rows""#,
            ),
            run(
                "ledger/works",
                r#"["INSERT INTO entry(account) VALUES(1)"]"#,
                r#""1 rows""#,
            ),
            same("ledger/works", "all", "{}"),
            run(
                "ledger/works",
                r#"["CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES('hello world'), ('good bye')"]"#,
                r#""2 rows""#,
            ),
            read(
                "ledger/works",
                r#"["SELECT word FROM words WHERE words MATCH 'hello'"]"#,
                r#""[\"hello world\"]""#,
            ),
            read(
                "ledger/works",
                r#"["SELECT snippet(words, 0, '<', '>', '..', 3) AS s, rank < 0 AS r FROM words WHERE words MATCH 'bye' ORDER BY rank"]"#,
                r#""[{\"r\":1,\"s\":\"good <bye>\"}]""#,
            ),
            run(
                "ledger/works",
                r#"["CREATE VIRTUAL TABLE place USING rtree(id, west, east); INSERT INTO place VALUES(1, 0, 2), (2, 5, 6)"]"#,
                r#""2 rows""#,
            ),
            read(
                "ledger/works",
                r#"["SELECT id FROM place WHERE west < 1.5 AND east > 1.5"]"#,
                r#""[1]""#,
            ),
            read(
                "ledger/works",
                r#"["SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]') AS j, json_group_array(value) AS g FROM json_each('[3, 4]')"]"#,
                r#""[{\"g\":\"[3,4]\",\"j\":2}]""#,
            ),
            read(
                "ledger/works",
                r#"["SELECT sqrt(2) AS a, pow(2, 3) AS b, log(8, 2) AS c, ln(1) AS d, ceil(1.5) AS e, round(2.567, 1) AS f, pi() > 3 AS g"]"#,
                r#""[{\"a\":1.4142135623730951,\"b\":8,\"c\":0.33333333333333337,\"d\":0,\"e\":2,\"f\":2.6,\"g\":1}]""#,
            ),
            run(
                "ledger/works",
                r#"["ALTER TABLE audit ADD COLUMN more TEXT"]"#,
                r#""0 rows""#,
            ),
            run(
                "ledger/works",
                r#"["ALTER TABLE audit RENAME COLUMN more TO less"]"#,
                r#""0 rows""#,
            ),
            run(
                "ledger/works",
                r#"["ALTER TABLE audit DROP COLUMN less"]"#,
                r#""0 rows""#,
            ),
            run(
                "ledger/works",
                r#"["CREATE INDEX by_cents ON entry(cents)"]"#,
                r#""0 rows""#,
            ),
            run("ledger/works", r#"["ANALYZE"]"#, r#""0 rows""#),
            run("ledger/works", r#"["REINDEX account"]"#, r#""0 rows""#),
            read(
                "ledger/works",
                r#"["SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY name LIMIT 3"]"#,
                r#""[\"account\",\"audit\",\"entry\"]""#,
            ),
            read(
                "ledger/works",
                r#"["SELECT i, i * 2 AS d FROM (WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n)"]"#,
                r#""[{\"d\":2,\"i\":1},{\"d\":4,\"i\":2},{\"d\":6,\"i\":3}]""#,
            ),
            Step::Restart,
            read(
                "ledger/works",
                r#"["SELECT word FROM words WHERE words MATCH 'hello'"]"#,
                r#""[\"hello world\"]""#,
            ),
        ],
    },
    Scenario {
        name: "values of SQL are bound and read alike",
        steps: &[
            same("ledger/kinds", "kinds", "{}"),
            number("ledger/kinds", r#"["SELECT 5", "i64"]"#, r#""5""#),
            number("ledger/kinds", r#"["SELECT 5.0", "i64"]"#, r#""5""#),
            number(
                "ledger/kinds",
                r#"["SELECT 5.5", "i64"]"#,
                r#""sql.unreadable: 5.5""#,
            ),
            number("ledger/kinds", r#"["SELECT 5 AS n", "f64"]"#, r#""5""#),
            number(
                "ledger/kinds",
                r#"["SELECT 300 AS n", "u8"]"#,
                r#""sql.unreadable: n""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT -1 AS n", "u64"]"#,
                r#""sql.unreadable: n""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 9007199254740991 AS n", "i64"]"#,
                r#""9007199254740991""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 9007199254740993 AS n", "i64"]"#,
                r#""sql.unreadable: n""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 9223372036854775807 AS n", "u64"]"#,
                r#""sql.unreadable: n""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT CAST(9007199254740993 AS TEXT) AS n", "i64"]"#,
                r#""9007199254740993""#,
            ),
            number("ledger/kinds", r#"["SELECT 1", "bool"]"#, r#""true""#),
            number(
                "ledger/kinds",
                r#"["SELECT 2 AS n", "bool"]"#,
                r#""sql.unreadable: n""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 'a' || char(0x1d11e)", "text"]"#,
                r#""a𝄞""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT x'0001ff'", "bytes"]"#,
                r#""[0, 1, 255]""#,
            ),
            number("ledger/kinds", r#"["SELECT x''", "bytes"]"#, r#""[]""#),
            number(
                "ledger/kinds",
                r#"["SELECT '[7, 8]'", "bytes"]"#,
                r#""[7, 8]""#,
            ),
            number("ledger/kinds", r#"["SELECT NULL", "maybe"]"#, r#""None""#),
            number(
                "ledger/kinds",
                r#"["SELECT NULL AS n", "i64"]"#,
                r#""sql.unreadable: n""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 1, NULL", "pair"]"#,
                r#""(1, None)""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 1, 'x', 2", "pair"]"#,
                r#""sql.unreadable: ""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 2 AS cents, 'pat' AS name", "account"]"#,
                r#""pat""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 2 AS cents", "account"]"#,
                r#""sql.unreadable: ""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 1 WHERE 0", "i64"]"#,
                r#""sql.no_row""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 1 UNION SELECT 2", "i64"]"#,
                r#""sql.many_rows""#,
            ),
            number(
                "ledger/kinds",
                r#"["SELECT 1 WHERE 0", "optional"]"#,
                r#""None""#,
            ),
        ],
    },
];
