//! Tests of the store on real files.

mod commit;
mod crash;
mod damage;
mod faults;
mod folder;
mod read;
mod speed;
mod sql;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::backend::{AlarmChange, Commit, ObjectStore, Record, Seq};
use crate::object::{IdKey, Target, Timestamp};

/// A store with one shard that has all files.
struct Rig {
    // Fields are dropped in this order: the shard before the store, the folder last.
    shard: ShardStore,
    notices: Receiver<Notice>,
    store: Store,
    dir: Rc<TempDir>,
}

impl Rig {
    fn new() -> Self {
        Self::with(&StoreOptions::new("app"))
    }

    fn with(options: &StoreOptions) -> Self {
        Self::at(Rc::new(TempDir::new().expect("a folder")), options)
    }

    fn at(dir: Rc<TempDir>, options: &StoreOptions) -> Self {
        let store = Store::open(dir.path(), options).expect("the store opens");
        let (shard, notices) = attach(&store, 0, 1);
        Self {
            shard,
            notices,
            store,
            dir,
        }
    }

    /// Closes the store and opens it again.
    fn reopen(self) -> Self {
        self.reopen_after(|_| ())
    }

    /// The same, and does something to the folder meanwhile.
    fn reopen_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self {
            shard,
            notices,
            store,
            dir,
        } = self;
        drop((shard, notices));
        store.close();
        meanwhile(dir.path());
        Self::at(dir, &StoreOptions::new("app"))
    }

    fn open(&self, target: &Target) -> Rc<StoredObject> {
        self.shard.open_object(target).expect("the object opens").0
    }

    /// Flushes and takes in notices until nothing is in flight.
    fn settle(&self) -> Events {
        settle(&self.shard, &self.notices)
    }

    /// Takes in one notice.
    fn notice(&self) -> Events {
        self.shard
            .on_notice(self.notices.recv_timeout(PATIENCE).expect("a notice"))
    }

    fn path_of(&self, target: &Target) -> PathBuf {
        file_path(self.dir.path(), self.store.file_of(target.id))
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn attach(store: &Store, index: usize, shards: usize) -> (ShardStore, Receiver<Notice>) {
    let (sender, notices) = mpsc::channel();
    let shard = store
        .shard(index, shards, move |notice| drop(sender.send(notice)))
        .expect("the shard attaches");
    (shard, notices)
}

fn settle(shard: &ShardStore, notices: &Receiver<Notice>) -> Events {
    let mut all = Events::default();
    shard.flush();
    while shard.in_flight() > 0 {
        let events = shard.on_notice(notices.recv_timeout(PATIENCE).expect("a notice"));
        all.lost.extend(events.lost);
        all.alarms.extend(events.alarms);
        shard.flush();
    }
    all
}

fn file_path(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("objects-{number}.sqlite"))
}

fn target(name: &str) -> Target {
    Target {
        class: "room".into(),
        id: IdKey::new("stayput:app:room").named(name),
        name: Some(name.into()),
    }
}

/// A commit that writes `puts` and removes `deletes`.
fn commit(puts: &[(&str, &str)], deletes: &[&str]) -> Commit {
    let record = |(key, value): &(&str, &str)| Record {
        key: (*key).to_owned(),
        value: value.as_bytes().to_vec(),
    };
    let mut puts: Vec<Record> = puts.iter().map(record).collect();
    puts.sort_by(|a, b| a.key.cmp(&b.key));
    let mut deletes: Vec<String> = deletes.iter().map(|key| (*key).to_owned()).collect();
    deletes.sort();
    Commit {
        puts,
        deletes,
        ..Commit::default()
    }
}

fn put(object: &StoredObject, key: &str, value: &str) -> Seq {
    object
        .commit(commit(&[(key, value)], &[]))
        .expect("the commit is accepted")
}

fn get(object: &StoredObject, key: &str) -> Option<String> {
    object
        .get(key)
        .expect("it reads")
        .map(|value| String::from_utf8(value).expect("text"))
}

type Log = Rc<RefCell<Vec<(Seq, Result<(), StorageFault>)>>>;

/// Hands a gate over that notes in `log` how it was released.
fn gate(object: &StoredObject, seq: Seq, log: &Log) {
    let log = Rc::clone(log);
    object.gate(
        seq,
        Box::new(move |result| log.borrow_mut().push((seq, result))),
    );
}

/// What an independent connection finds in the file.
fn on_disk(path: &Path, target: &Target, key: &str) -> Option<String> {
    let connection = rusqlite::Connection::open(path).expect("the file opens");
    let sql = "SELECT CAST(value AS TEXT) FROM record JOIN object ON row = object WHERE id = ?1 AND key = ?2";
    connection
        .query_row(sql, (target.id.as_bytes(), key), |row| row.get(0))
        .ok()
}

/// The objects `0`, `1`, .. whose file is that of object `like`.
fn neighbours<'a>(store: &'a Store, like: &Target) -> impl Iterator<Item = Target> + 'a {
    let file = store.file_of(like.id);
    (0..)
        .map(|number| target(&format!("n{number}")))
        .filter(move |target| store.file_of(target.id) == file)
}
