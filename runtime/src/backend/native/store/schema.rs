//! The database files: their tables, their settings, and the check that a file is the one it must be.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::folder::Meta;
use super::quarantine::{evident, has_log, is_own_damage, leave};

/// Says "a stayput object file" in SQLite's header ("stpt").
const APPLICATION_ID: i32 = 0x7374_7074;

/// The version of [`TABLES`].
const VERSION: i32 = 1;

/// Longest wait for somebody else's lock: a backup tool, or recovery after a crash.
const BUSY: Duration = Duration::from_secs(5);

// Records refer to their object by the registry's row number, not by its 32-byte id: one to four bytes a record in
// place of 33, and a comparison of integers at every step down the tree.
// A record lies in the primary key's tree itself (WITHOUT ROWID): one lookup for a read, one page for a small write.
const TABLES: &str = "
    CREATE TABLE file(folder TEXT NOT NULL, number INTEGER NOT NULL, resets INTEGER NOT NULL) STRICT;
    CREATE TABLE object(
        row INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        class TEXT NOT NULL,
        name TEXT,
        seq INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        alarm INTEGER
    ) STRICT;
    CREATE INDEX object_alarm ON object(alarm) WHERE alarm IS NOT NULL;
    CREATE TABLE record(
        object INTEGER NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY(object, key)
    ) STRICT, WITHOUT ROWID;";

/// How much a commit survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut.
    #[default]
    Full,
    /// The end of the process only. For tests that open many folders and cut no power.
    Process,
}

/// Opens a file for its writer; `create` while the folder is being made.
pub(super) fn open_writer(
    path: &Path,
    number: usize,
    meta: &Meta,
    durability: Durability,
    create: bool,
) -> Result<Connection, OpenError> {
    let failed = |error: rusqlite::Error| failed(path, &error);
    if let Some(reason) = evident(path).filter(|_| !create) {
        return Err(OpenError::corrupt(path, reason));
    }
    let mut connection = writer(path, durability, create).map_err(failed)?;
    // Until it is known to be the right one, nothing of it is changed.
    if has_log(path) {
        leave(&connection);
    }
    let (id, version) = header(&connection).map_err(failed)?;
    if create && id == 0 && version == 0 {
        make(&mut connection, number, meta).map_err(failed)?;
    } else {
        check(&connection, (id, version), path, number, meta)?;
    }
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(failed)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map_err(failed)?;
    Ok(connection)
}

/// Opens a known file again after an I/O error, and proves by a commit that it can be written. That commit also
/// overwrites whatever the failed one left in the log, so that no later recovery can find it there.
pub(super) fn reopen_writer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = writer(path, durability, false)?;
    connection.execute("UPDATE file SET resets = resets + 1", ())?;
    Ok(connection)
}

/// Opens a file for reading.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    defend(&connection)?;
    Ok(connection)
}

/// As [`open_reader`], but of a file that must be what it is said to be.
pub(super) fn open_checked(
    path: &Path,
    number: usize,
    meta: &Meta,
) -> Result<Connection, OpenError> {
    let failed = |error: rusqlite::Error| failed(path, &error);
    if let Some(reason) = evident(path) {
        return Err(OpenError::corrupt(path, reason));
    }
    let connection = open_reader(path).map_err(failed)?;
    let header = header(&connection).map_err(failed)?;
    check(&connection, header, path, number, meta)?;
    Ok(connection)
}

fn writer(path: &Path, durability: Durability, create: bool) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    defend(&connection)?;
    // The writer decides itself when to checkpoint: after the gates, not inside a commit that somebody waits for.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(
        None,
        "synchronous",
        if durability == Durability::Full {
            "FULL"
        } else {
            "OFF"
        },
    )?;
    Ok(connection)
}

pub(super) fn defend(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Otherwise a statement with a range is prepared anew whenever another value is bound to it: three times the cost of a scan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn header(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    Ok((
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
    ))
}

/// Everything in one transaction: an interrupted folder holds whole files and empty ones, nothing between.
fn make(connection: &mut Connection, number: usize, meta: &Meta) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    transaction.execute("INSERT INTO file VALUES(?1, ?2, 0)", (&meta.folder, number))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Why a file cannot be opened: damage, or whatever else there is to mend.
fn failed(path: &Path, error: &rusqlite::Error) -> OpenError {
    if is_own_damage(error) || matches!(error, rusqlite::Error::QueryReturnedNoRows) {
        OpenError::corrupt(path, error.to_string())
    } else {
        OpenError::io(path)(std::io::Error::other(error.to_string()))
    }
}

fn check(
    connection: &Connection,
    (id, version): (i32, i32),
    path: &Path,
    number: usize,
    meta: &Meta,
) -> Result<(), OpenError> {
    // An empty file is a valid database: without this check a truncated one would be taken for new.
    if id != APPLICATION_ID {
        return Err(OpenError::corrupt(
            path,
            "it is empty or not an object file",
        ));
    }
    if version != VERSION {
        let stored = u32::try_from(version).unwrap_or(u32::MAX);
        return Err(OpenError::Newer {
            file: path.to_owned(),
            stored,
            known: VERSION.unsigned_abs(),
        });
    }
    let (folder, found): (String, i64) = connection
        .query_row("SELECT folder, number FROM file", (), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(|error| failed(path, &error))?;
    if folder != meta.folder || usize::try_from(found) != Ok(number) {
        return Err(OpenError::corrupt(
            path,
            format!("it is file {found} of data folder {folder}"),
        ));
    }
    Ok(())
}
