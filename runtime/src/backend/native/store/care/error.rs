//! Why a command about a data folder ends without having done it. Each text names the way out.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::super::error::OpenError;
use crate::backend::StorageFault;
use crate::transfer::DocumentError;

/// Why a command about a data folder was not done.
#[derive(Debug)]
pub enum CareError {
    /// The folder cannot be opened.
    Open(OpenError),
    /// The operating system said no.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A database file cannot be read or written.
    Database {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An exported file is not what one is.
    Document {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// What was asked for cannot be, and what to do instead.
    Refused(String),
}

impl CareError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    pub(in super::super::super) fn database(
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.into();
        move |error| Self::Database {
            path,
            reason: error.to_string(),
        }
    }

    pub(super) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}

impl From<OpenError> for CareError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<DocumentError> for CareError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Io(error) => Self::io("the exported file")(error),
            DocumentError::Line { line, reason } => Self::Document { line, reason },
            error @ DocumentError::Newer(_) => Self::refused(error.to_string()),
        }
    }
}

impl From<StorageFault> for CareError {
    fn from(fault: StorageFault) -> Self {
        Self::Refused(fault.to_string())
    }
}

impl fmt::Display for CareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Io { path, error } => write!(f, "`{}`: {error}", path.display()),
            Self::Database { path, reason } => write!(
                f,
                "`{}` cannot be used: {reason}; `verify` tells more, a backup or `verify --salvage DIR` helps",
                path.display()
            ),
            Self::Document { line, reason } => write!(
                f,
                "line {line} of the exported file: {reason}; nothing was imported, export the object anew"
            ),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for CareError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(error) => Some(error),
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
