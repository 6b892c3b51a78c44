//! Versioned changes of tables, each run once.

use serde_json::{Value, json};

use super::{SqlError, SqlFault};
use crate::backend::{SqlStore, Statement, StorageFault};

/// One change of the tables, under a name that is never used again.
///
/// ```
/// use stayput::sql::Migration;
///
/// const TABLES: &[Migration] = &[
///     Migration::new("users", "CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"),
///     Migration::new("emails", "ALTER TABLE user ADD COLUMN email TEXT"),
/// ];
/// # fn main() { let _ = TABLES; }
/// ```
///
/// They run in order, each once in an object's life, before anything else is done with the object. One that has run
/// anywhere is never changed, moved or taken away: add another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its name.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

impl Migration {
    /// A migration.
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql }
    }

    fn sum(&self) -> String {
        // FNV-1a: it is to find a slip, not a forger.
        let sum = self
            .sql
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{sum:016x}")
    }

    fn fault(name: &str, reason: impl Into<String>) -> StorageFault {
        StorageFault::Migration {
            name: name.to_owned(),
            reason: reason.into(),
        }
    }

    fn run(&self, store: &dyn SqlStore) -> Result<(), StorageFault> {
        let ran = super::text::read(self.sql).map_err(SqlError::from);
        let ran = ran.and_then(|statements| {
            let statement = Statement {
                text: self.sql,
                params: &[],
                single: statements.len() == 1,
                changes_rows: false,
                read_only: false,
            };
            store.run(&statement, &mut super::row::Nothing)
        });
        match ran {
            Ok(_) => Ok(()),
            Err(error) => Err(match error.fault() {
                SqlFault::Storage(fault) => fault.clone(),
                fault => Self::fault(self.name, fault.to_string()),
            }),
        }
    }
}

/// Runs those that have not run.
pub(super) fn run(
    migrations: &[Migration],
    applied: usize,
    store: &dyn SqlStore,
) -> Result<(), StorageFault> {
    let mut pending = migrations.iter().skip(applied);
    pending.try_for_each(|migration| migration.run(store))
}

/// How `!meta` keeps which have run.
pub(super) fn note(migrations: &[Migration]) -> Value {
    let note = |migration: &Migration| json!([migration.name, migration.sum()]);
    migrations.iter().map(note).collect()
}

/// How many of them have run, by what `!meta` keeps. Those that have must be the first ones, as they were.
pub(super) fn applied(migrations: &[Migration], noted: &Value) -> Result<usize, StorageFault> {
    let noted = noted.as_array().map_or(&[][..], Vec::as_slice);
    for (index, entry) in noted.iter().enumerate() {
        let name = entry[0].as_str().unwrap_or_default();
        match migrations.get(index) {
            Some(known) if known.name == name && entry[1] == known.sum() => {}
            Some(known) if known.name == name => {
                return Err(Migration::fault(
                    name,
                    "it has run with another text: leave it as it was, and add another one",
                ));
            }
            Some(known) => {
                let reason = format!(
                    "it has run where the program now has `{}`: keep the order, and add new ones at the end",
                    known.name
                );
                return Err(Migration::fault(name, reason));
            }
            None => {
                return Err(Migration::fault(
                    name,
                    "it has run, but the program does not know it: run a newer version, or put it back",
                ));
            }
        }
    }
    Ok(noted.len())
}
