//! Why a data folder cannot be opened. Each text names the way out.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a data folder cannot be opened. Nothing in the folder was changed.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has the folder.
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The process that holds it, as far as it said so.
        holder: Option<u32>,
    },
    /// The folder belongs to another app.
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// The app it belongs to.
        owner: String,
        /// The app that wanted it.
        app: String,
    },
    /// The folder was written by a later version.
    Newer {
        /// The file that says so.
        file: PathBuf,
        /// The format's version in that file.
        stored: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// A file of the folder is missing or is not what it must be.
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder is a backup that shares files with others.
    Shared {
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system said no.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl OpenError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    pub(super) fn corrupt(file: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            file: file.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { folder, holder } => {
                write!(f, "data folder `{}` is in use by ", folder.display())?;
                match holder {
                    Some(pid) => write!(f, "process {pid}")?,
                    None => f.write_str("another process")?,
                }
                f.write_str("; stop it or set STAYPUT_DATA to another folder")
            }
            Self::Foreign { folder, owner, app } => write!(
                f,
                "data folder `{}` belongs to the app `{owner}`, not to `{app}`; set STAYPUT_DATA to another folder",
                folder.display()
            ),
            Self::Newer {
                file,
                stored,
                known,
            } => write!(
                f,
                "`{}` has format {stored}, this program knows formats up to {known}; run the newer program",
                file.display()
            ),
            Self::Corrupt { file, reason } => write!(
                f,
                "`{}` is damaged: {reason}; restore the data folder from a backup or set STAYPUT_DATA to another one",
                file.display()
            ),
            Self::Shared { folder } => write!(
                f,
                "`{}` is a backup that shares files with others; `restore {} --data NEW` makes a data folder of it",
                folder.display(),
                folder.display()
            ),
            Self::Io { path, error } => write!(f, "`{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
