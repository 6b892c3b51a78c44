//! The records of a file that is only looked at, as whoever reads an object's records knows them.

use rusqlite::{Connection, OptionalExtension as _};

use crate::backend::{Commit, ObjectStore, Record, Scan, Seq, StorageFault};
use crate::object::{Timestamp, earliest_alarm};

/// The records in the file of an object with SQL.
pub(super) struct OwnRecords<'a>(pub(super) &'a Connection);

impl OwnRecords<'_> {
    /// When the object wants to be woken.
    pub(super) fn alarm(&self) -> Result<Option<i64>, StorageFault> {
        Ok(earliest_alarm(self)?.map(Timestamp::as_millis))
    }
}

fn told(error: &rusqlite::Error) -> StorageFault {
    StorageFault::Io(error.to_string())
}

impl ObjectStore for OwnRecords<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        let text = "SELECT value FROM _cf_KV WHERE key = ?1";
        let found = self.0.query_row(text, (key,), |row| row.get(0)).optional();
        found.map_err(|error| told(&error))
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        let text = "SELECT key, value FROM _cf_KV WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) ORDER BY key";
        let record = |row: &rusqlite::Row<'_>| {
            Ok(Record {
                key: row.get(0)?,
                value: row.get(1)?,
            })
        };
        let read = || {
            let mut statement = self.0.prepare_cached(text)?;
            let rows = statement.query_map((scan.start, scan.end), record)?;
            rows.take(scan.limit).collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| told(&error))
    }

    fn commit(&self, _: Commit) -> Result<Seq, StorageFault> {
        Err(StorageFault::Fenced)
    }

    fn gate(&self, _: Seq, release: Box<dyn FnOnce(Result<(), StorageFault>)>) {
        release(Err(StorageFault::Fenced));
    }
}
