//! Files that are damaged. Nothing reads or writes them any more, so that nothing gets worse and nothing wrong is answered;
//! all others go on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, ffi};

use crate::backend::StorageFault;

/// What a data folder has of damaged files, as far as this run of the program knows.
#[derive(Debug)]
pub(super) struct Quarantine {
    /// By number: what is wrong with a shared file.
    shared: Vec<OnceLock<String>>,
    /// By path: what is wrong with an object's own.
    own: Mutex<BTreeMap<PathBuf, String>>,
    /// Whether a server runs, whose log is to say so.
    serves: bool,
}

impl Quarantine {
    pub(super) fn new(files: usize, serves: bool) -> Self {
        Self {
            serves,
            shared: (0..files).map(|_| OnceLock::new()).collect(),
            own: Mutex::default(),
        }
    }

    /// Whether a shared file may be used.
    pub(super) fn shared(&self, number: usize) -> Result<(), StorageFault> {
        match self.shared.get(number).and_then(OnceLock::get) {
            Some(reason) => Err(StorageFault::Quarantined(reason.clone())),
            None => Ok(()),
        }
    }

    /// Leaves a shared file alone from now on.
    pub(super) fn close_shared(&self, number: usize, reason: &str) -> StorageFault {
        let reason = format!("`objects-{number}.sqlite` is damaged: {reason}");
        if let Some(slot) = self.shared.get(number)
            && slot.set(reason.clone()).is_ok()
            && self.serves
        {
            tracing::error!("{reason}; its objects answer `storage.quarantined`, all others go on");
        }
        self.shared(number)
            .err()
            .unwrap_or(StorageFault::Quarantined(reason))
    }

    /// Whether an object's own file may be used.
    pub(super) fn own(&self, path: &Path) -> Result<(), StorageFault> {
        match self.lock().get(path) {
            Some(reason) => Err(StorageFault::Quarantined(reason.clone())),
            None => Ok(()),
        }
    }

    /// Leaves an object's own file alone from now on.
    pub(super) fn close_own(&self, path: &Path, reason: &str) -> StorageFault {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let reason = format!("`{name}` is damaged: {reason}");
        let known = self.lock().insert(path.to_owned(), reason.clone());
        if known.is_none() && self.serves {
            tracing::error!("{reason}; its object answers `storage.quarantined`, all others go on");
        }
        StorageFault::Quarantined(reason)
    }

    /// What whoever watches the server is told; `None` if nothing is damaged.
    pub(super) fn report(&self) -> Option<String> {
        let shared = self.shared.iter().filter_map(OnceLock::get).cloned();
        let found: Vec<String> = shared.chain(self.lock().values().cloned()).collect();
        (!found.is_empty()).then(|| found.join("; "))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, String>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error says that a file is not what was written. A table for full-text search that does not fit what it is of
/// says the same of itself, and is the author's affair.
pub(super) fn is_damage(error: &Error) -> bool {
    let is_virtual = error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == ffi::SQLITE_CORRUPT_VTAB);
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    ) && !is_virtual
}

/// The same of a statement of our own, whose columns have types that no row can lack.
pub(super) fn is_own_damage(error: &Error) -> bool {
    is_damage(error)
        || matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..)
        )
}

/// Bytes of a page of every file.
const PAGE: u64 = 4_096;

/// What is wrong with a file as anybody can see, before SQLite does: of an empty one it would remove the log.
pub(super) fn evident(path: &Path) -> Option<&'static str> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() == 0 => Some("it is empty"),
        // Pages are written whole. After a crash the last may be half of one, and the log has all of it.
        Ok(file) if file.len() % PAGE != 0 && !has_log(path) => Some("it is no whole database"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("it is missing"),
        _ => None,
    }
}

/// Whether a database has a log that whoever closes it would carry over.
pub(super) fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Has a connection leave its file as it is when it is closed: the log is not carried over.
pub(super) fn leave(connection: &Connection) {
    // The worst that can happen is what would have happened without.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .ok();
}
