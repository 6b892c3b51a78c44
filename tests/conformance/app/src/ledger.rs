//! An object with SQL: tables beside fields, in one transaction.

use stayput::prelude::*;
use stayput::sql::{Migration, SqlError, SqlFault, SqlRead, SqlValue};

const TABLES: &[Migration] = &[
    Migration::new(
        "accounts",
        "CREATE TABLE account(
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            cents INTEGER NOT NULL DEFAULT 0 CONSTRAINT solvent CHECK(cents >= 0)
        );
        CREATE TABLE entry(
            id INTEGER PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account(id),
            cents INTEGER,
            UNIQUE(account, cents)
        );",
    ),
    Migration::new(
        "audit",
        "CREATE TABLE audit(what TEXT); CREATE TABLE kind(n INTEGER, x, t TEXT, b BLOB, r REAL)",
    ),
];

/// An account was opened.
#[event]
pub struct AccountOpened {
    /// Whose.
    pub name: String,
}

/// Accounts, their entries, and who opened how many.
#[durable_object(sql(migrations = TABLES), events(AccountOpened))]
#[derive(Debug)]
pub struct Ledger {
    opened: u64,
    names: Set<String>,
    rings: u64,
}

/// What there is of an account.
#[data]
pub struct Account {
    /// Whose.
    pub name: String,
    /// What is in it.
    pub cents: i64,
}

/// What a ledger has.
#[data]
pub struct Ledgers {
    /// The rows.
    pub accounts: Vec<Account>,
    /// What the handler wrote.
    pub audit: Vec<String>,
    /// The fields.
    pub opened: u64,
    /// The collection.
    pub names: Vec<String>,
    /// Whether an alarm is set.
    pub alarm: bool,
    /// How often it went off.
    pub rings: u64,
}

#[durable_object]
impl Ledger {
    /// Ends it, and fails if it says so.
    #[action(public)]
    fn close(&mut self, cx: &mut Context<Self>, fail: bool) -> Result<()> {
        cx.sql().exec("DELETE FROM account", ())?;
        cx.destroy();
        if fail {
            return Err(stayput::Error::msg("on purpose"));
        }
        Ok(())
    }

    /// Opens an account.
    #[action(public)]
    fn open(&mut self, cx: &mut Context<Self>, name: String, cents: i64) -> Result<u64, SqlError> {
        self.opened += 1;
        self.names.insert(&name);
        cx.set_alarm(cx.now() + hours(1));
        let insert = "INSERT INTO account(name, cents) VALUES(?, ?)";
        let changes = cx.sql().exec(insert, (&name, cents))?;
        cx.emit(AccountOpened { name });
        Ok(changes.rows)
    }

    /// Opens one, and fails.
    #[action(public)]
    fn spoil(&mut self, cx: &mut Context<Self>, name: String, how: String) -> Result<u64> {
        let rows = self.open(cx, name, 1)?;
        match how.as_str() {
            "panic" => panic!("as asked"),
            "large" => self.names.insert(&"x".repeat(3_000)),
            _ => return Err(stayput::Error::msg("as asked")),
        };
        Ok(rows)
    }

    /// Opens each, and tells which could not be.
    #[action(public)]
    fn open_all(&mut self, cx: &mut Context<Self>, names: Vec<String>) -> Vec<String> {
        let mut failed = Vec::new();
        for name in names {
            let nested = cx.attempt(self, |ledger, cx| {
                ledger.open(cx, format!("{name}-outer"), 2)?;
                cx.attempt(ledger, |ledger, cx| ledger.open(cx, name.clone(), 2))
            });
            if nested.is_err() {
                failed.push(name);
            }
        }
        failed
    }

    /// Rings soon.
    #[action(public)]
    fn ring(&mut self, cx: &mut Context<Self>) {
        cx.set_alarm(cx.now());
    }

    /// Runs a statement: its error, or how many rows it changed. What fails is no failure of the action.
    #[action(public)]
    fn run(&mut self, cx: &mut Context<Self>, sql: String) -> Result<String> {
        told(
            cx.sql()
                .exec(&sql, ())
                .map(|changes| format!("{} rows", changes.rows)),
        )
    }

    /// As `run`, with numbers as parameters.
    #[action(public)]
    fn run_with(
        &mut self,
        cx: &mut Context<Self>,
        sql: String,
        params: Vec<i64>,
    ) -> Result<String> {
        let params: Vec<SqlValue> = params.into_iter().map(SqlValue::from).collect();
        told(
            cx.sql()
                .exec(&sql, params)
                .map(|changes| format!("{} rows", changes.rows)),
        )
    }

    /// Reads with a statement in a query.
    #[action(public)]
    fn read(&self, cx: &Context<Self>, sql: String) -> Result<String> {
        let mut rows = Vec::new();
        let read = cx.sql_read().each(&sql, (), |row: serde_json::Value| {
            rows.push(row);
            true
        });
        told(read.map(|()| serde_json::Value::from(rows).to_string()))
    }

    /// Values of all kinds, as they are bound and read.
    #[action(public)]
    fn kinds(&mut self, cx: &mut Context<Self>) -> Result<Vec<String>> {
        let mut sql = cx.sql();
        let insert = "INSERT INTO kind(n, x, t, b, r) VALUES(?1, ?1, ?1, ?1, ?1)";
        let values: Vec<SqlValue> = vec![
            5.into(),
            true.into(),
            2.5.into(),
            2.0.into(),
            "5".into(),
            "text".into(),
            vec![1_u8, 0, 255].into(),
            None::<i64>.into(),
            i64::MAX.into(),
            i64::MIN.into(),
            9_007_199_254_740_991_i64.into(),
            f64::NAN.into(),
            1e300.into(),
            f64::INFINITY.into(),
        ];
        for value in values {
            sql.exec(insert, [value])?;
        }
        let of = "typeof(n) || ' ' || typeof(x) || ' ' || typeof(t) || ' ' || typeof(b) || ' ' || typeof(r)";
        let mut seen: Vec<String> =
            sql.all(&format!("SELECT {of} FROM kind ORDER BY rowid"), ())?;
        seen.extend(sql.all::<String>(
            "SELECT quote(n) || ' ' || quote(x) FROM kind ORDER BY rowid",
            (),
        )?);
        // In expressions a parameter is what it was given as, and has no affinity.
        for half in [SqlValue::from(5), SqlValue::from(5.0)] {
            seen.push(sql.one::<f64>("SELECT ? / 2", [half])?.to_string());
        }
        seen.push(
            sql.one::<i64>("SELECT count(*) FROM kind WHERE t = ?", (5,))?
                .to_string(),
        );
        seen.push(
            sql.one::<i64>("SELECT count(*) FROM kind WHERE t = ? LIMIT ?", ("5", 1))?
                .to_string(),
        );
        Ok(seen)
    }

    /// Reads a number of a row as one kind.
    #[action(public)]
    fn number(&self, cx: &Context<Self>, sql: String, kind: String) -> Result<String> {
        let rows = cx.sql_read();
        match kind.as_str() {
            "i64" => told(rows.one::<i64>(&sql, ()).map(|n| n.to_string())),
            "u64" => told(rows.one::<u64>(&sql, ()).map(|n| n.to_string())),
            "u8" => told(rows.one::<u8>(&sql, ()).map(|n| n.to_string())),
            "bool" => told(rows.one::<bool>(&sql, ()).map(|n| n.to_string())),
            "text" => told(rows.one::<String>(&sql, ())),
            "bytes" => told(rows.one::<Vec<u8>>(&sql, ()).map(|n| format!("{n:?}"))),
            "maybe" => told(rows.one::<Option<i64>>(&sql, ()).map(|n| format!("{n:?}"))),
            "pair" => told(
                rows.one::<(i64, Option<String>)>(&sql, ())
                    .map(|n| format!("{n:?}")),
            ),
            "account" => told(rows.one::<Account>(&sql, ()).map(|one| one.name)),
            "optional" => told(rows.optional::<i64>(&sql, ()).map(|n| format!("{n:?}"))),
            _ => told(rows.one::<f64>(&sql, ()).map(|n| n.to_string())),
        }
    }

    /// Everything.
    #[action(public)]
    fn all(&self, cx: &Context<Self>) -> Result<Ledgers> {
        let sql: SqlRead<'_> = cx.sql_read();
        Ok(Ledgers {
            accounts: sql.all("SELECT name, cents FROM account ORDER BY id", ())?,
            audit: sql.all("SELECT what FROM audit ORDER BY rowid", ())?,
            opened: self.opened,
            names: self.names.iter().collect(),
            alarm: cx.alarm().is_some(),
            rings: self.rings,
        })
    }

    /// A process.
    #[action(public)]
    async fn later(this: Handle<Self>, name: String) -> Result<u64> {
        let opened = this
            .atomic(|ledger, cx| ledger.open(cx, name.clone(), 3))
            .await?;
        let again = this
            .atomic(|ledger, cx| ledger.open(cx, name.clone(), 3))
            .await;
        Ok(opened + u64::from(again.is_err()) * 100)
    }

    #[event(AccountOpened)]
    fn on_opened(&mut self, cx: &mut Context<Self>, event: AccountOpened) -> Result<()> {
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
        self.rings += 1;
        cx.sql()
            .exec("INSERT INTO audit(what) VALUES('alarm')", ())?;
        Ok(())
    }
}

/// The outcome of a statement, for people.
fn told(outcome: Result<String, SqlError>) -> Result<String> {
    Ok(match outcome {
        Ok(text) => text,
        Err(error) => match error.fault() {
            SqlFault::Unique { columns } => format!("{}: {}", error.code(), columns.join(" ")),
            SqlFault::NotNull { column } | SqlFault::Unreadable { column, .. } => {
                format!("{}: {column}", error.code())
            }
            SqlFault::Check { constraint } => format!("{}: {constraint}", error.code()),
            SqlFault::Storage(fault) => return Err(fault.clone().into()),
            _ => error.code().to_owned(),
        },
    })
}
