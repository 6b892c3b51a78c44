//! The files: where each is, how one is made, and how it is opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::backup::Backup;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::faults::{Failure, Faults, Point};
use super::super::folder::{create_durably, sync_folder};
use super::super::quarantine::{self, Quarantine, is_own_damage};
use super::super::schema::{Durability, defend, open_reader};
use super::{functions, rules};
use crate::backend::StorageFault;
use crate::object::ObjectId;

/// Says "a stayput object with SQL" in SQLite's header ("stps").
const APPLICATION_ID: i32 = 0x7374_7073;

/// The version of [`TABLES`].
const VERSION: i32 = 1;

// Named as the platform names its own, so that what lists tables has the same to leave out.
const TABLES: &str = "
    CREATE TABLE _cf_METADATA(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE _cf_KV(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;";

/// What the objects with SQL of a data folder share.
pub(in super::super) struct SqlFiles {
    path: PathBuf,
    /// The folder's id, which is in each file.
    folder: String,
    durability: Durability,
    faults: Option<Arc<dyn Faults>>,
    pub(super) quarantine: Arc<Quarantine>,
    /// Who owns the objects of each shared file, by epoch. Held during every commit: who was replaced commits no more.
    pub(super) fences: Vec<Mutex<i64>>,
}

/// A connection, and whether what runs on it is our own.
pub(in super::super) struct Database {
    pub(in super::super) connection: Connection,
    own: Arc<AtomicBool>,
}

impl SqlFiles {
    pub(in super::super) fn new(
        folder: &Path,
        id: &str,
        files: usize,
        durability: Durability,
        faults: Option<Arc<dyn Faults>>,
        quarantine: Arc<Quarantine>,
    ) -> Self {
        Self {
            path: folder.join("sql"),
            folder: id.to_owned(),
            durability,
            faults,
            quarantine,
            fences: (0..files).map(|_| Mutex::default()).collect(),
        }
    }

    /// From here on only the owner of this epoch commits.
    pub(in super::super) fn own(&self, file: usize, epoch: i64) {
        if let Some(fence) = self.fences.get(file) {
            let mut fence = fence
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *fence = epoch.max(*fence);
        }
    }

    /// Where an object's file is. Only its id gets into the name; 256 folders keep each of them small.
    pub(in super::super) fn path_of(&self, id: ObjectId) -> PathBuf {
        let id = id.to_string();
        self.path.join(&id[..2]).join(format!("{id}.sqlite"))
    }

    /// The files there are, in the order of their names, without those that are none of ours.
    pub(in super::super) fn list(&self) -> io::Result<Vec<(ObjectId, PathBuf)>> {
        let mut found = Vec::new();
        for folder in entries(&self.path)? {
            if !folder.is_dir() {
                continue;
            }
            for path in entries(&folder)? {
                let name = path.file_name().and_then(|name| name.to_str());
                let id = name.and_then(|name| name.strip_suffix(".sqlite")?.parse().ok());
                if let Some(id) = id.filter(|id| self.path_of(*id) == path) {
                    found.push((id, path));
                }
            }
        }
        Ok(found)
    }

    /// Opens an object's file for reading only.
    pub(in super::super) fn open_reader(&self, path: &Path) -> Result<Connection, StorageFault> {
        if let Some(reason) = quarantine::evident(path) {
            return Err(self.quarantine.close_own(path, reason));
        }
        let damaged = |error: rusqlite::Error| self.fault(path, &error);
        let connection = open_reader(path).map_err(damaged)?;
        functions::add(&connection).map_err(damaged)?;
        self.check(&connection, path)?;
        Ok(connection)
    }

    /// Opens an object's file, if there is one.
    pub(in super::super) fn open(&self, path: &Path) -> Result<Option<Database>, StorageFault> {
        self.quarantine.own(path)?;
        if !path.try_exists().map_err(|error| told(path, &error))? {
            return Ok(None);
        }
        if let Some(reason) = quarantine::evident(path) {
            return Err(self.quarantine.close_own(path, reason));
        }
        let damaged = |error: rusqlite::Error| self.fault(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(damaged)?;
        let has_log = quarantine::has_log(path);
        if let Err(fault) = self.check(&connection, path) {
            if has_log {
                quarantine::leave(&connection);
            }
            return Err(fault);
        }
        let database = self.set_up(connection).map_err(damaged)?;
        // What a crash left in the log may not be on disk yet, and is about to be seen.
        let log = with_suffix(path, "-wal");
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            let carry = |connection: &Connection| {
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))
            };
            let busy: i64 = database.own(carry).map_err(damaged)?;
            // A backup reads it: then the log itself is to be on disk.
            if busy != 0 {
                let synced = fs::File::open(&log).and_then(|log| log.sync_all());
                synced.map_err(|error| told(&log, &error))?;
            }
        }
        Ok(Some(database))
    }

    /// A database in memory, of an object that does not exist.
    pub(super) fn unborn(&self) -> Result<Database, StorageFault> {
        let make = || self.make(Connection::open_in_memory()?);
        make().map_err(|error: rusqlite::Error| StorageFault::Io(error.to_string()))
    }

    /// A file that is about to become an object's: at its draft's place, without records.
    pub(in super::super) fn draft(&self, path: &Path) -> Result<Database, StorageFault> {
        clear_draft(path)?;
        let make = || self.make(Connection::open(path)?);
        make().map_err(|error: rusqlite::Error| told(path, &error))
    }

    /// Opens a draft again.
    pub(in super::super) fn reopen_draft(&self, path: &Path) -> Result<Database, StorageFault> {
        let open = || self.set_up(Connection::open(path)?);
        open().map_err(|error: rusqlite::Error| told(path, &error))
    }

    fn make(&self, connection: Connection) -> rusqlite::Result<Database> {
        connection.execute_batch(TABLES)?;
        connection.execute(
            "INSERT INTO _cf_METADATA VALUES('folder', ?1)",
            (&self.folder,),
        )?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        self.set_up(connection)
    }

    /// Makes the file of an object out of its database in memory: as a whole, or not at all.
    pub(super) fn bear(&self, born: &Database, path: &Path) -> Result<Database, StorageFault> {
        let draft = with_suffix(path, ".new");
        let failed = |error: &dyn std::fmt::Display| told(path, error);
        let parent = path.parent().unwrap_or(Path::new("."));
        create_durably(parent).map_err(|error| failed(&error))?;
        clear_draft(&draft)?;
        let copy = || -> rusqlite::Result<()> {
            let mut file = Connection::open(&draft)?;
            file.pragma_update(None, "synchronous", self.synchronous())?;
            born.own(|memory| Backup::new(memory, &mut file)?.step(-1).map(drop))?;
            file.close().map_err(|(_, error)| error)
        };
        copy().map_err(|error| failed(&error))?;
        fs::rename(&draft, path).map_err(|error| failed(&error))?;
        sync_folder(parent).map_err(|error| failed(&error))?;
        let opened = self.open(path)?;
        opened.ok_or_else(|| failed(&"it is gone"))
    }

    /// Removes what there is of an object's file, durably. Nobody has it open.
    pub(super) fn remove(path: &Path) -> Result<(), StorageFault> {
        for file in [
            path.to_owned(),
            with_suffix(path, "-wal"),
            with_suffix(path, "-shm"),
        ] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(told(&file, &error));
                }
                _ => {}
            }
        }
        match path.parent() {
            Some(parent) if parent.is_dir() => {
                sync_folder(parent).map_err(|error| told(parent, &error))
            }
            _ => Ok(()),
        }
    }

    fn set_up(&self, mut connection: Connection) -> rusqlite::Result<Database> {
        defend(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", self.synchronous())?;
        connection.pragma_update(None, "fullfsync", true)?;
        // Nobody else writes; whoever was replaced and does not end holds the file, and is not waited for.
        connection.busy_timeout(std::time::Duration::ZERO)?;
        functions::add(&connection)?;
        rules::limit(&connection)?;
        let own = Arc::new(AtomicBool::new(false));
        let ours = Arc::clone(&own);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if ours.load(Ordering::Relaxed) {
                Authorization::Allow
            } else {
                rules::judge(&context)
            }
        }))?;
        Ok(Database { connection, own })
    }

    fn synchronous(&self) -> &'static str {
        match self.durability {
            Durability::Full => "FULL",
            Durability::Process => "OFF",
        }
    }

    fn check(&self, connection: &Connection, path: &Path) -> Result<(), StorageFault> {
        let header = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let damaged = |error: rusqlite::Error| self.fault(path, &error);
        let id = header("application_id").map_err(damaged)?;
        if id != APPLICATION_ID {
            let reason = "it is empty or no object's file";
            return Err(self.quarantine.close_own(path, reason));
        }
        let version = header("user_version").map_err(damaged)?;
        if version != VERSION {
            return Err(StorageFault::Newer {
                mount: String::new(),
                stored: version.unsigned_abs(),
                known: VERSION.unsigned_abs(),
            });
        }
        let read = "SELECT value FROM _cf_METADATA WHERE key = 'folder'";
        let folder: String = connection
            .query_row(read, (), |row| row.get(0))
            .map_err(damaged)?;
        if folder != self.folder {
            let reason = "it is of another data folder";
            return Err(self.quarantine.close_own(path, reason));
        }
        Ok(())
    }

    /// A failed statement of our own.
    pub(super) fn fault(&self, path: &Path, error: &rusqlite::Error) -> StorageFault {
        let is_gone = matches!(error, rusqlite::Error::QueryReturnedNoRows);
        if is_own_damage(error) || is_gone {
            return self.quarantine.close_own(path, &error.to_string());
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StorageFault::Full,
            _ => told(path, error),
        }
    }

    /// A fault that a test has asked for.
    pub(super) fn probe(&self, file: usize, point: Point) -> Result<(), StorageFault> {
        let failure = self
            .faults
            .as_ref()
            .and_then(|faults| faults.at(file, point));
        match failure {
            None => Ok(()),
            Some(Failure::Full) => Err(StorageFault::Full),
            Some(_) => Err(StorageFault::Io("a fault was injected".to_owned())),
        }
    }
}

impl Database {
    /// Runs statements of our own.
    pub(in super::super) fn own<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.own.store(true, Ordering::Relaxed);
        let result = run(&self.connection);
        self.own.store(false, Ordering::Relaxed);
        result
    }
}

/// Removes what an interrupted attempt left behind.
fn clear_draft(draft: &Path) -> Result<(), StorageFault> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(with_suffix(draft, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(told(draft, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is in a folder, in the order of names; nothing if there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let mut found = read
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    found.sort();
    Ok(found)
}

fn told(path: &Path, what: &dyn std::fmt::Display) -> StorageFault {
    StorageFault::Io(format!("{}: {what}", path.display()))
}

pub(in super::super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
