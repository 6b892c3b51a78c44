//! Reading one database file from its shard's thread.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, Rows};

use super::quarantine::{Quarantine, is_own_damage};
use super::schema;
use crate::backend::{Record, Scan, Seq, StorageFault};
use crate::object::{ObjectId, Target, Timestamp};

const GET: &str = "SELECT value FROM record WHERE object = ?1 AND key = ?2";
const UP_TO: &str =
    "SELECT key, value FROM record WHERE object = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";
const UP: &str = "SELECT key, value FROM record WHERE object = ?1 AND key >= ?2 ORDER BY key";
const DOWN_FROM: &str =
    "SELECT key, value FROM record WHERE object = ?1 AND key >= ?2 AND key < ?3 ORDER BY key DESC";
const DOWN: &str =
    "SELECT key, value FROM record WHERE object = ?1 AND key >= ?2 ORDER BY key DESC";
const FIND: &str = "SELECT row, seq, name, alarm FROM object WHERE id = ?1";
const ALARMS: &str = "SELECT id, class, name, alarm FROM object WHERE alarm IS NOT NULL AND alarm <= ?1 ORDER BY alarm";
const NEXT_ALARM: &str = "SELECT min(alarm) FROM object WHERE alarm IS NOT NULL";

/// From so many reads on, those of a poll round are one transaction: locking the file costs more than most reads do.
const APART: u32 = 8;

/// A file's connection for reading, opened at the first read. A read is a transaction of its own that ends before the call
/// does, or, where there are many, a part of one that ends with the poll round: readers must not keep the log from being
/// carried over. What is committed meanwhile, the round still knows as pending.
pub(super) struct Reader {
    number: usize,
    path: PathBuf,
    connection: RefCell<Option<Connection>>,
    /// How many records and ranges were read since the round began.
    reads: Cell<u32>,
    /// Whether they are in a transaction.
    together: Cell<bool>,
    quarantine: Arc<Quarantine>,
}

/// An object's row in the registry.
pub(super) struct Registered {
    pub(super) row: i64,
    /// The number of its last commit; 0 and less have a meaning for objects with SQL.
    pub(super) seq: Seq,
    pub(super) name: Option<Arc<str>>,
    pub(super) alarm: Option<Timestamp>,
}

/// What a commit that is not in the file yet did to a record.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Put(&'a [u8]),
    Delete,
}

/// Changes that are not in the file yet, the last one of each key.
pub(super) type Overlay<'a> = BTreeMap<&'a str, Change<'a>>;

impl Reader {
    pub(super) fn new(number: usize, path: PathBuf, quarantine: Arc<Quarantine>) -> Self {
        Self {
            number,
            path,
            connection: RefCell::new(None),
            reads: Cell::new(0),
            together: Cell::new(false),
            quarantine,
        }
    }

    /// Whether the file may be used.
    pub(super) fn sound(&self) -> Result<(), StorageFault> {
        self.quarantine.shared(self.number)
    }

    /// The file's number.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Forgets what it knows of the file.
    pub(super) fn close(&self) {
        self.together.set(false);
        self.connection.take();
    }

    /// The poll round is over: the next read sees what is in the file by then.
    pub(super) fn end_round(&self) {
        self.reads.set(0);
        if !self.together.replace(false) {
            return;
        }
        let mut connection = self.connection.borrow_mut();
        // One that cannot end its transaction is not kept.
        if let Some(open) = connection.as_ref()
            && let Err(error) = (open.prepare_cached("COMMIT")).and_then(|mut end| end.execute(()))
        {
            tracing::warn!(file = self.number, %error, "cannot end a transaction of reads");
            connection.take();
        }
    }

    pub(super) fn find(&self, id: ObjectId) -> Result<Option<Registered>, StorageFault> {
        // Rows of objects with SQL change without a commit that is pending here.
        self.end_round();
        self.with(|connection| {
            let registered = |row: &Row<'_>| {
                Ok(Registered {
                    row: row.get(0)?,
                    seq: row.get::<_, i64>(1)?.cast_unsigned(),
                    name: row.get(2)?,
                    alarm: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                })
            };
            connection
                .prepare_cached(FIND)?
                .query_row((id.as_bytes(),), registered)
                .optional()
        })
    }

    pub(super) fn get(&self, row: i64, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        self.with_records(|connection| {
            connection
                .prepare_cached(GET)?
                .query_row((row, key), |row| row.get(0))
                .optional()
        })
    }

    /// The object's records in the range, `overlay` (all of it inside the range) laid over those of the file.
    pub(super) fn scan(
        &self,
        row: i64,
        scan: &Scan<'_>,
        overlay: &Overlay<'_>,
    ) -> Result<Vec<Record>, StorageFault> {
        self.with_records(|connection| {
            let mut statement = connection.prepare_cached(match (scan.end, scan.reverse) {
                (Some(_), false) => UP_TO,
                (None, false) => UP,
                (Some(_), true) => DOWN_FROM,
                (None, true) => DOWN,
            })?;
            let rows = match scan.end {
                Some(end) => statement.query((row, scan.start, end))?,
                None => statement.query((row, scan.start))?,
            };
            merge(rows, scan, overlay)
        })
    }

    /// Objects with an alarm at `before` or earlier, earliest first.
    pub(super) fn alarms(
        &self,
        before: Timestamp,
    ) -> Result<Vec<(Target, Timestamp)>, StorageFault> {
        self.end_round();
        let target = |row: &Row<'_>| {
            let (id, class, name) = (ObjectId::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?);
            Ok((
                Target { class, id, name },
                Timestamp::from_millis(row.get(3)?),
            ))
        };
        self.with(|connection| {
            connection
                .prepare_cached(ALARMS)?
                .query_map((before.as_millis(),), target)?
                .collect()
        })
    }

    pub(super) fn next_alarm(&self) -> Result<Option<Timestamp>, StorageFault> {
        self.end_round();
        let millis: Option<i64> = self.with(|connection| {
            connection
                .prepare_cached(NEXT_ALARM)?
                .query_row((), |row| row.get(0))
        })?;
        Ok(millis.map(Timestamp::from_millis))
    }

    /// A read of records, in one transaction with others if there are many.
    fn with_records<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageFault> {
        let reads = self.reads.get().saturating_add(1);
        self.reads.set(reads);
        self.with(|connection| {
            if reads > APART && !self.together.get() {
                connection.prepare_cached("BEGIN")?.execute(())?;
                self.together.set(true);
            }
            read(connection)
        })
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageFault> {
        self.sound()?;
        let mut slot = self.connection.borrow_mut();
        let connection = match slot.take() {
            Some(connection) => connection,
            None => schema::open_reader(&self.path).map_err(|error| self.fault(&error))?,
        };
        // A connection that failed is not kept.
        let value = read(&connection).map_err(|error| {
            self.together.set(false);
            self.fault(&error)
        })?;
        *slot = Some(connection);
        Ok(value)
    }

    fn fault(&self, error: &rusqlite::Error) -> StorageFault {
        if is_own_damage(error) {
            return self
                .quarantine
                .close_shared(self.number, &error.to_string());
        }
        if !self.path.exists() {
            return self.quarantine.close_shared(self.number, "it is missing");
        }
        StorageFault::Io(error.to_string())
    }
}

/// The overlay's records in the order of the scan.
pub(super) fn overlay_only(scan: &Scan<'_>, overlay: &Overlay<'_>) -> Vec<Record> {
    in_order(scan, overlay)
        .filter_map(|(key, change)| present(key, change))
        .take(scan.limit)
        .collect()
}

type Changes<'a> = Box<dyn Iterator<Item = (&'a str, Change<'a>)> + 'a>;

fn in_order<'a>(scan: &Scan<'_>, overlay: &'a Overlay<'_>) -> Changes<'a> {
    let changes = overlay.iter().map(|(key, change)| (*key, *change));
    if scan.reverse {
        Box::new(changes.rev())
    } else {
        Box::new(changes)
    }
}

fn present(key: &str, change: Change<'_>) -> Option<Record> {
    match change {
        Change::Put(value) => Some(record(key, value)),
        Change::Delete => None,
    }
}

fn merge(
    mut rows: Rows<'_>,
    scan: &Scan<'_>,
    overlay: &Overlay<'_>,
) -> rusqlite::Result<Vec<Record>> {
    let mut found = Vec::new();
    let mut over = in_order(scan, overlay);
    let mut above = over.next();
    while found.len() < scan.limit {
        let Some(row) = rows.next()? else { break };
        let key = row.get_ref(0)?.as_str()?;
        // What the overlay has before this row.
        while let Some((over_key, change)) = above
            && found.len() < scan.limit
            && if scan.reverse {
                over_key > key
            } else {
                over_key < key
            }
        {
            found.extend(present(over_key, change));
            above = over.next();
        }
        if found.len() == scan.limit {
            break;
        }
        match above {
            Some((over_key, change)) if over_key == key => {
                found.extend(present(over_key, change));
                above = over.next();
            }
            _ => found.push(record(key, row.get_ref(1)?.as_blob()?)),
        }
    }
    let rest = above
        .into_iter()
        .chain(over)
        .filter_map(|(key, change)| present(key, change));
    let room = scan.limit - found.len();
    found.extend(rest.take(room));
    Ok(found)
}

fn record(key: &str, value: &[u8]) -> Record {
    Record {
        key: key.to_owned(),
        value: value.to_vec(),
    }
}
