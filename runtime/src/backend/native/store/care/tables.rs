//! The tables of an object with SQL, into an exported file and out of it.
//!
//! Ordinary tables are written row by row with their row numbers. What a virtual table (full-text search, an R-tree) keeps
//! in tables of its own is written as it is, so it comes back with all its settings and needs no building anew.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, params_from_iter};

use super::super::sql::{Database, SqlFiles};
use super::CareError;
use super::export::Writer;
use crate::transfer::{Cell, Line, Schema, TableLine};

/// What makes the objects of a database, but SQLite's own and the runtime's.
const SCHEMA: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL \
                      AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY rowid";

const TABLES: &str = "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') \
                      AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence') \
                      ORDER BY name = 'sqlite_sequence', name";

/// Where numbers of `AUTOINCREMENT` are. SQLite makes it with the first such table.
const SEQUENCE: &str = "sqlite_sequence";

/// Writes all tables.
pub(super) fn dump(connection: &Connection, out: &mut Writer<'_>) -> Result<(), CareError> {
    let unreadable = |error: rusqlite::Error| {
        CareError::refused(format!("the object's tables cannot be read: {error}"))
    };
    let mut tables = connection.prepare(TABLES).map_err(unreadable)?;
    let tables = tables
        .query_map((), |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)? == "shadow",
                row.get(2)?,
            ))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<(String, bool, bool)>>>)
        .map_err(unreadable)?;
    let shadows: HashSet<&str> = tables
        .iter()
        .filter(|(_, shadow, _)| *shadow)
        .map(|(name, ..)| name.as_str())
        .collect();
    let mut schema = connection.prepare(SCHEMA).map_err(unreadable)?;
    let schema = schema
        .query_map((), |row| {
            let part = Schema {
                kind: row.get(0)?,
                name: row.get(1)?,
                sql: row.get(3)?,
            };
            Ok((row.get::<_, String>(2)?, part))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(unreadable)?;
    let (made, later): (Vec<_>, Vec<_>) = schema
        .into_iter()
        .filter(|(table, _)| !shadows.contains(table.as_str()))
        .map(|(_, part)| part)
        .partition(|part| part.kind == "table");
    for part in made {
        out.write(&Line::Schema(part))?;
    }
    for (name, shadow, without_rowid) in &tables {
        dump_rows(connection, name, *shadow, *without_rowid, out)?;
    }
    // After the rows: indexes are built once, triggers do not fire.
    for part in later {
        out.write(&Line::Schema(part))?;
    }
    Ok(())
}

fn dump_rows(
    connection: &Connection,
    name: &str,
    shadow: bool,
    without_rowid: bool,
    out: &mut Writer<'_>,
) -> Result<(), CareError> {
    let unreadable = |error: rusqlite::Error| {
        CareError::refused(format!("table `{name}` cannot be read: {error}"))
    };
    // Generated columns are generated again.
    let columns = "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid";
    let mut columns = connection.prepare(columns).map_err(unreadable)?;
    let mut columns = columns
        .query_map((name,), |row| row.get(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>)
        .map_err(unreadable)?;
    if !without_rowid {
        let taken = |name: &&str| {
            columns
                .iter()
                .any(|column| column.eq_ignore_ascii_case(name))
        };
        let number = ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|name| !taken(name));
        columns.splice(0..0, number.map(str::to_owned));
    }
    let list = listed(&columns);
    out.write(&Line::Table(TableLine {
        name: name.to_owned(),
        columns: columns.clone(),
        shadow,
    }))?;
    let text = format!("SELECT {list} FROM {}", quoted(name));
    let mut statement = connection.prepare(&text).map_err(unreadable)?;
    let mut rows = statement.query(()).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let cells = (0..columns.len()).map(|column| row.get_ref(column).map(Cell::of));
        let cells = cells
            .collect::<rusqlite::Result<Vec<_>>>()
            .map_err(unreadable)?;
        out.row(cells)?;
    }
    Ok(())
}

/// Takes tables in, into a draft that is thrown away if anything is wrong.
pub(super) struct Tables<'a> {
    files: &'a SqlFiles,
    draft: &'a Path,
    pub(super) database: Database,
    /// Whether rows have been seen: no more tables are made then.
    filling: bool,
    insert: Option<Insert>,
}

struct Insert {
    text: String,
    table: TableLine,
}

impl<'a> Tables<'a> {
    pub(super) fn new(files: &'a SqlFiles, draft: &'a Path) -> Result<Self, CareError> {
        let database = files.draft(draft)?;
        let tables = Self {
            files,
            draft,
            database,
            filling: false,
            insert: None,
        };
        tables.begin()?;
        Ok(tables)
    }

    /// Takes in a line that is about tables.
    pub(super) fn take(&mut self, line: Line<'_>) -> Result<(), String> {
        match line {
            Line::Schema(part) => self.make(&part),
            Line::Table(table) => self.turn_to(table),
            Line::Row(cells) => self.fill(cells),
            _ => Err("it is not about tables".to_owned()),
        }
    }

    fn make(&mut self, part: &Schema) -> Result<(), String> {
        let create = part.sql.trim_start().get(..6);
        if !create.is_some_and(|word| word.eq_ignore_ascii_case("create")) {
            return Err(format!("`{}` is not made by `CREATE`", part.name));
        }
        // As a statement of the object's: nothing that it may not do is done here.
        let made = self
            .database
            .connection
            .prepare(&part.sql)
            .and_then(|mut made| made.execute(()));
        made.map(drop)
            .map_err(|error| format!("`{}` cannot be made: {error}", part.name))
    }

    fn turn_to(&mut self, table: TableLine) -> Result<(), String> {
        let failed = |error: CareError| error.to_string();
        if !self.filling {
            // What virtual tables hold in memory of their own tables must not be written over ours.
            self.commit().and_then(|()| self.reopen()).map_err(failed)?;
            self.filling = true;
        }
        let theirs = table.shadow || table.name.eq_ignore_ascii_case(SEQUENCE);
        if table
            .name
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("_cf_"))
            || (!theirs
                && table
                    .name
                    .get(..7)
                    .is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")))
        {
            return Err(format!("`{}` is no table of an object", table.name));
        }
        if theirs {
            let text = format!("DELETE FROM {}", quoted(&table.name));
            let cleared = self
                .database
                .own(|connection| connection.execute(&text, ()));
            cleared.map_err(|error| format!("`{}`: {error}", table.name))?;
        }
        let marks = vec!["?"; table.columns.len()].join(", ");
        let text = format!(
            "INSERT INTO {}({}) VALUES({marks})",
            quoted(&table.name),
            listed(&table.columns)
        );
        self.insert = Some(Insert { text, table });
        Ok(())
    }

    fn fill(&mut self, cells: Vec<Cell>) -> Result<(), String> {
        let Some(Insert { text, table }) = &self.insert else {
            return Err("a row without a table".to_owned());
        };
        if cells.len() != table.columns.len() {
            return Err(format!(
                "a row of `{}` has {} values",
                table.name,
                cells.len()
            ));
        }
        let is_cast = cells.iter().any(|cell| cell.cast().is_some());
        let text = if is_cast {
            casting(text, &cells)
        } else {
            text.clone()
        };
        let values = cells.into_iter().map(|cell| match cell.cast() {
            Some(bytes) => Some(rusqlite::types::Value::Blob(bytes)),
            None => cell.value(),
        });
        let Some(values) = values.collect::<Option<Vec<_>>>() else {
            return Err(format!("a row of `{}` has what is no value", table.name));
        };
        let written = self.database.own(|connection| {
            connection
                .prepare_cached(&text)?
                .execute(params_from_iter(values))
        });
        written
            .map(drop)
            .map_err(|error| format!("table `{}`: {error}", table.name))
    }

    /// Puts a record in.
    pub(super) fn record(&self, key: &str, value: &[u8]) -> Result<(), CareError> {
        let put = "INSERT INTO _cf_KV(key, value) VALUES(?1, ?2)";
        let written = self
            .database
            .own(|connection| connection.prepare_cached(put)?.execute((key, value)));
        written.map(drop).map_err(CareError::database(self.draft))
    }

    /// Everything is there: it is on disk when this returns.
    pub(super) fn finish(self) -> Result<(), CareError> {
        self.commit()?;
        let failed = CareError::database(self.draft);
        let close = |database: Database| {
            let whole: String = database.own(|connection| {
                connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
            })?;
            let broken = database.own(|connection| {
                let mut check = connection.prepare("PRAGMA foreign_key_check")?;
                check.exists(())
            })?;
            database.connection.close().map_err(|(_, error)| error)?;
            Ok((whole, broken))
        };
        let (whole, broken) = close(self.database).map_err(failed)?;
        if whole != "ok" {
            return Err(CareError::refused(format!(
                "the object's tables do not fit together: {whole}"
            )));
        }
        // It was so where it came from, and says nothing of the rows that are there.
        if broken {
            tracing::warn!("a foreign key of the imported object leads nowhere");
        }
        let synced = std::fs::File::open(self.draft).and_then(|file| file.sync_all());
        synced.map_err(CareError::io(self.draft))
    }

    fn begin(&self) -> Result<(), CareError> {
        let begun = self.database.own(|connection| {
            // A row may be there before the one that it refers to.
            connection.pragma_update(None, "foreign_keys", false)?;
            // Tables of virtual tables are filled by hand.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
            connection.set_limit(Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1_000)?;
            connection.execute_batch("BEGIN")
        });
        begun.map_err(CareError::database(self.draft))
    }

    fn commit(&self) -> Result<(), CareError> {
        let done = self
            .database
            .own(|connection| connection.execute_batch("COMMIT"));
        done.map_err(CareError::database(self.draft))
    }

    fn reopen(&mut self) -> Result<(), CareError> {
        self.database = self.files.reopen_draft(self.draft)?;
        self.begin()
    }
}

/// The statement with casts where bytes are to be texts.
fn casting(text: &str, cells: &[Cell]) -> String {
    let marks: Vec<&str> = cells
        .iter()
        .map(|cell| {
            if cell.cast().is_some() {
                "CAST(? AS TEXT)"
            } else {
                "?"
            }
        })
        .collect();
    let head = text.rsplit_once(" VALUES(").map_or(text, |(head, _)| head);
    format!("{head} VALUES({})", marks.join(", "))
}

fn listed(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    quoted.join(", ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
