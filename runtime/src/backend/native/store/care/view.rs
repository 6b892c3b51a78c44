//! A data folder that is only looked at: no lock, nothing made, nothing changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};

use super::super::folder::{self, Meta};
use super::super::quarantine::Quarantine;
use super::super::schema::{self, Durability};
use super::super::sql::SqlFiles;
use super::super::{OpenError, file_of};
use super::CareError;
use crate::object::ObjectId;

const FIND: &str = "SELECT row, class, name, seq, epoch, alarm FROM object WHERE id = ?1";

/// A data folder.
pub(in super::super::super) struct View {
    pub(super) path: PathBuf,
    pub(super) meta: Meta,
    pub(super) sql: SqlFiles,
}

/// A row of the registry.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) class: String,
    pub(super) name: Option<String>,
    pub(super) seq: i64,
    pub(super) epoch: i64,
    pub(super) alarm: Option<i64>,
}

impl View {
    /// Looks at a folder of the app.
    pub(in super::super::super) fn open(path: &Path, app: &str) -> Result<Self, CareError> {
        let none = || {
            CareError::refused(format!(
                "`{}` is no data folder: it has no `stayput.json`; say where it is by `--data DIR`",
                path.display()
            ))
        };
        let meta = folder::look(path, app)?.ok_or_else(none)?;
        Ok(Self::of(path, meta))
    }

    pub(super) fn of(path: &Path, meta: Meta) -> Self {
        // What is damaged is told where it is found.
        let quarantine = Arc::new(Quarantine::new(meta.files, false));
        let durability = Durability::Full;
        let sql = SqlFiles::new(path, &meta.folder, meta.files, durability, None, quarantine);
        Self {
            path: path.to_owned(),
            meta,
            sql,
        }
    }

    /// Opens all shared files for reading, one after the other.
    pub(in super::super::super) fn all_shared(
        &self,
    ) -> impl Iterator<Item = Result<Connection, OpenError>> + '_ {
        (0..self.meta.files).map(|number| self.shared(number))
    }

    /// Where shared file `number` is.
    pub(super) fn database(&self, number: usize) -> PathBuf {
        folder::database(&self.path, number)
    }

    /// Opens shared file `number` for reading.
    pub(super) fn shared(&self, number: usize) -> Result<Connection, OpenError> {
        schema::open_checked(&self.database(number), number, &self.meta)
    }

    /// The shared file that has an object's registry row.
    pub(super) fn file_of(&self, id: ObjectId) -> usize {
        file_of(id, self.meta.files)
    }

    /// A path as it is called in messages: inside the folder.
    pub(super) fn short(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.path).unwrap_or(path);
        inside.display().to_string()
    }
}

/// Looks an object up.
pub(super) fn find(connection: &Connection, id: ObjectId) -> rusqlite::Result<Option<Row>> {
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Row {
            number: row.get(0)?,
            class: row.get(1)?,
            name: row.get(2)?,
            seq: row.get(3)?,
            epoch: row.get(4)?,
            alarm: row.get(5)?,
        })
    };
    connection
        .prepare_cached(FIND)?
        .query_row((id.as_bytes(),), row)
        .optional()
}
