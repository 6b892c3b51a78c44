//! Faults: who suffers from them, and that nobody is told of success wrongly.

use super::*;

/// Fails at the points that were asked for, once each.
#[derive(Default)]
pub(super) struct Script(Mutex<Vec<(Point, Failure)>>);

impl Script {
    pub(super) fn fail_next(&self, point: Point, failure: Failure) {
        self.0.lock().expect("no panic").push((point, failure));
    }
}

impl Faults for Script {
    fn at(&self, _file: usize, point: Point) -> Option<Failure> {
        let mut script = self.0.lock().expect("no panic");
        let at = script.iter().position(|(planned, _)| *planned == point)?;
        Some(script.remove(at).1)
    }
}

pub(super) fn rig() -> (Rig, Arc<Script>) {
    let script = Arc::new(Script::default());
    let options = StoreOptions {
        faults: Some(Arc::clone(&script) as Arc<dyn Faults>),
        ..StoreOptions::new("app")
    };
    (Rig::with(&options), script)
}

/// Five objects of one file.
fn five(rig: &Rig) -> Vec<Rc<StoredObject>> {
    neighbours(&rig.store, &target("a"))
        .take(5)
        .map(|target| rig.open(&target))
        .collect()
}

#[test]
fn a_refused_commit_harms_only_its_object() {
    let rig = Rig::new();
    let objects = five(&rig);
    // A real refusal by the file, not an injected one.
    let file =
        rusqlite::Connection::open(rig.path_of(objects[0].target())).expect("the file opens");
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON record WHEN new.key = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END";
    file.execute_batch(trigger).expect("it writes");
    let log = Log::default();
    for (number, object) in objects.iter().enumerate() {
        put(object, "k", "1");
        let seq = object
            .commit(commit(
                &[(if number == 2 { "bad" } else { "good" }, "2"), ("k", "2")],
                &[],
            ))
            .expect("accepted");
        gate(object, seq, &log);
        let seq = put(object, "k", "3");
        gate(object, seq, &log);
    }
    let events = rig.settle();
    assert_eq!(events.lost, [Lost::Object(objects[2].target().id)]);
    let failures: Vec<_> = log
        .borrow()
        .iter()
        .filter(|(_, result)| result.is_err())
        .cloned()
        .collect();
    assert!(
        matches!(&failures[..], [(2, Err(StorageFault::Io(text))), (3, Err(_))] if text.contains("no")),
        "{failures:?}"
    );
    assert_eq!(log.borrow().len(), 10);
    for (number, object) in objects.iter().enumerate() {
        let expected = if number == 2 { "1" } else { "3" };
        assert_eq!(
            get(&rig.open(object.target()), "k").as_deref(),
            Some(expected),
            "object {number}"
        );
    }
    assert_eq!(rig.store.stats().transactions, 1, "still one sync for all");
}

#[test]
fn an_io_error_resets_every_object_of_the_file_and_no_other() {
    let (rig, script) = rig();
    let objects = five(&rig);
    let other = (0..).map(|number| target(&format!("x{number}")));
    let other = other
        .filter(|target| rig.store.file_of(target.id) != rig.store.file_of(objects[0].target().id));
    let other = rig.open(&other.into_iter().next().expect("another file"));
    for object in objects.iter().chain([&other]) {
        put(object, "k", "1");
    }
    rig.settle();

    script.fail_next(Point::BeforeCommit, Failure::Io);
    let log = Log::default();
    for object in &objects[..3] {
        let seq = put(object, "k", "2");
        gate(object, seq, &log);
    }
    rig.shard.flush();
    // On its way when the fault strikes: built on a state that is gone.
    let seq = put(&objects[0], "k", "3");
    gate(&objects[0], seq, &log);
    rig.shard.flush();
    let file = rig.store.file_of(objects[0].target().id);
    assert_eq!(rig.settle().lost, [Lost::File(file)]);
    assert_eq!(log.borrow().len(), 4);
    assert!(
        log.borrow()
            .iter()
            .all(|(_, result)| matches!(result, Err(StorageFault::Io(_)))),
        "{log:?}"
    );
    assert!(
        objects.iter().all(|object| object.is_lost()),
        "also those that had nothing on its way"
    );
    assert!(!other.is_lost());
    assert_eq!(rig.store.stats().resets, 1);

    for object in &objects {
        let object = rig.open(object.target());
        assert_eq!(get(&object, "k").as_deref(), Some("1"));
        assert_eq!(put(&object, "k", "4"), 2);
    }
    assert_eq!(rig.settle(), Events::default());
    assert_eq!(
        get(&rig.open(objects[0].target()), "k").as_deref(),
        Some("4")
    );
}

#[test]
fn a_commit_whose_fate_is_unknown_is_not_acknowledged_and_not_repeated() {
    let (rig, script) = rig();
    let me = target("a");
    let object = rig.open(&me);
    let log = Log::default();
    script.fail_next(Point::AfterCommit, Failure::Io);
    let seq = put(&object, "k", "1");
    gate(&object, seq, &log);
    rig.settle();
    assert!(matches!(log.borrow()[..], [(1, Err(StorageFault::Io(_)))]));
    // The disk has it all the same: the next instance goes on from there.
    let (next, found) = rig.shard.open_object(&me).expect("it opens");
    assert_eq!(
        found,
        Found::Born {
            seq: 1,
            alarm: None,
            name: Some("a".into())
        }
    );
    assert_eq!(
        (get(&next, "k").as_deref(), put(&next, "k", "2")),
        (Some("1"), 2)
    );
    assert_eq!(rig.settle(), Events::default());
}

/// Holds the writer after its first transaction until told, then says that the disk failed.
struct Hold(Mutex<Option<(Sender<()>, Receiver<()>)>>);

impl Faults for Hold {
    fn at(&self, _file: usize, point: Point) -> Option<Failure> {
        let (reached, go) = self
            .0
            .lock()
            .expect("no panic")
            .take_if(|_| point == Point::AfterCommit)?;
        reached.send(()).expect("somebody waits");
        go.recv().expect("told");
        Some(Failure::Io)
    }
}

#[test]
fn what_was_built_on_a_commit_of_unknown_fate_is_void() {
    let ((reached, written), (go, told)) = (mpsc::channel(), mpsc::channel());
    let faults: Arc<dyn Faults> = Arc::new(Hold(Mutex::new(Some((reached, told)))));
    let rig = Rig::with(&StoreOptions {
        faults: Some(faults),
        ..StoreOptions::new("app")
    });
    let me = target("a");
    let object = rig.open(&me);
    let log = Log::default();
    for value in ["1", "2"] {
        let seq = put(&object, "k", value);
        gate(&object, seq, &log);
        rig.shard.flush();
        if value == "1" {
            written
                .recv_timeout(PATIENCE)
                .expect("the first transaction is written");
        }
    }
    go.send(()).expect("the writer waits");
    assert_eq!(rig.settle().lost, [Lost::File(rig.store.file_of(me.id))]);
    assert!(
        matches!(
            log.borrow()[..],
            [(1, Err(StorageFault::Io(_))), (2, Err(StorageFault::Io(_)))]
        ),
        "{log:?}"
    );
    // The first is on disk, as it happens. The second would fit behind it, but its caller was told that it failed.
    let next = rig.open(&me);
    assert_eq!((next.seq(), put(&next, "l", "3")), (1, 2));
    assert_eq!(rig.settle(), Events::default());
    assert_eq!(on_disk(&rig.path_of(&me), &me, "k").as_deref(), Some("1"));
}

#[test]
fn a_file_that_cannot_be_opened_again_answers_and_heals() {
    let (rig, script) = rig();
    let me = target("a");
    script.fail_next(Point::BeforeCommit, Failure::Io);
    put(&rig.open(&me), "k", "1");
    rig.settle();
    script.fail_next(Point::Reopen, Failure::Io);
    script.fail_next(Point::Reopen, Failure::Full);
    for fault in ["Io", "Full"] {
        let object = rig.open(&me);
        let log = Log::default();
        let seq = put(&object, "k", "2");
        gate(&object, seq, &log);
        assert_eq!(rig.settle().lost, [Lost::Object(me.id)]);
        assert!(format!("{:?}", log.borrow()).contains(fault), "{log:?}");
    }
    let object = rig.open(&me);
    put(&object, "k", "3");
    assert_eq!(rig.settle(), Events::default());
    assert_eq!(on_disk(&rig.path_of(&me), &me, "k").as_deref(), Some("3"));
}

#[test]
fn a_full_disk_acknowledges_nothing_and_heals() {
    let (rig, script) = rig();
    let objects = five(&rig);
    script.fail_next(Point::BeforeCommit, Failure::Full);
    let log = Log::default();
    for object in &objects {
        let seq = put(object, "k", "1");
        gate(object, seq, &log);
    }
    assert_eq!(rig.settle().lost.len(), 5);
    assert_eq!(log.borrow().len(), 5);
    assert!(
        log.borrow()
            .iter()
            .all(|(_, result)| *result == Err(StorageFault::Full))
    );
    let object = rig.open(objects[0].target());
    assert_eq!(get(&object, "k"), None);
    put(&object, "k", "2");
    assert_eq!(rig.settle(), Events::default());
    assert_eq!(
        rig.store.stats().resets,
        0,
        "a full disk is no reason to distrust the file"
    );
}

#[test]
fn a_closed_store_fails_what_comes_late() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let log = Log::default();
    let seq = put(&object, "k", "1");
    gate(&object, seq, &log);
    let Rig {
        shard,
        notices,
        store,
        dir: _dir,
    } = rig;
    store.close();
    shard.flush();
    shard.on_notice(notices.recv_timeout(PATIENCE).expect("a notice"));
    assert!(matches!(log.borrow()[..], [(1, Err(StorageFault::Io(_)))]));
}

/// A real full disk, for machines that can mount one: `mount -t tmpfs -o size=8m tmpfs FOLDER`.
#[test]
#[ignore = "needs STAYPUT_TEST_SMALL_DISK, an empty folder on a file system of a few MB"]
fn a_really_full_disk_acknowledges_nothing_and_heals() {
    let path = std::env::var_os("STAYPUT_TEST_SMALL_DISK").expect("STAYPUT_TEST_SMALL_DISK is set");
    let dir = TempDir::new_in(path).expect("a folder");
    let ballast = dir.path().join("ballast");
    std::fs::write(&ballast, vec![1; 2 << 20]).expect("it writes");
    let rig = Rig::at(Rc::new(dir), &StoreOptions::new("app"));
    let (mut acknowledged, mut failed) = (Vec::new(), 0);
    let value = "v".repeat(20_000);
    let try_one = |number: usize| {
        let object = rig.open(&target(&format!("o{number}")));
        let log = Log::default();
        let seq = put(&object, "k", &value);
        gate(&object, seq, &log);
        rig.settle();
        let (_, result) = log.borrow_mut().pop().expect("an answer");
        result
    };
    for number in 0.. {
        match try_one(number) {
            Ok(()) => acknowledged.push(number),
            Err(fault) => {
                // Some calls fail as I/O errors when there is no room: the index of a log cannot grow.
                assert!(
                    matches!(fault, StorageFault::Full | StorageFault::Io(_)),
                    "{fault}"
                );
                failed += 1;
            }
        }
        if failed == 200 {
            break;
        }
    }
    println!(
        "{} acknowledged before the disk was full",
        acknowledged.len()
    );
    let there = |number: &usize| {
        get(&rig.open(&target(&format!("o{number}"))), "k").is_some_and(|found| found == value)
    };
    assert!(
        acknowledged.iter().all(there),
        "reads go on, and nothing acknowledged is lost"
    );
    std::fs::remove_file(&ballast).expect("removed");
    for number in 0..8 {
        let result = try_one(1_000_000 + number);
        assert_eq!(result, Ok(()), "it heals by itself");
        acknowledged.push(1_000_000 + number);
    }
    let rig = rig.reopen();
    let there = |number: &usize| {
        get(&rig.open(&target(&format!("o{number}"))), "k").is_some_and(|found| found == value)
    };
    assert!(acknowledged.iter().all(there));
}
