//! What is read of a text before SQLite reads it.

use super::text::{Statement, exact_integers, read};
use super::{SqlError, SqlFault};

fn last(text: &str) -> Statement {
    let mut statements = read(text).expect("it is no refused text");
    statements.pop().expect("there is one")
}

fn code(text: &str) -> &'static str {
    read(text).map_or_else(|fault| fault.code(), |_| "ok")
}

#[test]
fn statements_end_where_sqlite_ends_them() {
    for (text, count) in [
        ("SELECT 1", 1),
        ("SELECT 1;", 1),
        (" ; ;SELECT 1;;-- end\n;", 1),
        ("SELECT ';'; SELECT \";\"; SELECT [;]; SELECT `;`", 4),
        ("SELECT 'it''s; fine'; SELECT 2", 2),
        ("SELECT 1 /* ; */; SELECT 2 -- ; no more", 2),
        ("SELECT 'open; SELECT 2", 1),
        ("SELECT 1 /* open; SELECT 2", 1),
        (
            "CREATE TRIGGER t AFTER INSERT ON x BEGIN DELETE FROM y; SELECT 1; END; SELECT 2",
            2,
        ),
        (
            "CREATE TRIGGER IF NOT EXISTS t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END",
            1,
        ),
        ("create table trigger_log(x); select 1", 2),
    ] {
        assert_eq!(read(text).map(|all| all.len()), Ok(count), "{text}");
    }
}

#[test]
fn what_a_statement_does_is_known_by_its_verb() {
    for (text, reads, changes) in [
        ("SELECT 1", true, false),
        ("/* x */ select 1", true, false),
        ("VALUES (1)", true, false),
        ("WITH a AS (DELETE) SELECT 1", true, false),
        (
            "WITH RECURSIVE a(i) AS (SELECT 1), b AS (SELECT 2) INSERT INTO x SELECT * FROM a",
            false,
            true,
        ),
        ("with \"select\" as (select 1) delete from x", false, true),
        ("REPLACE INTO x VALUES(1)", false, true),
        ("CREATE TABLE x(y)", false, false),
        ("PRAGMA table_info(x)", true, false),
        ("EXPLAIN DELETE FROM x", true, false),
    ] {
        let statement = last(text);
        assert_eq!(
            (statement.reads(), statement.changes_rows()),
            (reads, changes),
            "{text}"
        );
    }
}

#[test]
fn parameters_are_counted_as_sqlite_counts_them() {
    for (text, values) in [
        ("SELECT 1", 0),
        ("SELECT ?, ?", 2),
        ("SELECT ?2, ?", 3),
        ("SELECT ?1, ?1", 1),
        ("SELECT :a, :b, :a, @a, $c", 4),
        ("SELECT '?', \"?\", [?], `?` -- ?", 0),
        ("SELECT json_extract(x, '$.a') FROM t WHERE a = ?", 1),
        ("SELECT a->'$.b', ?", 1),
    ] {
        assert_eq!(last(text).values, values, "{text}");
    }
    assert_eq!(code("SELECT ?; SELECT ?"), "sql.invalid");
    assert_eq!(code("SELECT ?101"), "sql.too_large");
    assert_eq!(code("SELECT ?99999999999999999999"), "sql.too_large");
}

#[test]
fn what_no_object_may_run_is_refused() {
    for text in [
        "BEGIN",
        "end",
        "\u{a0}",
        "SELECT 1; rollback",
        "-- x\nSAVEPOINT a",
        "RELEASE a",
        "ATTACH 'x' AS y",
        "DETACH y",
        "VACUUM INTO 'x'",
        "PRAGMA user_version",
        "PRAGMA main.journal_mode",
        "PRAGMA \"foreign_keys\" = 0",
        "CREATE TEMPORARY VIEW x AS SELECT 1",
    ] {
        let expected = if text == "\u{a0}" {
            "ok"
        } else {
            "sql.refused"
        };
        assert_eq!(code(text), expected, "{text}");
    }
    assert_eq!(code("PRAGMA main.table_info(x)"), "ok");
    assert_eq!(code("PRAGMA 'table_info'(x)"), "ok");
    assert_eq!(code(""), "sql.invalid");
    assert_eq!(code("SELECT '\0'"), "sql.invalid");
    assert_eq!(code(&"x".repeat(100_001)), "sql.too_large");
}

#[test]
fn integers_are_cast_where_they_stand() {
    let exact = |text: &str| exact_integers(text, |value| value != 1);
    assert_eq!(
        exact("SELECT ?, ?, ?"),
        "SELECT +CAST(?1 AS INTEGER), ?, +CAST(?3 AS INTEGER)"
    );
    assert_eq!(
        exact("SELECT ?3, '?' /* ? */"),
        "SELECT +CAST(?3 AS INTEGER), '?' /* ? */"
    );
    assert_eq!(
        exact("SELECT 1; SELECT :a + @b + :a"),
        "SELECT 1; SELECT +CAST(?1 AS INTEGER) + @b + +CAST(?1 AS INTEGER)"
    );
    assert_eq!(exact("SELECT 'é', ?1"), "SELECT 'é', +CAST(?1 AS INTEGER)");
}

#[test]
fn both_backends_words_are_one_error() {
    let fault = |message: &str| SqlError::of_message(message).fault().clone();
    let plain = "UNIQUE constraint failed: t.a, t.b";
    let platform = format!("{plain}: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)");
    let columns = vec!["t.a".to_owned(), "t.b".to_owned()];
    assert_eq!(fault(plain), SqlFault::Unique { columns });
    assert_eq!(fault(plain), fault(&platform));
    let text = "near \"SELEKT\": syntax error";
    assert_eq!(
        fault(&format!("{text} at offset 0: SQLITE_ERROR")).code(),
        "sql.invalid"
    );
    assert_eq!(fault("CHECK constraint failed: a: b").code(), "sql.check");
    assert_eq!(fault("not authorized: SQLITE_AUTH").code(), "sql.refused");
}
