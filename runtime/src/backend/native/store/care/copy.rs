//! A folder that is being made: under another name until it is whole, so that nobody ever finds half of one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::super::folder::{create_durably, sync_folder, write_meta};
use super::CareError;
use super::verify::integrity;
use super::view::View;

/// A new data folder, removed again unless it is finished.
pub(super) struct Draft {
    /// Where it is meanwhile.
    pub(super) path: PathBuf,
    /// Where it is to be.
    target: PathBuf,
    finished: bool,
}

impl Draft {
    /// Begins a folder where there is none, or an empty one.
    pub(super) fn begin(target: &Path) -> Result<Self, CareError> {
        let is_free = match fs::read_dir(target) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(CareError::io(target)(error)),
        };
        if !is_free {
            return Err(CareError::refused(format!(
                "`{}` is not empty: name a folder that is not there yet",
                target.display()
            )));
        }
        let mut path = target.as_os_str().to_owned();
        path.push(format!(".partial-{}", std::process::id()));
        let path = PathBuf::from(path);
        create_durably(&path)?;
        Ok(Self {
            path,
            target: target.to_owned(),
            finished: false,
        })
    }

    /// Gives the folder its name.
    pub(super) fn finish(mut self, view: &View) -> Result<(), CareError> {
        write_meta(&self.path, &view.meta)?;
        let sql = self.path.join("sql");
        if sql.is_dir() {
            for entry in fs::read_dir(&sql).map_err(CareError::io(&sql))? {
                let entry = entry.map_err(CareError::io(&sql))?;
                sync_folder(&entry.path())?;
            }
            sync_folder(&sql)?;
        }
        sync_folder(&self.path)?;
        fs::rename(&self.path, &self.target).map_err(CareError::io(&self.target))?;
        self.finished = true;
        let parent = self.target.parent();
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        Ok(sync_folder(parent.unwrap_or(Path::new(".")))?)
    }
}

/// Copies a database as it is between two commits, and looks whether the copy is whole. `mend` may change the copy.
pub(super) fn copy_database(
    from: &Connection,
    to: &Path,
    mend: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), CareError> {
    if let Some(parent) = to.parent().filter(|parent| !parent.exists()) {
        create_durably(parent)?;
    }
    let copy = || -> rusqlite::Result<Vec<String>> {
        let mut copy = Connection::open(to)?;
        // It is synced as a whole afterwards.
        copy.pragma_update(None, "synchronous", "OFF")?;
        Backup::new(from, &mut copy)?.step(-1)?;
        super::super::sql::functions(&copy)?;
        mend(&copy)?;
        let faults = integrity(&copy)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(faults)
    };
    let faults = copy().map_err(CareError::database(to))?;
    if let Some(reason) = faults.into_iter().next() {
        return Err(CareError::Database {
            path: to.to_owned(),
            reason,
        });
    }
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(CareError::io(to))
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.finished {
            // What is left of it is in nobody's way.
            fs::remove_dir_all(&self.path).ok();
        }
    }
}
