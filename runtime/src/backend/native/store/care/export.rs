//! One object, written as a text.

use std::io::Write;
use std::path::Path;

use rusqlite::Connection;

use super::super::sql::{DESTROYED, ELSEWHERE};
use super::address::Address;
use super::records::OwnRecords;
use super::view::{Row, View, find};
use super::{CareError, tables};
use crate::app::App;
use crate::object::Target;
use crate::transfer::{DocumentWriter, Header, Line};

pub(super) type Writer<'a> = DocumentWriter<&'a mut dyn Write>;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Records.
    pub records: u64,
    /// Rows of tables.
    pub rows: u64,
}

/// Writes an object of a data folder: as it is between two commits, whether a server runs there or not.
///
/// # Errors
///
/// There is no such object, or it cannot be read.
pub fn export(
    folder: &Path,
    app: &App,
    address: &Address,
    out: &mut dyn Write,
) -> Result<Exported, CareError> {
    let (class, target) = address.find(app)?;
    let view = View::open(folder, app.name())?;
    let number = view.file_of(target.id);
    let none = || {
        CareError::refused(format!(
            "there is no object {address} in `{}`",
            folder.display()
        ))
    };
    let shared = view.shared(number)?;
    let failed = || CareError::database(view.database(number));
    // One look at everything: a commit between two reads would be half of one.
    shared.execute_batch("BEGIN").map_err(failed())?;
    let row = find(&shared, target.id).map_err(failed())?;
    let path = view.sql.path_of(target.id);
    let mut header = Header::new(
        (app.name(), app.version()),
        class.path,
        (name_of(&target, row.as_ref()), target.id),
    );
    if row.as_ref().is_some_and(|row| row.seq == DESTROYED) {
        return Err(none());
    }
    if path.exists() {
        // What is not read any more does not hold up the log.
        shared.execute_batch("ROLLBACK").map_err(failed())?;
        header.sql = true;
        let connection = view.sql.open_reader(&path)?;
        let broken = || CareError::database(&path);
        connection.execute_batch("BEGIN").map_err(broken())?;
        let alarm = OwnRecords(&connection).alarm()?;
        let alarm = alarm.into_iter().chain(row.and_then(|row| row.alarm)).min();
        let mut writer = Writer::new(out, &header)?;
        let all = "SELECT key, value FROM _cf_KV ORDER BY key";
        records(&connection, all, (), &mut writer, broken)?;
        write_alarm(alarm, &mut writer)?;
        tables::dump(&connection, &mut writer)?;
        return end(writer);
    }
    let row = match row {
        Some(row) if row.seq > 0 => row,
        Some(row) if row.seq == ELSEWHERE => {
            return Err(CareError::refused(format!(
                "the file of {address} is missing: `{}`; restore it from a backup",
                path.display()
            )));
        }
        _ => return Err(none()),
    };
    let mut writer = Writer::new(out, &header)?;
    let all = "SELECT key, value FROM record WHERE object = ?1 ORDER BY key";
    records(&shared, all, (row.number,), &mut writer, failed)?;
    write_alarm(row.alarm, &mut writer)?;
    end(writer)
}

fn name_of(target: &Target, row: Option<&Row>) -> Option<String> {
    let stored = row.and_then(|row| row.name.clone());
    target.name.as_deref().map(str::to_owned).or(stored)
}

fn records<F: FnOnce(rusqlite::Error) -> CareError>(
    connection: &Connection,
    text: &str,
    params: impl rusqlite::Params,
    writer: &mut Writer<'_>,
    failed: impl Fn() -> F,
) -> Result<(), CareError> {
    let mut statement = connection.prepare(text).map_err(failed())?;
    let mut rows = statement.query(params).map_err(failed())?;
    while let Some(row) = rows.next().map_err(failed())? {
        let key: String = row.get(0).map_err(failed())?;
        let value = row.get_ref(1).map_err(failed())?;
        let value = value.as_bytes().map_err(|error| failed()(error.into()))?;
        writer.record(&key, value)?;
    }
    Ok(())
}

fn write_alarm(alarm: Option<i64>, writer: &mut Writer<'_>) -> Result<(), CareError> {
    match alarm {
        Some(alarm) => Ok(writer.write(&Line::Alarm(alarm))?),
        None => Ok(()),
    }
}

fn end(mut writer: Writer<'_>) -> Result<Exported, CareError> {
    let written = Exported {
        records: writer.records,
        rows: writer.rows,
    };
    writer.end()?;
    Ok(written)
}
