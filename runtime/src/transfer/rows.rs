//! The tables of an object, out of a backend's SQL and into it: the same statements on both.
//!
//! Platforms read numbers as floats, so each value comes as a text or blob that says what it is: `=` and a text, `#` and an
//! integer, `~` and a float.

use super::cell::Other;
use super::export::{Outlet, PIECE, unwritten};
use super::{Cell, DocumentWriter, Line, Schema, TableLine};
use crate::backend::{RowSink, SqlStore, Statement};
use crate::error::Code;
use crate::rpc::WireError;
use crate::sql::SqlValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What makes the parts of a database, but for SQLite's own and the runtime's.
const SCHEMA: &str = "SELECT type, name, sql, tbl_name FROM sqlite_master WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_' \
                      AND substr(name, 1, 4) <> '_cf_' ORDER BY type <> 'table', rowid";

/// Where numbers of `AUTOINCREMENT` are. SQLite makes it with the first such table.
const SEQUENCE: &str = "sqlite_sequence";

/// All tables that have rows of their own, the one of SQLite's that counts last.
const TABLES: &str = "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('shadow', 'table') \
                      AND substr(name, 1, 4) <> '_cf_' AND (substr(name, 1, 7) <> 'sqlite_' OR name = 'sqlite_sequence') \
                      ORDER BY name = 'sqlite_sequence', name";

/// Columns but for generated ones.
const COLUMNS: &str = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid";

/// Writes all tables. What a virtual one keeps in tables of its own is written as it is.
pub(super) async fn dump(store: &dyn SqlStore, out: &mut Outlet<'_>) -> Result<(), Box<WireError>> {
    let tables = read(store, TABLES, &[])?;
    let is_shadow = |name: &str| {
        let mut tables = tables.iter();
        tables.any(|table| text(table, 0) == name && text(table, 1) == "shadow")
    };
    let schema = read(store, SCHEMA, &[])?;
    let schema = schema.iter().filter(|part| !is_shadow(text(part, 3)));
    let mut schema = schema.map(|part| Schema {
        kind: text(part, 0).to_owned(),
        name: text(part, 1).to_owned(),
        sql: text(part, 2).to_owned(),
    });
    let mut later = None;
    for part in schema.by_ref() {
        if part.kind != "table" {
            later = Some(part);
            break;
        }
        out.writer.write(&Line::Schema(part)).map_err(unwritten)?;
    }
    for table in &tables {
        let without_rowid = matches!(table.get(2), Some(SqlValue::Integer(wr)) if *wr != 0);
        dump_rows(store, table, without_rowid, out).await?;
    }
    // After the rows: indexes are built once, triggers do not fire.
    for part in later.into_iter().chain(schema) {
        out.writer.write(&Line::Schema(part)).map_err(unwritten)?;
    }
    Ok(())
}

async fn dump_rows(
    store: &dyn SqlStore,
    table: &[SqlValue],
    without_rowid: bool,
    out: &mut Outlet<'_>,
) -> Result<(), Box<WireError>> {
    let name = text(table, 0);
    let columns = read(store, COLUMNS, &[SqlValue::Text(name.to_owned())])?;
    let mut columns: Vec<String> = columns.iter().map(|row| text(row, 0).to_owned()).collect();
    let mut order = Order::Place;
    if without_rowid {
        order = Order::of_key(store, name, &columns)?;
    } else {
        let is_taken = |name: &&str| {
            let taken = |column: &String| column.eq_ignore_ascii_case(name);
            columns.iter().any(taken)
        };
        let number = ["rowid", "_rowid_", "oid"];
        let number = number.into_iter().find(|name| !is_taken(name));
        if let Some(number) = number {
            columns.insert(0, number.to_owned());
            order = Order::Keys(vec![(quoted(number), 0)]);
        }
    }
    let line = TableLine {
        name: name.to_owned(),
        columns,
        shadow: text(table, 1) == "shadow",
    };
    (out.writer.write(&Line::Table(line.clone()))).map_err(unwritten)?;
    let tagged = |column: &String| {
        let column = quoted(column);
        format!(
            "CASE typeof({column}) WHEN 'text' THEN '=' || {column} WHEN 'integer' THEN '#' || {column} \
             WHEN 'real' THEN '~' || quote({column}) ELSE {column} END"
        )
    };
    let list: Vec<String> = line.columns.iter().map(tagged).collect();
    let all = format!("SELECT {} FROM {}", list.join(", "), quoted(name));
    let mut paused = None;
    loop {
        let (statement, params) = order.after(&all, paused.as_ref());
        let mut sink = Rows {
            out: &mut out.writer,
            order: &order,
            before: paused.map_or(0, |last: Last| last.rows),
            stopped: None,
            broken: None,
        };
        run(store, &statement, &params, true, &mut sink)?;
        if let Some(error) = sink.broken {
            return Err(error);
        }
        match sink.stopped {
            Some(stopped) => paused = Some(stopped),
            None => return Ok(()),
        }
        out.send(0).await?;
    }
}

/// How the rows of a table are found again after a pause.
enum Order {
    /// Behind the values of these columns, each at its place among those that are read.
    Keys(Vec<(String, usize)>),
    /// By counting: of tables whose own order no comparison of rows has.
    Place,
}

/// The row before a pause.
struct Last {
    keys: Vec<SqlValue>,
    /// How many rows there were.
    rows: u64,
}

impl Order {
    /// That of a table without row numbers: by its primary key, as that is compared.
    fn of_key(
        store: &dyn SqlStore,
        name: &str,
        columns: &[String],
    ) -> Result<Self, Box<WireError>> {
        const KEY: &str = "SELECT part.name, part.coll, part.desc FROM pragma_index_list(?) AS list, pragma_index_xinfo(list.name) AS part \
                           WHERE list.origin = 'pk' AND part.key = 1 ORDER BY part.seqno";
        let parts = read(store, KEY, &[SqlValue::Text(name.to_owned())])?;
        let descends = |part: &Vec<SqlValue>| !matches!(part.get(2), Some(SqlValue::Integer(0)));
        if parts.is_empty() || parts.iter().any(descends) {
            return Ok(Self::Place);
        }
        let keys = parts.iter().map(|part| {
            let at = columns.iter().position(|column| column == text(part, 0))?;
            let (column, collation) = (quoted(text(part, 0)), quoted(text(part, 1)));
            Some((format!("{column} COLLATE {collation}"), at))
        });
        Ok(keys.collect::<Option<_>>().map_or(Self::Place, Self::Keys))
    }

    /// The statement that reads all rows, or those after one.
    fn after(&self, all: &str, last: Option<&Last>) -> (String, Vec<SqlValue>) {
        match (self, last) {
            (Self::Keys(keys), last) => {
                let columns: Vec<&str> = keys.iter().map(|(column, _)| column.as_str()).collect();
                let columns = columns.join(", ");
                let Some(last) = last else {
                    return (format!("{all} ORDER BY {columns}"), Vec::new());
                };
                let marks = vec!["?"; keys.len()].join(", ");
                let rest = format!("{all} WHERE ({columns}) > ({marks}) ORDER BY {columns}");
                (rest, last.keys.clone())
            }
            (Self::Place, None) => (all.to_owned(), Vec::new()),
            (Self::Place, Some(last)) => {
                (format!("{all} LIMIT -1 OFFSET {}", last.rows), Vec::new())
            }
        }
    }

    fn keys(&self, cells: &[Cell]) -> Option<Vec<SqlValue>> {
        match self {
            Self::Keys(keys) => {
                let keys = keys.iter().map(|(_, at)| value(cells.get(*at)?.clone()));
                keys.collect()
            }
            Self::Place => Some(Vec::new()),
        }
    }
}

/// Writes rows as they come, up to a pause.
struct Rows<'a> {
    out: &'a mut DocumentWriter<Vec<u8>>,
    order: &'a Order,
    before: u64,
    stopped: Option<Last>,
    broken: Option<Box<WireError>>,
}

impl Rows<'_> {
    /// Writes a row; whether others may follow it at once.
    fn write(&mut self, values: Vec<SqlValue>) -> Result<bool, Box<WireError>> {
        let cells: Option<Vec<Cell>> = values.into_iter().map(cell).collect();
        let known = cells.and_then(|cells| Some((self.order.keys(&cells)?, cells)));
        let (keys, cells) = known.ok_or_else(|| failed("a value of a table cannot be read"))?;
        self.out.row(cells).map_err(unwritten)?;
        self.before += 1;
        if self.out.out.len() < PIECE {
            return Ok(true);
        }
        let rows = self.before;
        self.stopped = Some(Last { keys, rows });
        Ok(false)
    }
}

impl RowSink for Rows<'_> {
    fn columns(&mut self, _: Vec<String>) {}

    fn row(&mut self, values: Vec<SqlValue>) -> bool {
        self.write(values).unwrap_or_else(|error| {
            self.broken = Some(error);
            false
        })
    }
}

fn cell(value: SqlValue) -> Option<Cell> {
    Some(match value {
        SqlValue::Null => Cell::Null(()),
        SqlValue::Blob(bytes) => Cell::Other(Other::Blob(STANDARD.encode(bytes))),
        SqlValue::Text(text) => match text.split_at_checked(1)? {
            ("=", _) => Cell::Text(text.get(1..)?.to_owned()),
            ("#", number) => Cell::Integer(number.parse().ok()?),
            ("~", number) => {
                // SQLite's own ways to write what is beyond all floats.
                let real = match number {
                    "Inf" | "9.0e+999" => f64::INFINITY,
                    "-Inf" | "-9.0e+999" => f64::NEG_INFINITY,
                    number => number.parse().ok()?,
                };
                Cell::Other(Other::Real(format!("{real:?}")))
            }
            _ => return None,
        },
        SqlValue::Integer(_) | SqlValue::Real(_) => return None,
    })
}

fn value(cell: Cell) -> Option<SqlValue> {
    Some(match cell {
        Cell::Null(()) => SqlValue::Null,
        Cell::Integer(integer) => SqlValue::Integer(integer),
        Cell::Text(text) => SqlValue::Text(text),
        Cell::Other(Other::Real(real)) => SqlValue::Real(real.parse().ok()?),
        Cell::Other(Other::Blob(bytes)) => SqlValue::Blob(STANDARD.decode(bytes).ok()?),
        Cell::Other(Other::Text(_)) => return None,
    })
}

/// Makes and fills the tables of an object that has none.
#[derive(Default)]
pub(super) struct Fill {
    table: Option<(String, usize)>,
}

impl Fill {
    pub(super) fn take(&mut self, store: &dyn SqlStore, line: Line<'_>) -> Result<(), String> {
        match line {
            Line::Schema(part) => make(store, &part),
            Line::Table(table) => self.turn_to(store, &table),
            Line::Row(cells) => self.fill(store, cells),
            _ => Err("it is not about tables".to_owned()),
        }
    }

    fn turn_to(&mut self, store: &dyn SqlStore, table: &TableLine) -> Result<(), String> {
        let begins = |with: &str| {
            let start = table.name.get(..with.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        let counts = table.name.eq_ignore_ascii_case(SEQUENCE);
        if table.shadow || begins("_cf_") || (begins("sqlite_") && !counts) {
            return Err(format!(
                "`{}` is no table of an object that moves over HTTP",
                table.name
            ));
        }
        if self.table.is_none() {
            // A row may be there before the one that it refers to.
            let defer = "PRAGMA defer_foreign_keys = 1";
            run(store, defer, &[], false, &mut Nothing)
                .map_err(|error| error.message.into_owned())?;
        }
        if counts {
            let clear = format!("DELETE FROM {}", quoted(&table.name));
            run(store, &clear, &[], false, &mut Nothing)
                .map_err(|error| error.message.into_owned())?;
        }
        let columns: Vec<String> = table.columns.iter().map(|column| quoted(column)).collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let insert = format!(
            "INSERT INTO {}({}) VALUES({marks})",
            quoted(&table.name),
            columns.join(", ")
        );
        self.table = Some((insert, columns.len()));
        Ok(())
    }

    fn fill(&mut self, store: &dyn SqlStore, cells: Vec<Cell>) -> Result<(), String> {
        let Some((insert, columns)) = &self.table else {
            return Err("a row without a table".to_owned());
        };
        if cells.len() != *columns {
            return Err(format!("a row of {columns} values has {}", cells.len()));
        }
        let values: Option<Vec<SqlValue>> = cells.into_iter().map(value).collect();
        let values = values.ok_or("a row has what is no value, or a text that is not UTF-8")?;
        let written = run(store, insert, &values, false, &mut Nothing);
        written.map_err(|error| error.message.into_owned())
    }
}

/// Makes a table, an index, a view or a trigger.
fn make(store: &dyn SqlStore, part: &Schema) -> Result<(), String> {
    let mut words = part.sql.split_ascii_whitespace();
    let create = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("create"));
    if !create {
        return Err(format!("`{}` is not made by `CREATE`", part.name));
    }
    if words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("virtual"))
    {
        return Err(format!(
            "`{}` is a virtual table, which does not move over HTTP: take the command `import`",
            part.name
        ));
    }
    // As a statement of the object's: nothing that it may not do is done here, and nothing behind it.
    let made = run(store, &part.sql, &[], false, &mut Nothing);
    made.map_err(|error| format!("`{}` cannot be made: {}", part.name, error.message))
}

/// Rows that nobody wants.
struct Nothing;

impl RowSink for Nothing {
    fn columns(&mut self, _: Vec<String>) {}

    fn row(&mut self, _: Vec<SqlValue>) -> bool {
        true
    }
}

/// All rows.
struct All(Vec<Vec<SqlValue>>);

impl RowSink for All {
    fn columns(&mut self, _: Vec<String>) {}

    fn row(&mut self, values: Vec<SqlValue>) -> bool {
        self.0.push(values);
        true
    }
}

fn read(
    store: &dyn SqlStore,
    text: &str,
    params: &[SqlValue],
) -> Result<Vec<Vec<SqlValue>>, Box<WireError>> {
    let mut rows = All(Vec::new());
    run(store, text, params, true, &mut rows)?;
    Ok(rows.0)
}

fn run(
    store: &dyn SqlStore,
    text: &str,
    params: &[SqlValue],
    read_only: bool,
    rows: &mut dyn RowSink,
) -> Result<(), Box<WireError>> {
    let statement = Statement {
        text,
        params,
        single: true,
        changes_rows: false,
        read_only,
    };
    let ran = store.run(&statement, rows);
    ran.map(drop).map_err(|error| failed(&error.to_string()))
}

fn failed(message: &str) -> Box<WireError> {
    Box::new(WireError::framework(Code::Storage, message.to_owned()))
}

/// A column of a row that is a text.
fn text(row: &[SqlValue], column: usize) -> &str {
    match row.get(column) {
        Some(SqlValue::Text(text)) => text,
        _ => "",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
