//! The data folder: making it durably, keeping others out, and the file that says what it is.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::OpenError;

/// The folder format this program writes.
pub(super) const FORMAT: u32 = 1;

/// How long a folder that is in use is waited for: a process that was just killed may take a moment to be gone.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

const META: &str = "stayput.json";
const META_DRAFT: &str = "stayput.json.new";
const LOCK: &str = "lock";

/// Says that other folders have some of the very same files.
const SHARED: &str = "shares-files";

/// A data folder that this process owns until it drops the value.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    meta: Meta,
    // The lock goes with the file.
    _lock: File,
}

/// What a folder says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// [`FORMAT`] of who wrote it.
    pub(super) format: u32,
    /// The app's name: ids are derived from it, so no other app would find its objects here.
    pub(super) app: String,
    /// Random, also written into each database file, so that files of two folders cannot be mixed unseen.
    pub(super) folder: String,
    /// How many database files there are. Never changes.
    pub(super) files: usize,
    /// How often the folder was opened; 0 while its files are being made.
    pub(super) boots: u32,
}

/// The one member that every later format will keep.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Folder {
    /// Takes the folder, making it if need be. `files` counts only when it is new.
    pub(super) fn take(path: &Path, app: &str, files: usize) -> Result<Self, OpenError> {
        create_durably(path)?;
        refuse_shared(path)?;
        let lock = lock(path)?;
        let meta = if let Some(meta) = look(path, app)? {
            meta
        } else {
            refuse_orphans(path)?;
            let meta = Meta {
                format: FORMAT,
                app: app.to_owned(),
                folder: random_id(path)?,
                files,
                boots: 0,
            };
            write_meta(path, &meta)?;
            meta
        };
        Ok(Self {
            path: path.to_owned(),
            meta,
            _lock: lock,
        })
    }

    /// Counts this opening, durably. Called once the files are known to be sound.
    pub(super) fn count_boot(&mut self) -> Result<u32, OpenError> {
        let Some(boots) = self.meta.boots.checked_add(1) else {
            return Err(OpenError::corrupt(
                self.path.join(META),
                "its boot counter is used up",
            ));
        };
        let meta = Meta {
            boots,
            ..self.meta.clone()
        };
        write_meta(&self.path, &meta)?;
        self.meta = meta;
        Ok(boots)
    }

    pub(super) fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Where database file `number` is.
    pub(super) fn database(&self, number: usize) -> PathBuf {
        database(&self.path, number)
    }

    /// Makes the names of new files survive a power cut.
    pub(super) fn sync(&self) -> Result<(), OpenError> {
        sync_folder(&self.path)
    }
}

/// Where database file `number` of a folder is. Only a number ever gets into a file's name.
pub(super) fn database(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("objects-{number}.sqlite"))
}

/// Makes `path` and every missing folder above it; each new name is synced into its parent, because a file is only as
/// durable as the chain of names that leads to it.
pub(super) fn create_durably(path: &Path) -> Result<(), OpenError> {
    let mut missing = Vec::new();
    let mut at = path;
    while !at.as_os_str().is_empty() && !at.exists() {
        missing.push(at);
        match at.parent() {
            Some(parent) => at = parent,
            None => break,
        }
    }
    for folder in missing.into_iter().rev() {
        match private_folder().create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(OpenError::io(folder)(error));
            }
            _ => {}
        }
        let parent = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        sync_folder(parent.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Marks a backup that shares files with others: what is written into it would be in all of them.
pub(super) fn mark_shared(path: &Path) -> Result<(), OpenError> {
    let mark = path.join(SHARED);
    fs::write(
        &mark,
        "other backups have the same files: `restore` makes a data folder of it\n",
    )
    .map_err(OpenError::io(&mark))
}

fn refuse_shared(path: &Path) -> Result<(), OpenError> {
    if !path.join(SHARED).exists() {
        return Ok(());
    }
    Err(OpenError::Shared {
        folder: path.to_owned(),
    })
}

fn private_folder() -> fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> Result<(), OpenError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(OpenError::io(path))
}

/// Elsewhere a folder cannot be opened as a file; names are durable with the file's own data.
#[cfg(not(unix))]
pub(super) fn sync_folder(_path: &Path) -> Result<(), OpenError> {
    Ok(())
}

/// The operating system drops the lock with its process, however that ends: nothing stale can stay behind.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(OpenError::io(&path))?;
    let started = Instant::now();
    while let Err(error) = file.try_lock() {
        match error {
            fs::TryLockError::Error(error) => return Err(OpenError::io(&path)(error)),
            fs::TryLockError::WouldBlock if started.elapsed() < LOCK_PATIENCE => {
                thread::sleep(Duration::from_millis(20));
            }
            fs::TryLockError::WouldBlock => {
                let mut text = String::new();
                // Who it is only serves the message; a half-written number is as good as none.
                let holder = file
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| text.trim().parse().ok());
                return Err(OpenError::Locked {
                    folder: folder.to_owned(),
                    holder,
                });
            }
        }
    }
    let note = |file: &mut File| {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{}", std::process::id())
    };
    note(&mut file).map_err(OpenError::io(&path))?;
    Ok(file)
}

/// What a folder says about itself, if it is one of this app; `None` if it says nothing.
pub(super) fn look(path: &Path, app: &str) -> Result<Option<Meta>, OpenError> {
    match read_meta(path)? {
        Some(meta) if meta.app != app => Err(OpenError::Foreign {
            folder: path.to_owned(),
            owner: meta.app,
            app: app.to_owned(),
        }),
        known => Ok(known),
    }
}

fn read_meta(folder: &Path) -> Result<Option<Meta>, OpenError> {
    let path = folder.join(META);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::io(path)(error)),
    };
    let unreadable =
        |error| OpenError::corrupt(&path, format!("it is not what stayput writes ({error})"));
    let Format { format } = serde_json::from_slice(&text).map_err(unreadable)?;
    if format > FORMAT {
        return Err(OpenError::Newer {
            file: path,
            stored: format,
            known: FORMAT,
        });
    }
    let meta: Meta = serde_json::from_slice(&text).map_err(unreadable)?;
    if meta.files == 0 || meta.files > super::MAX_FILES {
        return Err(OpenError::corrupt(
            path,
            format!("it speaks of {} database files", meta.files),
        ));
    }
    Ok(Some(meta))
}

/// Database files without a meta file are somebody's data: never start afresh over them.
fn refuse_orphans(folder: &Path) -> Result<(), OpenError> {
    for number in 0..super::MAX_FILES {
        if database(folder, number).exists() {
            return Err(OpenError::corrupt(
                folder.join(META),
                "it is missing, but there are database files",
            ));
        }
    }
    Ok(())
}

/// Replaces the meta file as a whole, so that a crash leaves the old or the new one.
pub(super) fn write_meta(folder: &Path, meta: &Meta) -> Result<(), OpenError> {
    let draft = folder.join(META_DRAFT);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        serde_json::to_writer(&mut file, meta)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&draft, folder.join(META))
    };
    write().map_err(OpenError::io(&draft))?;
    sync_folder(folder)
}

fn random_id(folder: &Path) -> Result<String, OpenError> {
    let number = getrandom::u64()
        .map_err(|error| OpenError::io(folder)(std::io::Error::other(error.to_string())))?;
    Ok(format!("{number:016x}"))
}
