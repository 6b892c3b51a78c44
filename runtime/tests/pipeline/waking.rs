//! How much an object reads when it wakes: what its collections hold does not count.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use stayput::backend::native::store::{Store, StoreOptions, StoredObject};
use stayput::backend::{Commit, ObjectStore, Record, Scan, Seq, StorageFault};
use stayput::object::{IdKey, Seed, Target};
use stayput::prelude::*;

use super::{ALLOCATOR, ALONE, Here, Pipeline, app};

/// Keeps what is written into it.
#[durable_object]
pub(crate) struct Diary {
    title: String,
    entries: Log<String>,
    moods: Map<String, u32>,
}

#[durable_object]
impl Diary {
    /// How many entries there are, and the last.
    #[action(public)]
    fn look(&self) -> (u64, Option<String>) {
        let _ = (&self.title, &self.moods);
        (self.entries.len(), self.entries.last(1).pop())
    }
}

/// A store that counts what is read from it.
struct Counted {
    store: Rc<StoredObject>,
    reads: Rc<Cell<(u64, usize)>>,
}

impl Counted {
    fn count(&self, bytes: usize) {
        let (reads, before) = self.reads.get();
        self.reads.set((reads + 1, before + bytes));
    }
}

impl ObjectStore for Counted {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        let value = self.store.get(key)?;
        self.count(value.as_ref().map_or(0, Vec::len));
        Ok(value)
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        let found = self.store.scan(scan)?;
        self.count(
            found
                .iter()
                .map(|record| record.key.len() + record.value.len())
                .sum(),
        );
        Ok(found)
    }

    fn commit(&self, commit: Commit) -> Result<Seq, StorageFault> {
        self.store.commit(commit)
    }

    fn gate(&self, seq: Seq, release: Box<dyn FnOnce(Result<(), StorageFault>)>) {
        self.store.gate(seq, release);
    }
}

/// What it took to wake an object and to ask it something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Woken {
    /// Reads of the store, and the bytes that it handed over.
    read: (u64, usize),
    /// What stays allocated.
    memory: usize,
    time: Duration,
}

/// A diary of so many entries, written straight into its file.
fn write(database: &std::path::Path, target: &Target, entries: u32) {
    let file = rusqlite::Connection::open(database).unwrap();
    let born = "INSERT INTO object(id, class, name, seq, epoch) VALUES(?1, ?2, ?3, 1, 0)";
    let Target { class, id, name } = target;
    file.execute(born, (id.as_bytes(), class, name)).unwrap();
    let row = file.last_insert_rowid();
    let meta = r#"{"v":1,"name":"x","born":0,"app":"stayput@0.1.0","state":{"":1}}"#;
    let mark = format!("[{entries},{entries}]");
    let put = "INSERT INTO record(object, key, value) VALUES(?1, ?2, CAST(?3 AS BLOB))";
    for (key, value) in [
        ("!meta", meta),
        ("c/entries#", &mark),
        ("f/title", r#""mine""#),
    ] {
        file.execute(put, (row, key, value)).unwrap();
    }
    let entries_of = r#"WITH RECURSIVE entry(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM entry WHERE id < ?2)
        INSERT INTO record SELECT ?1, printf('c/entries/%016x', id), CAST('"a day like any other"' AS BLOB) FROM entry"#;
    file.execute(entries_of, (row, entries)).unwrap();
}

/// The best of some wakes.
fn wake(entries: u32) -> Woken {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &StoreOptions::new("stayput")).unwrap();
    let shard = store.shard(0, 1, |_| ()).unwrap();
    let target = Target {
        class: "diary".into(),
        id: IdKey::new("diary").named("x"),
        name: Some("x".into()),
    };
    let database = format!("objects-{}.sqlite", shard.file_of(target.id));
    write(&folder.path().join(database), &target, entries);
    let answer =
        format!(r#"{{"jsonrpc":"2.0","result":[{entries},"a day like any other"],"id":7}}"#);
    let mut best = None;
    for _ in 0..7 {
        let read = Rc::new(Cell::new((0, 0)));
        let before = ALLOCATOR.bytes();
        let began = Instant::now();
        let live = app().find("diary").unwrap().spawn(Seed {
            store: Rc::new(Counted {
                store: shard.open_object(&target).unwrap().0,
                reads: Rc::clone(&read),
            }),
            target: target.clone(),
            sql: None,
            seq: 1,
            environment: Rc::new(Here),
        });
        let pipeline = Pipeline::of(live).unwrap();
        let body = br#"{"jsonrpc":"2.0","id":7,"method":"look"}"#;
        assert_eq!(&*pipeline.call_at("/diary/x", body), answer.as_bytes());
        let woken = Woken {
            read: read.get(),
            memory: ALLOCATOR.bytes().saturating_sub(before),
            time: began.elapsed(),
        };
        best = best
            .filter(|best: &Woken| best.time < woken.time)
            .or(Some(woken));
        shard.end_round();
    }
    drop(shard);
    store.close();
    best.unwrap()
}

#[test]
fn an_object_with_a_million_entries_wakes_like_one_with_ten() {
    let _alone = ALONE.lock();
    let (few, many) = (wake(10), wake(1_000_000));
    println!("with ten {few:?}, with a million {many:?}");
    assert_eq!(many.read.0, few.read.0, "as many reads");
    // The numbers in the record beside the entries are longer.
    assert!(many.read.1 <= few.read.1 + 32, "as many bytes");
    assert!(many.memory <= 1 << 20, "{} bytes", many.memory);
    assert!(
        many.time <= few.time * 5,
        "{:?} against {:?}",
        many.time,
        few.time
    );
}
