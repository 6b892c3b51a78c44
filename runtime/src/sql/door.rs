//! An object's way to its tables: when it is open, and the migrations that go before everything else.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use serde_json::Value;

use super::{Migration, SqlClass, SqlError, SqlFault, migrate};
use crate::backend::{Counts, RowSink, SqlStore, Statement, StorageFault};

/// What a turn may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Nothing that writes: no turn that may is under way.
    No,
    /// Reading.
    Read,
    /// Everything.
    Write,
}

/// The tables of a live object.
pub(crate) struct Door {
    store: Rc<dyn SqlStore>,
    migrations: &'static [Migration],
    /// How many of them the stored tables have had.
    applied: Cell<usize>,
    open: Cell<Open>,
    /// Whether the turn has written to the tables.
    wrote: Cell<bool>,
    /// Whether rows of a statement are being handed over.
    busy: Cell<bool>,
    /// What made a turn impossible to keep, whatever its code made of it.
    broken: RefCell<Option<StorageFault>>,
}

impl Door {
    pub(crate) fn new(class: SqlClass, store: Rc<dyn SqlStore>) -> Self {
        Self {
            store,
            migrations: class.migrations,
            applied: Cell::new(0),
            open: Cell::new(Open::No),
            wrote: Cell::new(false),
            busy: Cell::new(false),
            broken: RefCell::default(),
        }
    }

    /// The tables themselves, for what brings or takes all of them.
    pub(crate) fn store(&self) -> Rc<dyn SqlStore> {
        self.store.clone()
    }

    /// Learns which migrations have run, by what `!meta` says; an unborn object has none.
    pub(crate) fn learn(&self, noted: &Value) -> Result<(), StorageFault> {
        self.applied.set(migrate::applied(self.migrations, noted)?);
        Ok(())
    }

    /// Whether migrations are to be run.
    pub(crate) fn is_behind(&self) -> bool {
        self.applied.get() < self.migrations.len()
    }

    /// What `!meta` is to say of migrations once this turn is committed.
    pub(crate) fn note(&self) -> Value {
        migrate::note(self.migrations)
    }

    /// The commit that says so is accepted.
    pub(crate) fn noted(&self) {
        self.applied.set(self.migrations.len());
    }

    /// The tables are gone.
    pub(crate) fn forget(&self) {
        self.applied.set(0);
    }

    /// Whether the turn has written to the tables.
    pub(crate) fn wrote(&self) -> bool {
        self.wrote.get()
    }

    /// Runs a turn in a transaction. What it did to tables and records is kept if it says so. Of one that may not write,
    /// such as `start` of an unborn object, nothing is.
    pub(crate) fn turn(
        &self,
        write: bool,
        turn: &mut dyn FnMut() -> bool,
    ) -> Result<(), StorageFault> {
        let applied = self.applied.get();
        self.wrote.set(false);
        let outcome = self.store.transact(&mut || {
            if let Err(fault) = migrate::run(self.migrations, applied, &*self.store) {
                *self.broken.borrow_mut() = Some(fault);
                return false;
            }
            self.open.set(if write { Open::Write } else { Open::Read });
            let keep = turn();
            self.open.set(Open::No);
            keep && self.broken.borrow().is_none()
        });
        self.open.set(Open::No);
        let outcome = match self.broken.take() {
            Some(fault) => Err(fault),
            None => outcome,
        };
        if outcome.is_err() {
            self.applied.set(applied);
        }
        outcome
    }

    /// Runs a part of a turn that is undone alone if it fails.
    pub(crate) fn nested<R, E>(&self, part: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        let mut part = Some(part);
        let mut outcome = None;
        if self.open.get() != Open::No {
            let nested = self.store.transact(&mut || {
                outcome = part.take().map(|part| part());
                matches!(outcome, Some(Ok(_)))
            });
            if let Err(fault) = nested {
                self.broken.borrow_mut().get_or_insert(fault);
            }
        }
        match (outcome, part) {
            (Some(outcome), _) => outcome,
            // No turn of tables is under way, or no part of it can begin, which ends it.
            (None, Some(part)) => part(),
            (None, None) => unreachable!("a part that was taken has run"),
        }
    }

    pub(super) fn run(
        &self,
        statement: &Statement<'_>,
        rows: &mut dyn RowSink,
    ) -> Result<Counts, SqlError> {
        let allowed = match self.open.get() {
            Open::Write => true,
            Open::Read | Open::No => statement.read_only,
        };
        if !allowed {
            let reason = if self.open.get() == Open::No {
                "the turn that this context was of has ended"
            } else {
                "`start` of an object that does not exist yet cannot write to tables: let a migration fill them"
            };
            return Err(SqlFault::Refused(reason.to_owned()).into());
        }
        if self.busy.replace(true) {
            let reason = "rows of another statement are being looked at by `each`: gather what is to be done, and do it then";
            return Err(SqlFault::Refused(reason.to_owned()).into());
        }
        let _busy = Busy(&self.busy);
        let counts = if self.open.get() == Open::No && self.is_behind() {
            self.run_unborn(statement, rows)?
        } else {
            self.store.run(statement, rows)
        };
        if let Err(SqlFault::Storage(fault)) = counts.as_ref().map_err(SqlError::fault) {
            self.broken.borrow_mut().get_or_insert(fault.clone());
        }
        counts
    }

    /// Notes that a statement may have written.
    pub(super) fn note_write(&self) {
        self.wrote.set(true);
    }

    /// A query of an object that does not exist sees its tables as they would be, and leaves nothing of them.
    fn run_unborn(
        &self,
        statement: &Statement<'_>,
        rows: &mut dyn RowSink,
    ) -> Result<Result<Counts, SqlError>, StorageFault> {
        let mut counts = Ok(Counts::default());
        self.store.transact(&mut || {
            counts = migrate::run(self.migrations, self.applied.get(), &*self.store)
                .map_err(SqlError::from)
                .and_then(|()| self.store.run(statement, rows));
            false
        })?;
        Ok(counts)
    }
}

/// A statement that runs; it ends by a panic of who looks at its rows, too.
struct Busy<'a>(&'a Cell<bool>);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("applied", &self.applied.get())
            .field("open", &self.open.get())
            .finish_non_exhaustive()
    }
}
