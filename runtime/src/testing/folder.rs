//! The data folder of one test.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder, removed with all that is in it unless it is kept.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kept: bool,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Folder {
    /// A new folder that nobody else has.
    pub(super) fn new() -> io::Result<Self> {
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("stayput-test-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path, kept: false }),
                // Left behind by a process that had the same id and was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Somebody's folder.
    pub(super) fn kept(path: PathBuf) -> Self {
        Self { path, kept: true }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // What is left of a test that failed does no harm to the next.
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}
