//! Objects with SQL: tables and fields change together or not at all, and statements fail by name.

use std::path::PathBuf;

use stayput::prelude::*;
use stayput::sql::{Migration, SqlError, SqlFault, SqlValue};
use stayput::testing::{self, Fault, Harness};

use crate::support::code;

const TABLES: &[Migration] = &[
    Migration::new(
        "accounts",
        "CREATE TABLE account(
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            cents INTEGER NOT NULL DEFAULT 0 CHECK(cents >= 0),
            note TEXT
        );
        CREATE TABLE entry(id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account(id), cents INTEGER);",
    ),
    Migration::new("audit", "CREATE TABLE audit(what TEXT)"),
];

/// An account was opened.
#[event]
pub struct Opened {
    pub name: String,
}

#[data]
#[derive(PartialEq)]
pub struct Account {
    pub name: String,
    pub cents: i64,
    pub note: Option<String>,
}

#[data]
#[derive(PartialEq)]
pub struct Seen {
    pub rows: Vec<Account>,
    pub audit: Vec<String>,
    pub opened: u64,
    pub names: Vec<String>,
    pub alarm: Option<Timestamp>,
}

#[durable_object(sql(migrations = TABLES), events(Opened))]
pub struct Bank {
    opened: u64,
    names: Set<String>,
}

#[durable_object]
impl Bank {
    /// Opens an account.
    #[action(public)]
    fn open(&mut self, cx: &mut Context<Self>, name: String, cents: i64) -> Result<u64> {
        self.opened += 1;
        self.names.insert(&name);
        cx.set_alarm(cx.now() + hours(self.opened));
        cx.sql().exec(
            "INSERT INTO account(name, cents) VALUES(?, ?)",
            (&name, cents),
        )?;
        cx.emit(Opened { name });
        Ok(self.opened)
    }

    /// Opens one and fails afterwards, as asked.
    #[action(public)]
    fn spoil(&mut self, cx: &mut Context<Self>, name: String, how: String) -> Result<u64> {
        let opened = self.open(cx, name, 1)?;
        match how.as_str() {
            "panic" => panic!("as asked"),
            "error" => Err(stayput::Error::msg("as asked")),
            _ => Ok(opened),
        }
    }

    /// Tries to open each alone, and tells which there were already.
    #[action(public)]
    fn open_all(&mut self, cx: &mut Context<Self>, names: Vec<String>) -> Vec<String> {
        let mut failed = Vec::new();
        for name in names {
            let opened = cx.attempt(self, |bank, cx| bank.open(cx, name.clone(), 5));
            if opened.is_err() {
                failed.push(name);
            }
        }
        failed
    }

    /// Goes on after a statement that failed.
    #[action(public)]
    fn insist(&mut self, cx: &mut Context<Self>, name: String) -> String {
        let insert = "INSERT INTO account(name, cents) VALUES(?, 7)";
        match cx.sql().exec(insert, (&name,)) {
            Ok(changes) => format!("{} row", changes.rows),
            Err(error) => {
                self.opened += 100;
                error.code().to_owned()
            }
        }
    }

    /// The fault of any statement.
    #[action(public)]
    fn try_sql(&mut self, cx: &mut Context<Self>, sql: String) -> String {
        match cx.sql().exec(&sql, ()) {
            Ok(_) => "done".to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }

    /// Lets a statement's error out as the action's.
    #[action(public)]
    fn declared(&mut self, cx: &mut Context<Self>, sql: String) -> Result<u64, SqlError> {
        Ok(cx.sql().exec(&sql, ())?.rows)
    }

    /// A query that may try anything.
    #[action(public)]
    fn ask(&self, cx: &Context<Self>, sql: String) -> String {
        match cx.sql_read().all::<SqlRow>(&sql, ()) {
            Ok(rows) => format!("{} rows", rows.len()),
            Err(error) => error.code().to_owned(),
        }
    }

    #[action(public)]
    fn seen(&self, cx: &Context<Self>) -> Result<Seen> {
        let sql = cx.sql_read();
        Ok(Seen {
            rows: sql.all("SELECT name, cents, note FROM account ORDER BY id", ())?,
            audit: sql.all("SELECT what FROM audit ORDER BY rowid", ())?,
            opened: self.opened,
            names: self.names.iter().collect(),
            alarm: cx.alarm(),
        })
    }

    /// Values of all kinds, bound and read.
    #[action(public)]
    fn kinds(&self, cx: &Context<Self>) -> Result<Vec<String>> {
        let sql = cx.sql_read();
        let mut seen = Vec::new();
        let values: Vec<SqlValue> = vec![
            5i64.into(),
            true.into(),
            2.5.into(),
            2.0.into(),
            "x".into(),
            vec![1u8, 0, 255].into(),
            None::<i64>.into(),
            i64::MAX.into(),
        ];
        for value in values {
            let (kind, back, text): (String, Option<SqlRow>, Option<String>) = sql
                .one("SELECT typeof(?1), NULL, CAST(?1 AS TEXT)", [value])
                .or_else(|error| match error.fault() {
                    SqlFault::Unreadable { .. } => Ok((error.to_string(), None, None)),
                    _ => Err(error),
                })?;
            assert!(back.is_none());
            seen.push(format!("{kind} {}", text.unwrap_or_default()));
        }
        Ok(seen)
    }

    /// A process: it reaches the tables by `atomic`.
    #[action(public)]
    async fn later(this: Handle<Self>, name: String) -> Result<u64> {
        Ok(this.atomic(move |bank, cx| bank.open(cx, name, 9)).await?)
    }

    #[event(Opened)]
    fn on_opened(&mut self, cx: &mut Context<Self>, event: Opened) -> Result<()> {
        cx.sql()
            .exec("INSERT INTO audit(what) VALUES(?)", (&event.name,))?;
        self.names.insert(&format!("audited {}", event.name));
        if event.name.starts_with("shy") {
            return Err(stayput::Error::msg("not this one"));
        }
        Ok(())
    }

    #[event(alarm)]
    fn on_alarm(&mut self, cx: &mut Context<Self>) -> Result<()> {
        cx.sql()
            .exec("INSERT INTO audit(what) VALUES('alarm')", ())?;
        Ok(())
    }
}

/// Any row.
type SqlRow = stayput_row::Any;

mod stayput_row {
    /// Any row.
    #[derive(Debug)]
    pub struct Any;

    impl<'de> serde::Deserialize<'de> for Any {
        fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
            serde::de::IgnoredAny::deserialize(reader).map(|_| Self)
        }
    }
}

/// No migrations, and a `start` that would write.
#[durable_object(sql)]
pub struct Bare {
    started: bool,
}

#[durable_object]
impl Bare {
    #[event(start)]
    fn start(&mut self, cx: &mut Context<Self>, first: bool) -> Result<()> {
        if first {
            let refused = cx.sql().exec("CREATE TABLE t(x)", ());
            self.started = refused.is_err_and(|error| error.code() == "sql.refused");
        } else {
            cx.sql().exec("CREATE TABLE IF NOT EXISTS t(x)", ())?;
        }
        Ok(())
    }

    #[action(public)]
    fn put(&mut self, cx: &mut Context<Self>) -> Result<u64> {
        cx.sql().exec(
            "CREATE TABLE IF NOT EXISTS u(x); INSERT INTO u VALUES(?)",
            (1,),
        )?;
        Ok(cx.sql().one("SELECT count(*) FROM u", ())?)
    }

    #[action(public)]
    fn look(&self, cx: &Context<Self>) -> Result<(u64, bool)> {
        let count = cx.sql_read().one(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('t', 'u')",
            (),
        )?;
        Ok((count, self.started))
    }
}

stayput::app!(Bank, Bare);

fn files(t: &Harness) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![t.data().join("sql")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "sqlite") {
                found.push(path);
            }
        }
    }
    found
}

fn account(name: &str, cents: i64) -> Account {
    Account {
        name: name.to_owned(),
        cents,
        note: None,
    }
}

#[test]
fn rows_fields_alarm_and_events_are_kept_together() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        assert_eq!(bank.open("ann", 1i64).await.unwrap(), 1);
        for how in ["panic", "error"] {
            assert_eq!(code(bank.spoil("bob", how).await), "internal");
        }
        assert_eq!(code(bank.open("ann", 1i64).await), "sql.unique");
        let seen = bank.seen().await.unwrap();
        assert_eq!(seen.rows, [account("ann", 1)]);
        assert_eq!(seen.audit, ["ann"]);
        assert_eq!(seen.opened, 1);
        assert_eq!(seen.names, ["ann", "audited ann"]);
        assert_eq!(seen.alarm, Some(t.now() + hours(1)));
        t.restart().await;
        assert_eq!(bank.seen().await.unwrap(), seen);
        t.crash().await;
        assert_eq!(bank.seen().await.unwrap(), seen);
    });
}

#[test]
fn a_failed_handler_or_attempt_takes_its_rows_along() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        bank.open("shy", 1i64).await.unwrap();
        let names = ["ann", "shy", "bob"].map(str::to_owned).to_vec();
        assert_eq!(bank.open_all(names).await.unwrap(), ["shy"]);
        let seen = bank.seen().await.unwrap();
        let names: Vec<_> = seen.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["shy", "ann", "bob"]);
        assert_eq!(seen.audit, ["ann", "bob"]);
        assert_eq!(seen.opened, 3);
        assert_eq!(
            seen.names,
            ["ann", "audited ann", "audited bob", "bob", "shy"]
        );
    });
}

#[test]
fn a_failed_statement_is_an_error_and_no_more() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        assert_eq!(bank.insist("ann").await.unwrap(), "1 row");
        assert_eq!(bank.insist("ann").await.unwrap(), "sql.unique");
        assert_eq!(bank.seen().await.unwrap().opened, 100);
        let fails = [
            ("INSERT INTO account(cents) VALUES(1)", "sql.not_null"),
            (
                "INSERT INTO account(name, cents) VALUES('x', -1)",
                "sql.check",
            ),
            ("INSERT INTO entry(account) VALUES(99)", "sql.foreign_key"),
            ("SELECT nothing FROM nowhere", "sql.invalid"),
            ("SELEKT 1", "sql.invalid"),
            ("", "sql.invalid"),
            (" -- nothing", "sql.invalid"),
            ("SELECT ?", "sql.parameters"),
            ("BEGIN", "sql.refused"),
            ("savepoint x", "sql.refused"),
            ("/* */ COMMIT", "sql.refused"),
            ("ATTACH 'x' AS y", "sql.refused"),
            ("VACUUM", "sql.refused"),
            ("PRAGMA user_version = 3", "sql.refused"),
            ("PRAGMA journal_mode", "sql.refused"),
            ("CREATE TEMP TABLE x(y)", "sql.refused"),
            ("CREATE TABLE _CF_x(y)", "sql.refused"),
            ("SELECT * FROM _cf_KV", "sql.refused"),
            ("DELETE FROM _cf_KV", "sql.refused"),
            ("DELETE FROM sqlite_master", "sql.invalid"),
            ("SELECT load_extension('x')", "sql.refused"),
            ("CREATE VIRTUAL TABLE x USING dbstat", "sql.refused"),
        ];
        for (sql, expected) in fails {
            assert_eq!(bank.try_sql(sql).await.unwrap(), expected, "{sql}");
        }
        let works = [
            "PRAGMA table_info(account)",
            "PRAGMA main.table_info(account)",
            "SELECT 1; SELECT 2;",
            "CREATE TRIGGER grow AFTER INSERT ON entry BEGIN UPDATE account SET cents = cents + 1; DELETE FROM audit; END",
            "INSERT INTO entry(account) VALUES(1)",
            "CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES('hello world')",
            "SELECT * FROM words WHERE words MATCH 'hello'",
            "CREATE VIRTUAL TABLE place USING rtree(id, west, east); INSERT INTO place VALUES(1, 0, 2)",
            "SELECT id FROM place WHERE west < 1.5 AND east > 1.5",
            "SELECT json_extract('{\"a\": 1}', '$.a'), sqrt(2), pow(2, 3), log(8, 2)",
            "ALTER TABLE audit ADD COLUMN more TEXT",
            "ALTER TABLE audit RENAME COLUMN more TO less",
            "ALTER TABLE audit DROP COLUMN less",
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i) FROM n",
            "ANALYZE",
            "REINDEX account",
        ];
        for sql in works {
            assert_eq!(bank.try_sql(sql).await.unwrap(), "done", "{sql}");
        }
        assert_eq!(bank.seen().await.unwrap().rows, [account("ann", 8)]);
    });
}

#[test]
fn limits_are_those_of_the_platform() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        let columns = |count: usize| {
            let columns: Vec<String> = (0..count).map(|at| format!("c{at}")).collect();
            format!("CREATE TABLE wide{count}({})", columns.join(", "))
        };
        let many = |count: usize, one: &str, by: &str| vec![one; count].join(by);
        let params: Vec<String> = (1..=101).map(|at| format!("?{at}")).collect();
        for (sql, expected) in [
            (columns(100), "done"),
            (columns(101), "sql.too_large"),
            (many(5, "SELECT 1", " UNION ALL "), "done"),
            (many(6, "SELECT 1", " UNION "), "sql.too_large"),
            (format!("SELECT 'x' LIKE '{}'", many(50, "x", "")), "done"),
            (
                format!("SELECT 'x' LIKE '{}'", many(51, "x", "")),
                "sql.too_large",
            ),
            (format!("SELECT max({})", many(127, "1", ", ")), "done"),
            (
                format!("SELECT max({})", many(128, "1", ", ")),
                "sql.too_large",
            ),
            (format!("SELECT {}", many(101, "1", " + ")), "sql.too_large"),
            (format!("SELECT '{}'", many(99_991, "x", "")), "done"),
            (
                format!("SELECT '{}'", many(99_992, "x", "")),
                "sql.too_large",
            ),
            (format!("SELECT {}", params.join(", ")), "sql.too_large"),
            ("SELECT zeroblob(9000000)".to_owned(), "sql.too_large"),
        ] {
            let got = bank.try_sql(sql.clone()).await.unwrap();
            assert_eq!(got, expected, "{}", &sql[..sql.len().min(60)]);
        }
    });
}

#[test]
fn a_query_cannot_write_to_tables() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        bank.open("ann", 1i64).await.unwrap();
        for sql in [
            "DELETE FROM account",
            "UPDATE account SET cents = 5",
            "INSERT INTO audit VALUES('x') RETURNING what",
            "WITH x AS (SELECT 1) DELETE FROM account",
            "CREATE TABLE more(x)",
            "SELECT 1; DELETE FROM account",
            "SELECT 1; SELECT 2",
        ] {
            assert_eq!(bank.ask(sql).await.unwrap(), "sql.read_only", "{sql}");
        }
        assert_eq!(bank.ask("SELECT * FROM account").await.unwrap(), "1 rows");
        assert_eq!(
            bank.ask("EXPLAIN QUERY PLAN SELECT 1").await.unwrap(),
            "1 rows"
        );
        assert_eq!(bank.seen().await.unwrap().rows.len(), 1);
    });
}

#[test]
fn constraints_are_declared_errors() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        bank.open("ann", 1i64).await.unwrap();
        let insert = "INSERT INTO account(name) VALUES('ann')";
        let error = bank.declared(insert).await.unwrap_err();
        let CallError::Failed(error) = error else {
            panic!("{error:?}");
        };
        let columns = vec!["account.name".to_owned()];
        assert_eq!(*error.fault(), SqlFault::Unique { columns });
        assert_eq!(code(bank.declared("SELEKT").await), "internal");
        let (status, body) = post(t, "b", "declared", serde_json::json!({ "sql": insert })).await;
        assert_eq!(
            (status, body["error"]["data"]["code"].as_str()),
            (409, Some("sql.unique"))
        );
        let check = "UPDATE account SET cents = -1";
        let (status, body) = post(t, "b", "declared", serde_json::json!({ "sql": check })).await;
        assert_eq!(
            (status, body["error"]["data"]["code"].as_str()),
            (422, Some("sql.check"))
        );
    });
}

async fn post(
    t: &Harness,
    name: &str,
    action: &str,
    params: serde_json::Value,
) -> (u16, serde_json::Value) {
    let answer = t
        .post(&format!("/bank/{name}/{action}"), params.to_string())
        .await;
    let body = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), body)
}

#[test]
fn values_are_bound_as_what_they_are() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        let expected = [
            "integer 5",
            "integer 1",
            "real 2.5",
            "real 2.0",
            "text x",
            "blob \u{1}\0\u{fffd}",
            "null ",
            "integer 9223372036854775807",
        ];
        let seen = bank.kinds().await.unwrap();
        assert_eq!(seen[..5], expected[..5]);
        assert_eq!(seen[6..], expected[6..]);
    });
}

#[test]
fn a_look_at_an_unknown_name_leaves_no_file() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "nobody");
        assert_eq!(bank.seen().await.unwrap().rows, []);
        assert_eq!(bank.try_sql("SELECT * FROM account").await.unwrap(), "done");
        assert_eq!(code(bank.spoil("x", "error").await), "internal");
        assert_eq!(files(t), [] as [PathBuf; 0]);
        // Written by SQL alone, it is born.
        bank.try_sql("INSERT INTO audit VALUES('x')").await.unwrap();
        let files = files(t);
        let id = Bank::named(t, "nobody").id().unwrap().to_string();
        assert_eq!(
            files,
            [t.data()
                .join("sql")
                .join(&id[..2])
                .join(format!("{id}.sqlite"))]
        );
        t.restart().await;
        assert_eq!(bank.seen().await.unwrap().audit, ["x"]);
    });
}

#[test]
fn processes_and_alarms_reach_the_tables() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        assert_eq!(bank.later("ann").await.unwrap(), 1);
        t.restart().await;
        t.advance(hours(2)).await;
        let seen = bank.seen().await.unwrap();
        assert_eq!(seen.audit, ["ann", "alarm"]);
        assert_eq!(seen.alarm, None);
        t.evict().await;
        t.advance(days(2)).await;
        assert_eq!(bank.seen().await.unwrap().audit, ["ann", "alarm"]);
    });
}

#[test]
fn a_commit_that_fails_leaves_nothing_in_memory() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "b");
        t.fail_next(Fault::Io);
        assert_eq!(code(bank.open("ann", 1i64).await), "storage");
        assert_eq!(bank.seen().await.unwrap().opened, 0);
        assert_eq!(bank.open("ann", 1i64).await.unwrap(), 1);
        t.fail_next(Fault::Full);
        assert_eq!(code(bank.open("bob", 1i64).await), "storage_full");
        let seen = bank.seen().await.unwrap();
        assert_eq!((seen.opened, seen.rows.len()), (1, 1));
        assert_eq!(bank.open("bob", 1i64).await.unwrap(), 2);
    });
}

#[test]
fn start_of_an_unborn_object_cannot_write_to_tables() {
    testing::run(app(), async |t| {
        let bare = Bare::named(t, "b");
        assert_eq!(bare.look().await.unwrap(), (0, true));
        assert_eq!(bare.put().await.unwrap(), 1);
        t.restart().await;
        assert_eq!(bare.put().await.unwrap(), 2);
        assert_eq!(bare.look().await.unwrap(), (2, true));
    });
}

/// Versions of one class, by their migrations.
macro_rules! shed {
    ($version:ident, $($migration:expr),*) => {
        mod $version {
            use stayput::prelude::*;
            use stayput::sql::Migration;

            const TABLES: &[Migration] = &[$($migration),*];

            #[durable_object(class = "shed", sql(migrations = TABLES))]
            pub struct Shed {
                tools: u64,
            }

            #[durable_object]
            impl Shed {
                #[action(public)]
                fn put(&mut self, cx: &mut Context<Self>) -> Result<u64> {
                    self.tools += 1;
                    cx.sql().exec("INSERT INTO tool(name) VALUES('hammer')", ())?;
                    Ok(self.tools)
                }

                #[action(public)]
                fn columns(&self, cx: &Context<Self>) -> Result<(u64, Vec<String>)> {
                    let sql = cx.sql_read();
                    let columns = sql.all("SELECT name FROM pragma_table_info('tool')", ())?;
                    Ok((sql.one("SELECT count(*) FROM tool", ())?, columns))
                }
            }
        }
    };
}

const TOOLS: Migration = Migration::new("tools", "CREATE TABLE tool(name TEXT)");
const SIZES: Migration = Migration::new(
    "sizes",
    "ALTER TABLE tool ADD COLUMN size INTEGER DEFAULT 3; UPDATE tool SET size = 4",
);

shed!(one, super::TOOLS);
shed!(two, super::TOOLS, super::SIZES);
shed!(
    changed,
    Migration::new("tools", "CREATE TABLE tool(name TEXT, size INTEGER)")
);
shed!(moved, super::SIZES, super::TOOLS);
shed!(
    broken,
    super::TOOLS,
    super::SIZES,
    Migration::new("half", "DELETE FROM tool; SELEKT 1")
);

#[test]
fn migrations_run_once_in_order_and_are_never_changed() {
    let folder = tempfile::tempdir().unwrap();
    let app = || stayput::App::new("sheds", "1");
    let test = |app| testing::Test::new(app).data(folder.path());
    let seen = |count: u64, columns: &[&str]| {
        (
            count,
            columns
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>(),
        )
    };
    test(app().class::<one::Shed>()).run(async |t| {
        let shed = one::Shed::named(t, "a");
        assert_eq!(shed.columns().await.unwrap(), seen(0, &["name"]));
        assert_eq!(shed.put().await.unwrap(), 1);
        t.restart().await;
        assert_eq!(shed.put().await.unwrap(), 2);
    });
    test(app().class::<two::Shed>()).run(async |t| {
        let shed = two::Shed::named(t, "a");
        // A query wakes it, too.
        assert_eq!(shed.columns().await.unwrap(), seen(2, &["name", "size"]));
        t.restart().await;
        assert_eq!(shed.put().await.unwrap(), 3);
        assert_eq!(shed.columns().await.unwrap(), seen(3, &["name", "size"]));
        assert_eq!(two::Shed::named(t, "new").put().await.unwrap(), 1);
    });
    test(app().class::<one::Shed>()).run(async |t| {
        assert_eq!(
            code(one::Shed::named(t, "a").columns().await),
            "state.migration"
        );
    });
    test(app().class::<changed::Shed>()).run(async |t| {
        assert_eq!(
            code(changed::Shed::named(t, "a").columns().await),
            "state.migration"
        );
        assert_eq!(
            code(changed::Shed::named(t, "a").put().await),
            "state.migration"
        );
    });
    test(app().class::<moved::Shed>()).run(async |t| {
        assert_eq!(
            code(moved::Shed::named(t, "a").columns().await),
            "state.migration"
        );
        assert_eq!(
            code(moved::Shed::named(t, "other").put().await),
            "state.migration"
        );
    });
    test(app().class::<broken::Shed>()).run(async |t| {
        assert_eq!(
            code(broken::Shed::named(t, "a").columns().await),
            "state.migration"
        );
    });
    test(app().class::<two::Shed>()).run(async |t| {
        let shed = two::Shed::named(t, "a");
        assert_eq!(shed.columns().await.unwrap(), seen(3, &["name", "size"]));
    });
}
