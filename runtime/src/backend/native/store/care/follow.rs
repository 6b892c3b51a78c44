//! Backups one after the other, as long as the data changes.

use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::CareError;
use super::backup::{Copied, Sharing, copy};
use super::generation::Generation;
use super::view::View;
use crate::app::App;

/// What leads to the newest backup.
pub const LATEST: &str = "latest";

/// The same while it is made.
const DRAFT: &str = ".latest";

const LOCK: &str = ".lock";

/// What ends the name of a folder that is not finished.
const PARTIAL: &str = ".partial-";

/// Makes a backup in a folder of them whenever the data has changed.
pub struct Follow<'a> {
    folder: &'a Path,
    app: &'a App,
    target: &'a Path,
    keep: usize,
    last: Option<Generation>,
    /// Others that would follow into the same folder are kept out.
    _lock: File,
}

/// A backup that was made.
#[derive(Debug)]
pub struct Followed {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub copied: Copied,
    /// How long it took.
    pub took: Duration,
}

impl<'a> Follow<'a> {
    /// Of `folder` into `target`, which is made if it is not there; so many of them are kept.
    ///
    /// # Errors
    ///
    /// `target` has something else in it, or cannot be made.
    pub fn new(
        folder: &'a Path,
        app: &'a App,
        target: &'a Path,
        keep: usize,
    ) -> Result<Self, CareError> {
        fs::create_dir_all(target).map_err(CareError::io(target))?;
        let path = target.join(LOCK);
        let lock = File::create(&path).map_err(CareError::io(&path))?;
        if lock.try_lock().is_err() {
            return Err(CareError::refused(format!(
                "another process makes backups in `{}`",
                target.display()
            )));
        }
        let follow = Self {
            folder,
            app,
            target,
            keep: keep.max(1),
            last: None,
            _lock: lock,
        };
        for name in follow.names()? {
            if name.contains(PARTIAL) {
                // Of one that was killed.
                let path = target.join(&name);
                fs::remove_dir_all(&path).map_err(CareError::io(&path))?;
            } else if name != LATEST && !is_generation(&name) {
                return Err(CareError::refused(format!(
                    "`{}` has something else in it than backups: `{name}`; name a folder of its own",
                    target.display()
                )));
            }
        }
        Ok(follow)
    }

    /// Makes a backup, if anything has changed since the last one.
    ///
    /// # Errors
    ///
    /// Those of [`backup`](super::backup); those that were made before are still there.
    pub fn round(&mut self) -> Result<Option<Followed>, CareError> {
        let began = Instant::now();
        let view = View::open(self.folder, self.app.name())?;
        let sharing = match &self.last {
            Some(last) if !last.is_stale(&view) => return Ok(None),
            Some(last) => Sharing::With(last),
            None => Sharing::First,
        };
        let path = self.target.join(name());
        let (generation, copied) = copy(&view, self.app, &path, sharing)?;
        self.last = Some(generation);
        self.point_to(&path)?;
        self.forget()?;
        Ok(Some(Followed {
            path,
            copied,
            took: began.elapsed(),
        }))
    }

    /// Has `latest` lead to the newest one, in one step.
    fn point_to(&self, path: &Path) -> Result<(), CareError> {
        let Some(name) = path.file_name() else {
            return Ok(());
        };
        let (draft, link) = (self.target.join(DRAFT), self.target.join(LATEST));
        #[cfg(unix)]
        {
            match fs::remove_file(&draft) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(CareError::io(&draft)(error));
                }
                _ => {}
            }
            std::os::unix::fs::symlink(name, &draft).map_err(CareError::io(&draft))?;
        }
        // Elsewhere not everybody may make links: it is a file with the name in it.
        #[cfg(not(unix))]
        fs::write(&draft, name.as_encoded_bytes()).map_err(CareError::io(&draft))?;
        fs::rename(&draft, &link).map_err(CareError::io(&link))
    }

    /// Removes those that are too many, the oldest first.
    fn forget(&self) -> Result<(), CareError> {
        let mut names = self.names()?;
        names.retain(|name| is_generation(name));
        names.sort();
        let too_many = names.len().saturating_sub(self.keep);
        for name in &names[..too_many] {
            let path = self.target.join(name);
            fs::remove_dir_all(&path).map_err(CareError::io(&path))?;
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>, CareError> {
        let failed = || CareError::io(self.target);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.target).map_err(failed())? {
            names.push(
                entry
                    .map_err(failed())?
                    .file_name()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
        names.retain(|name| name != DRAFT && name != LOCK);
        Ok(names)
    }
}

impl fmt::Debug for Follow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("folder", &self.folder)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// The time, in milliseconds since 1970: names sort by age.
fn name() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    format!("{:015}", since.unwrap_or_default().as_millis())
}

fn is_generation(name: &str) -> bool {
    name.len() == 15 && name.bytes().all(|byte| byte.is_ascii_digit())
}
