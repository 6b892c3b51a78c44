//! A copy of a whole data folder, while a server runs there or not; and the way back.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::Connection;

use super::super::folder::{create_durably, mark_shared};
use super::super::sql::{ANNOUNCED, DESTROYED, ELSEWHERE, SqlFiles};
use super::CareError;
use super::copy::{Draft, copy_database};
use super::generation::{Generation, Own, Print};
use super::records::OwnRecords;
use super::verify::verify;
use super::view::{View, find};
use crate::app::App;
use crate::object::ObjectId;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Database files.
    pub files: u64,
    /// So many of them were copied; the others are the same as in the backup before.
    pub changed: u64,
}

/// Copies a data folder into a new one. Each object is as it was between two of its commits, and not before the backup
/// began; a server may run meanwhile.
///
/// # Errors
///
/// There is something where the copy is to be, or a file cannot be copied whole. There is no copy then.
pub fn backup(folder: &Path, app: &App, target: &Path) -> Result<Copied, CareError> {
    let view = View::open(folder, app.name())?;
    Ok(copy(&view, app, target, Sharing::Nothing)?.1)
}

/// What a backup has in common with others.
#[derive(Clone, Copy)]
pub(super) enum Sharing<'a> {
    Nothing,
    /// With those that come after it.
    First,
    /// What has not changed since this one.
    With(&'a Generation),
}

/// The same, sharing files with other backups.
pub(super) fn copy(
    view: &View,
    app: &App,
    target: &Path,
    sharing: Sharing<'_>,
) -> Result<(Generation, Copied), CareError> {
    let draft = Draft::begin(target)?;
    let before = match sharing {
        Sharing::With(before) => Some(before),
        Sharing::First | Sharing::Nothing => None,
    };
    if !matches!(sharing, Sharing::Nothing) {
        mark_shared(&draft.path)?;
    }
    let mut copying = Copying {
        view,
        to: View::of(&draft.path, view.meta.clone()),
        own: HashMap::new(),
        shared: Vec::new(),
        before,
        changed: 0,
        touched: vec![before.is_none(); view.meta.files],
    };
    for (id, path) in view.sql.list().map_err(CareError::io(&view.path))? {
        copying.own(id, &path)?;
    }
    // The registry comes after the files that it tells of: each of them has a row before it has a name.
    for number in 0..view.meta.files {
        copying.shared(number)?;
    }
    let copied = Copied {
        files: (copying.own.len() + view.meta.files) as u64,
        changed: copying.changed,
    };
    let generation = Generation {
        view: View::of(target, view.meta.clone()),
        shared: copying.shared,
        own: copying.own,
    };
    // A server that was started meanwhile has counted: its epochs are in the files.
    draft.finish(&View::open(&view.path, app.name())?)?;
    Ok((generation, copied))
}

/// Copies a backup into a new data folder, if it is sound.
///
/// # Errors
///
/// It is not, or there is something where the data folder is to be.
pub fn restore(backup_folder: &Path, app: &App, target: &Path) -> Result<Copied, CareError> {
    let report = verify(backup_folder, app)?;
    if let Some(fault) = report.faults.first() {
        return Err(CareError::refused(format!(
            "`{}` is damaged: {}: {}; `verify --data {} --salvage DIR` copies what can be read",
            backup_folder.display(),
            fault.file,
            fault.reason,
            backup_folder.display()
        )));
    }
    backup(backup_folder, app, target)
}

struct Copying<'a> {
    view: &'a View,
    to: View,
    /// The objects that have files of their own.
    own: HashMap<ObjectId, Own>,
    /// How the shared files looked.
    shared: Vec<Option<Print>>,
    /// The backup before, to share files with.
    before: Option<&'a Generation>,
    /// How many files were copied.
    changed: u64,
    /// The shared files that have to agree with others than before.
    touched: Vec<bool>,
}

impl Copying<'_> {
    fn own(&mut self, id: ObjectId, path: &Path) -> Result<(), CareError> {
        // Before it is copied: what is written meanwhile has it copied again the next time.
        let print = Print::of(path);
        if let Some(before) = self.before
            && let Some(own) = before.own.get(&id).filter(|own| own.is_as(print.as_ref()))
            && self.link(
                before,
                &before.view.sql.path_of(id),
                &self.to.sql.path_of(id),
            )
        {
            self.own.insert(id, own.clone());
            return Ok(());
        }
        self.touched[self.view.file_of(id)] = true;
        self.changed += 1;
        let connection = match self.view.sql.open_reader(path) {
            // Destroyed since the files were listed.
            Err(_) if !path.exists() => return Ok(()),
            opened => opened?,
        };
        let mut alarm = None;
        copy_database(&connection, &self.to.sql.path_of(id), |copy| {
            let read = OwnRecords(copy).alarm();
            alarm = read.map_err(|fault| rusqlite::Error::UserFunctionError(Box::new(fault)))?;
            Ok(())
        })?;
        self.own.insert(id, Own { print, alarm });
        Ok(())
    }

    /// Gives a file of the backup before a name in this one. Whether it could be done.
    fn link(&self, before: &Generation, from: &Path, to: &Path) -> bool {
        let parent = to.parent().filter(|parent| !parent.exists());
        if parent.is_some_and(|parent| create_durably(parent).is_err()) {
            return false;
        }
        before.view.meta == self.view.meta && std::fs::hard_link(from, to).is_ok()
    }

    /// Whether the file is as it was, and so are the objects that it has to agree with.
    fn is_unchanged(&self, before: &Generation, number: usize, print: Option<&Print>) -> bool {
        let here = |own: &HashMap<ObjectId, Own>| {
            let ids = own.keys().filter(|id| self.view.file_of(**id) == number);
            ids.copied().collect::<HashSet<_>>()
        };
        print.is_some()
            && before.shared[number].as_ref() == print
            && !self.touched[number]
            && here(&self.own) == here(&before.own)
    }

    fn shared(&mut self, number: usize) -> Result<(), CareError> {
        let print = Print::of(&self.view.database(number));
        let target = self.to.database(number);
        if let Some(before) = self.before
            && self.is_unchanged(before, number, print.as_ref())
            && self.link(before, &before.view.database(number), &target)
        {
            self.shared.push(print);
            return Ok(());
        }
        self.shared.push(print);
        self.changed += 1;
        let from = self.view.shared(number)?;
        copy_database(&from, &target, |_| Ok(()))?;
        drop(from);
        let failed = || CareError::database(&target);
        let copy = Connection::open(&target).map_err(failed())?;
        self.agree(number, &copy)?;
        copy.close().map_err(|(_, error)| error).map_err(failed())?;
        let synced = std::fs::File::open(&target).and_then(|file| file.sync_all());
        synced.map_err(CareError::io(&target))
    }

    /// Files of their own and the registry were copied at different times: has them agree on who there is, and when to wake
    /// it.
    fn agree(&mut self, number: usize, copy: &Connection) -> Result<(), CareError> {
        let target = self.to.database(number);
        let failed = || CareError::database(&target);
        let elsewhere = "SELECT row, id, seq, alarm FROM object WHERE seq <= ?1";
        let mut rows = copy.prepare(elsewhere).map_err(failed())?;
        let rows = rows
            .query_map((ELSEWHERE,), |row| {
                let id = ObjectId::from_bytes(row.get(1)?);
                Ok((
                    row.get::<_, i64>(0)?,
                    id,
                    row.get::<_, i64>(2)?,
                    row.get(3)?,
                ))
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(failed())?;
        let mut known = HashSet::with_capacity(rows.len());
        for (row, id, seq, alarm) in rows {
            known.insert(id);
            if seq == DESTROYED {
                // Its file may not be gone yet.
                if self.own.remove(&id).is_some() {
                    let path = self.to.sql.path_of(id);
                    std::fs::remove_file(&path).map_err(CareError::io(&path))?;
                }
                let forget = "DELETE FROM object WHERE row = ?1";
                copy.execute(forget, (row,)).map_err(failed())?;
                continue;
            }
            if !self.own.contains_key(&id) {
                // Born since the files were listed.
                self.late(id)?;
            }
            let change = match self.own.get(&id).map(|own| own.alarm) {
                Some(own) if own != alarm => {
                    copy.execute("UPDATE object SET alarm = ?2 WHERE row = ?1", (row, own))
                }
                Some(_) => Ok(0),
                None if seq == ANNOUNCED || self.is_gone(number, id) => {
                    copy.execute("DELETE FROM object WHERE row = ?1", (row,))
                }
                None => return Err(missing(&self.view.sql, id)),
            };
            change.map_err(failed())?;
        }
        // Destroyed since the files were listed: what has no row is nobody's.
        let strays: Vec<ObjectId> = self
            .own
            .keys()
            .filter(|id| self.view.file_of(**id) == number && !known.contains(id))
            .copied()
            .collect();
        for id in strays {
            // One that is about to move in still has a row of the other kind, and its records.
            let has_row = find(copy, id).map_err(failed())?.is_some();
            if !has_row && !self.view.sql.path_of(id).exists() {
                let path = self.to.sql.path_of(id);
                std::fs::remove_file(&path).map_err(CareError::io(&path))?;
                self.own.remove(&id);
            }
        }
        Ok(())
    }

    fn late(&mut self, id: ObjectId) -> Result<(), CareError> {
        let path = self.view.sql.path_of(id);
        if path.exists() {
            self.own(id, &path)?;
        }
        Ok(())
    }

    /// Whether an object was destroyed since its row was copied.
    fn is_gone(&self, number: usize, id: ObjectId) -> bool {
        let row = self
            .view
            .shared(number)
            .ok()
            .map(|shared| find(&shared, id));
        matches!(row, Some(Ok(None)))
    }
}

fn missing(sql: &SqlFiles, id: ObjectId) -> CareError {
    CareError::Database {
        path: sql.path_of(id),
        reason: "it is missing, though the registry knows the object".to_owned(),
    }
}
