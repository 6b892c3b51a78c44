//! Turns of an object with SQL as transactions, and the statements in them.

use std::sync::PoisonError;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Connection};

use super::super::faults::Point;
use super::super::quarantine::is_damage;
use super::convert;
use super::object::SqlObject;
use crate::backend::{Counts, RowSink, SqlStore, Statement, StorageFault};
use crate::sql::{SqlError, SqlFault};

/// An open transaction or savepoint. Dropped without having been kept, as a panic drops it, it is undone.
struct Open<'a> {
    object: &'a SqlObject,
    depth: usize,
    kept: bool,
}

impl<'a> Open<'a> {
    fn begin(object: &'a SqlObject) -> Result<Self, StorageFault> {
        let depth = object.depth.get();
        let begin = match depth {
            0 => "BEGIN".to_owned(),
            _ => format!("SAVEPOINT part{depth}"),
        };
        object.execute(&begin)?;
        object.depth.set(depth + 1);
        Ok(Self {
            object,
            depth,
            kept: false,
        })
    }

    fn keep(mut self) -> Result<(), StorageFault> {
        if self.depth == 0 {
            self.object.commit_turn()?;
        } else {
            let release = format!("RELEASE part{}", self.depth);
            self.object.execute(&release)?;
        }
        self.object.depth.set(self.depth);
        self.kept = true;
        Ok(())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (object, depth) = (self.object, self.depth);
        object.depth.set(depth);
        if depth > 0 {
            // If it cannot be undone alone, nothing of the turn is kept: its commit finds no transaction.
            let undo = format!("ROLLBACK TO part{depth}; RELEASE part{depth}");
            if object.execute(&undo).is_err() {
                object.lost.set(true);
            }
            return;
        }
        let open = !object.database.borrow().connection.is_autocommit();
        if open && object.execute("ROLLBACK").is_err() {
            object.lost.set(true);
        }
        // What was accepted did not happen: this instance's memory of it is void.
        if object.committed.replace(false) {
            object.lost.set(true);
        }
        object.alarm.set(None);
        object.doomed.set(false);
        for release in object.gates.take() {
            release(Err(StorageFault::Fenced));
        }
    }
}

impl SqlObject {
    fn execute(&self, text: &str) -> Result<(), StorageFault> {
        let database = self.database.borrow();
        let run = |connection: &Connection| connection.execute_batch(text);
        let ran = database.own(run);
        ran.map_err(|error| self.fault(&error))
    }

    /// A failed statement of the object's.
    fn told(&self, error: &rusqlite::Error) -> SqlError {
        if is_damage(error) {
            self.fault(error).into()
        } else {
            convert::error(error)
        }
    }

    /// Commits the turn, durably, unless another thread owns the object now.
    fn commit_turn(&self) -> Result<(), StorageFault> {
        let files = &self.core.files;
        let file = self.file();
        if self.database.borrow().connection.is_autocommit() {
            let reason = "a statement has rolled the action back: leave `OR ROLLBACK` and `RAISE(ROLLBACK, ..)` away";
            return Err(StorageFault::Io(reason.to_owned()));
        }
        if self.unborn.get() && !self.committed.get() {
            // It stays unborn: nothing of it is kept.
            return self.execute("ROLLBACK");
        }
        if self.committed.get() {
            files.probe(file, Point::Write(self.id()))?;
            self.index_before()?;
            files.probe(file, Point::BeforeCommit)?;
        }
        let fence = files.fences.get(file).ok_or(StorageFault::Fenced)?;
        let owner = fence.lock().unwrap_or_else(PoisonError::into_inner);
        if *owner != self.core.owner.epoch {
            return Err(StorageFault::Fenced);
        }
        if self.doomed.replace(false) {
            self.execute("ROLLBACK")?;
            self.end()?;
            drop(owner);
            self.committed.set(false);
            return files.probe(file, Point::AfterCommit);
        }
        self.execute("COMMIT")?;
        if self.unborn.get() {
            let born = files.bear(&self.database.borrow(), &self.path)?;
            self.database.replace(born);
            self.unborn.set(false);
        }
        drop(owner);
        if self.committed.get() {
            files.probe(file, Point::AfterCommit)?;
        }
        self.committed.set(false);
        self.index_after();
        Ok(())
    }
}

impl SqlStore for SqlObject {
    fn transact(&self, turn: &mut dyn FnMut() -> bool) -> Result<(), StorageFault> {
        self.usable()?;
        let open = Open::begin(self)?;
        if !turn() {
            return Ok(());
        }
        let outermost = open.depth == 0;
        open.keep()?;
        if outermost {
            for release in self.gates.take() {
                release(Ok(()));
            }
        }
        Ok(())
    }

    fn run(&self, statement: &Statement<'_>, rows: &mut dyn RowSink) -> Result<Counts, SqlError> {
        self.usable()?;
        let database = self.database.borrow();
        let connection = &database.connection;
        let told = |error: rusqlite::Error| self.told(&error);
        let before = connection.total_changes();
        let ran = if statement.single {
            let mut prepared = connection.prepare_cached(statement.text).map_err(told)?;
            run_one(self, &mut prepared, statement, true, rows)
        } else {
            run_all(self, connection, statement, rows)
        };
        if self.depth.get() > 0 && connection.is_autocommit() {
            let reason = "a statement has rolled the action back: leave `OR ROLLBACK` and `RAISE(ROLLBACK, ..)` away";
            return Err(StorageFault::Io(reason.to_owned()).into());
        }
        let read = ran?;
        let all = connection.total_changes() - before;
        let counted = statement.changes_rows && all > 0;
        let changed = if counted { connection.changes() } else { 0 };
        Ok(Counts {
            changed,
            read,
            written: all,
        })
    }
}

/// Runs several statements.
fn run_all(
    object: &SqlObject,
    connection: &Connection,
    statement: &Statement<'_>,
    rows: &mut dyn RowSink,
) -> Result<u64, SqlError> {
    let told = |error: rusqlite::Error| object.told(&error);
    let mut batch = Batch::new(connection, statement.text);
    let mut read = 0;
    // One that has been prepared is run before the next is: it may be of a table that this one makes.
    while let Some(mut prepared) = batch.next().map_err(told)? {
        // Only the last may have parameters: who has some is the last.
        let is_last = prepared.parameter_count() > 0 || statement.params.is_empty();
        read += run_one(object, &mut prepared, statement, is_last, rows)?;
    }
    Ok(read)
}

/// Runs one of the statements; how many rows it had.
fn run_one(
    object: &SqlObject,
    prepared: &mut rusqlite::Statement<'_>,
    statement: &Statement<'_>,
    is_last: bool,
    rows: &mut dyn RowSink,
) -> Result<u64, SqlError> {
    if statement.read_only && !prepared.readonly() {
        return Err(SqlFault::ReadOnly.into());
    }
    let told = |error: rusqlite::Error| object.told(&error);
    let columns = prepared.column_names().map(str::to_owned);
    let columns: Vec<String> = columns.collect();
    let count = columns.len();
    let params = if is_last { statement.params } else { &[] };
    let mut found = prepared
        .query(rusqlite::params_from_iter(params))
        .map_err(told)?;
    rows.columns(columns);
    let mut read = 0;
    while let Some(row) = found.next().map_err(told)? {
        read += 1;
        let values = (0..count).map(|index| row.get_ref(index).map(convert::read));
        let values = values.collect::<rusqlite::Result<Vec<_>>>().map_err(told)?;
        if is_last && !rows.row(values) {
            break;
        }
    }
    Ok(read)
}
