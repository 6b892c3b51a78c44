//! The native store: a data folder of shared SQLite files with group commit.
//!
//! * Every object lives in one of a fixed number of files, chosen by its id for good ([`Store::file_of`]).
//! * Each file has one writer thread. It puts all commits that wait into one transaction, so one sync to disk serves
//!   them all, and tells the shard once a transaction.
//! * Each shard thread has a [`ShardStore`]: its own connections for reading, the commits on their way, and the gates
//!   that hold replies back until their commit is on disk.
//!
//! A program opens one [`Store`], each shard thread takes its part by [`Store::shard`], and [`Store::close`] ends it.

pub mod care;
mod error;
mod faults;
mod folder;
mod group;
mod message;
mod object;
mod pending;
mod quarantine;
mod reader;
mod schema;
mod shard;
mod sql;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

pub use error::OpenError;
pub use faults::{Failure, Faults, Point};
pub use message::Notice;
pub use object::{MAX_KEY, MAX_VALUE, StoredObject};
pub use schema::Durability;
pub use shard::{Events, Found, Lost, ShardStore};
pub use sql::SqlObject;

use crate::backend::StorageFault;
use crate::object::{ObjectId, Target};
use folder::Folder;
use message::{Message, Owner};
use quarantine::Quarantine;
use reader::Reader;
use shard::Slot;
use sql::SqlFiles;
use writer::{Counters, Writer};

/// The number of files of a new folder, if nothing else is asked for. Enough to keep several disks' worth of syncs in
/// flight, few enough that each sync serves many objects.
pub const DEFAULT_FILES: usize = 8;

/// Most files a folder may have.
pub const MAX_FILES: usize = 64;

/// How to open a data folder.
#[derive(Clone)]
pub struct StoreOptions {
    /// The app's name; a folder belongs to one app.
    pub app: String,
    /// The number of files if the folder is new, 1 to [`MAX_FILES`]; an existing folder keeps its own.
    pub files: usize,
    /// What a commit survives.
    pub durability: Durability,
    /// Faults to inject; none in production.
    pub faults: Option<Arc<dyn Faults>>,
}

/// An open data folder, shared by all threads of the program.
pub struct Store {
    folder: Folder,
    boot: u32,
    /// How many shards were ever attached, which makes each one's epoch greater than all before.
    attached: AtomicU32,
    writers: Mutex<Vec<JoinHandle<()>>>,
    inboxes: Vec<Sender<Message>>,
    counters: Arc<Counters>,
    /// Files that are left alone.
    quarantine: Arc<Quarantine>,
    /// What objects with SQL share.
    sql: Arc<SqlFiles>,
}

/// What a shard asks of an object's store, whichever it is.
pub trait Stored {
    /// Who it is.
    fn target(&self) -> &Target;
    /// Whether nothing of it is on its way to the disk: then the object may be evicted.
    fn is_idle(&self) -> bool;
    /// Whether this instance may not write any more. The host drops it and opens the object anew.
    fn is_lost(&self) -> bool;
    /// The object has been woken by its alarm, and what was due has run.
    fn after_alarm(&self) {}
    /// Whether it has a file of its own.
    fn has_file(&self) -> bool {
        false
    }
}

/// What the writers have done since the store was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Messages from shards: at most one a file and flush.
    pub batches: u64,
    /// Transactions, each with one sync to disk.
    pub transactions: u64,
    /// Commits of objects that are on disk.
    pub commits: u64,
    /// Files reset after I/O errors.
    pub resets: u64,
}

impl StoreOptions {
    /// The settings for production.
    #[must_use]
    pub fn new(app: impl Into<String>) -> Self {
        Self {
            app: app.into(),
            files: DEFAULT_FILES,
            durability: Durability::Full,
            faults: None,
        }
    }
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("app", &self.app)
            .field("files", &self.files)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the folder, or makes it. Reads no object: the time it takes does not depend on how many there are.
    pub fn open(path: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        let mut folder = Folder::take(path, &options.app, options.files.clamp(1, MAX_FILES))?;
        let create = folder.meta().boots == 0;
        let files = folder.meta().files;
        let quarantine = Arc::new(Quarantine::new(files, true));
        let mut connections = Vec::with_capacity(files);
        let mut first = None;
        for number in 0..files {
            let path = folder.database(number);
            let opened =
                schema::open_writer(&path, number, folder.meta(), options.durability, create);
            match opened {
                Ok(connection) => connections.push(Some(connection)),
                // The others go on without it.
                Err(OpenError::Corrupt { file, reason }) if !create => {
                    quarantine.close_shared(number, &reason);
                    first.get_or_insert(OpenError::Corrupt { file, reason });
                    connections.push(None);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = first.filter(|_| connections.iter().all(Option::is_none)) {
            return Err(error);
        }
        folder.sync()?;
        let boot = folder.count_boot()?;
        let sql = Arc::new(SqlFiles::new(
            path,
            &folder.meta().folder,
            folder.meta().files,
            options.durability,
            options.faults.clone(),
            Arc::clone(&quarantine),
        ));
        let mut store = Self {
            folder,
            boot,
            attached: AtomicU32::new(0),
            writers: Mutex::default(),
            inboxes: Vec::new(),
            counters: Arc::default(),
            quarantine,
            sql,
        };
        for (number, connection) in connections.into_iter().enumerate() {
            let (sender, inbox) = mpsc::channel();
            let writer = Writer {
                number,
                path: store.folder.database(number),
                durability: options.durability,
                connection,
                quarantine: Arc::clone(&store.quarantine),
                inbox,
                faults: options.faults.clone(),
                counters: Arc::clone(&store.counters),
                generation: 0,
                epoch: 0,
                log_pages: 0,
            };
            let thread = thread::Builder::new()
                .name(format!("store-{number}"))
                .spawn(move || writer.run());
            store.writers().push(thread.map_err(OpenError::io(path))?);
            store.inboxes.push(sender);
        }
        Ok(store)
    }

    /// The part of shard `index` of `shards`: the files whose number leaves `index` when divided by `shards`. To be
    /// called on the shard's thread. From here on no earlier owner of these files can write.
    ///
    /// `notify` is called on writer threads, once per transaction; it hands the notice to the shard's inbox.
    pub fn shard(
        &self,
        index: usize,
        shards: usize,
        notify: impl Fn(Notice) + Send + Sync + 'static,
    ) -> Result<ShardStore, StorageFault> {
        let owner = Arc::new(Owner {
            epoch: self.next_epoch()?,
            notify: Box::new(notify),
        });
        let closed = || StorageFault::Io("the store is closed".to_owned());
        let mut slots = Vec::with_capacity(self.inboxes.len());
        for (number, inbox) in self.inboxes.iter().enumerate() {
            if number % shards.max(1) != index {
                slots.push(None);
                continue;
            }
            let (answer, generation) = mpsc::sync_channel(1);
            inbox
                .send(Message::Attach(Arc::clone(&owner), answer))
                .map_err(|_| closed())?;
            let generation = generation.recv().map_err(|_| closed())?;
            self.sql.own(number, owner.epoch);
            let path = self.folder.database(number);
            let reader = Reader::new(number, path, Arc::clone(&self.quarantine));
            slots.push(Some(Slot::new(reader, inbox.clone(), generation)));
        }
        Ok(ShardStore::new(
            owner,
            slots.into_boxed_slice(),
            Arc::clone(&self.sql),
        ))
    }

    /// The shard of `shards` that an object lives on. More shards than files leave the last ones without objects.
    pub fn shard_of(&self, id: ObjectId, shards: usize) -> usize {
        self.file_of(id) % shards.max(1)
    }

    /// The file that an object lives in.
    pub fn file_of(&self, id: ObjectId) -> usize {
        file_of(id, self.inboxes.len())
    }

    /// What is wrong with files that are damaged, if some are.
    pub fn damaged(&self) -> Option<String> {
        self.quarantine.report()
    }

    /// The number of files.
    pub fn files(&self) -> usize {
        self.inboxes.len()
    }

    /// What the writers have done so far.
    pub fn stats(&self) -> StoreStats {
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        StoreStats {
            batches: load(&self.counters.batches),
            transactions: load(&self.counters.transactions),
            commits: load(&self.counters.commits),
            resets: load(&self.counters.resets),
        }
    }

    /// Writes what was flushed, carries the logs over into the files, and gives the folder back. Same as dropping it.
    pub fn close(self) {}

    fn writers(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 32 bits of the boot counter above 16 bits that count the owners of this run.
    fn next_epoch(&self) -> Result<i64, StorageFault> {
        let owner = self.attached.fetch_add(1, Ordering::Relaxed);
        match u16::try_from(owner) {
            Ok(owner) => Ok(i64::from(self.boot) << 16 | i64::from(owner)),
            Err(_) => Err(StorageFault::Io(
                "too many shards were replaced; restart the program".to_owned(),
            )),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for inbox in &self.inboxes {
            // A writer that is gone needs no telling.
            inbox.send(Message::Close).ok();
        }
        for writer in self.writers().drain(..) {
            if writer.join().is_err() {
                tracing::error!("a writer thread of the store panicked");
            }
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("files", &self.files())
            .field("boot", &self.boot)
            .finish_non_exhaustive()
    }
}

/// Object to file. Ids are made of a keyed hash or of random bytes, so any part of one is evenly spread. Part of the
/// folder's format: never change it.
pub(super) fn file_of(id: ObjectId, files: usize) -> usize {
    let [low, high, ..] = *id.as_bytes();
    usize::from(u16::from_le_bytes([low, high])) % files.max(1)
}
