//! Objects with files of their own: kills, owners that were replaced, alarms, records that move in.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::backend::{Counts, RowSink, SqlStore, Statement};
use crate::sql::{SqlError, SqlValue};
use crate::state::{META_KEY, Meta};

const FOLDER: &str = "STAYPUT_TEST_SQL_FOLDER";

/// Takes the first value of each row.
#[derive(Default)]
struct First(Vec<SqlValue>);

impl RowSink for First {
    fn columns(&mut self, _: Vec<String>) {}

    fn row(&mut self, values: Vec<SqlValue>) -> bool {
        self.0.extend(values.into_iter().next());
        true
    }
}

fn run(object: &SqlObject, text: &str) -> Result<(Vec<SqlValue>, Counts), SqlError> {
    let mut rows = First::default();
    let statement = Statement {
        text,
        params: &[],
        single: true,
        changes_rows: true,
        read_only: false,
    };
    let counts = object.run(&statement, &mut rows)?;
    Ok((rows.0, counts))
}

fn meta() -> Record {
    let meta = Meta::encode(Some("a"), Timestamp::from_millis(0), "app@1", &[], None);
    Record {
        key: META_KEY.to_owned(),
        value: meta.expect("it encodes"),
    }
}

/// One turn: `turns` counts up in a table and in a record, and the object is born if it was not.
fn turn(object: &SqlObject, alarm: Option<AlarmChange>) -> Result<u64, StorageFault> {
    let mut next = 0;
    object.transact(&mut || {
        run(object, "CREATE TABLE IF NOT EXISTS turns(n INTEGER)").expect("it runs");
        run(object, "INSERT INTO turns SELECT count(*) + 1 FROM turns").expect("it runs");
        next = turns(object);
        let mut commit = commit(&[("turns", &next.to_string())], &[]);
        commit.puts.insert(0, meta());
        commit.alarm = alarm;
        object.commit(commit).is_ok()
    })?;
    Ok(next)
}

fn turns(object: &SqlObject) -> u64 {
    let count = run(object, "SELECT count(*) FROM turns");
    match count.map(|(rows, _)| rows) {
        Ok(rows) => match rows[..] {
            [SqlValue::Integer(count)] => count.unsigned_abs(),
            _ => 0,
        },
        Err(_) => 0,
    }
}

fn record(object: &SqlObject) -> u64 {
    let stored = object.get("turns").expect("it reads");
    stored.map_or(0, |text| {
        String::from_utf8_lossy(&text).parse().expect("a number")
    })
}

fn open(shard: &ShardStore, name: &str) -> Rc<SqlObject> {
    shard.open_sql(&target(name)).expect("it opens").0
}

/// The process that gets killed.
#[test]
#[ignore = "runs as a child of the test below"]
fn turns_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = Store::open(Path::new(&folder), &StoreOptions::new("app")).expect("it opens");
    let (shard, _notices) = attach(&store, 0, 1);
    loop {
        for number in 0..4 {
            let object = open(&shard, &number.to_string());
            for _ in 0..3 {
                println!("ack {number} {}", turn(&object, None).expect("it commits"));
                std::io::stdout().flush().expect("stdout");
            }
        }
    }
}

fn start(folder: &Path) -> Child {
    let name = "backend::native::store::tests::sql::turns_until_killed";
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--nocapture", "--exact", name])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[test]
fn turns_that_were_acknowledged_before_a_kill_are_there_as_a_whole() {
    let dir = Rc::new(TempDir::new().expect("a folder"));
    let mut acknowledged = [0_u64; 4];
    for round in 0..5_u64 {
        let mut child = start(dir.path());
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut note = |line: &str| {
            let mut words = line.split(' ').skip_while(|word| *word != "ack").skip(1);
            let (Some(Ok(number)), Some(Ok(count))) = (
                words.next().map(str::parse::<usize>),
                words.next().map(str::parse::<u64>),
            ) else {
                return false;
            };
            acknowledged[number] = acknowledged[number].max(count);
            true
        };
        let mut count = 0;
        while count < 40 + 7 * round {
            count += u64::from(note(&lines.next().expect("it goes on").expect("text")));
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        for line in rest.iter().take(rest.len().saturating_sub(1)) {
            note(line);
        }
        let rig = Rig::at(Rc::clone(&dir), &StoreOptions::new("app"));
        for (number, least) in acknowledged.iter().enumerate() {
            let object = open(&rig.shard, &number.to_string());
            let there = turns(&object);
            assert!(
                there >= *least,
                "object {number}: {least} acknowledged, {there} there"
            );
            assert_eq!(record(&object), there, "object {number}: half a turn");
        }
    }
}

#[test]
fn a_turn_that_is_not_kept_or_panics_leaves_nothing() {
    let rig = Rig::new();
    let object = open(&rig.shard, "a");
    assert_eq!(turn(&object, None), Ok(1));
    object
        .transact(&mut || {
            run(&object, "DELETE FROM turns").expect("it runs");
            false
        })
        .expect("undone");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        object.transact(&mut || {
            run(&object, "DELETE FROM turns").expect("it runs");
            // Also from within a part of it.
            let part = object.transact(&mut || panic!("as planned"));
            part.is_ok()
        })
    }));
    assert!(panicked.is_err());
    assert!(object.is_idle() && !object.is_lost());
    assert_eq!((turns(&object), record(&object)), (1, 1));
    assert_eq!(turn(&object, None), Ok(2));
}

#[test]
fn a_statement_that_rolls_back_everything_ends_the_turn() {
    let rig = Rig::new();
    let object = open(&rig.shard, "a");
    turn(&object, None).expect("it commits");
    let mut kept = None;
    let ended = object.transact(&mut || {
        run(&object, "CREATE TABLE u(x UNIQUE)").expect("it runs");
        run(&object, "INSERT INTO u VALUES(1)").expect("it runs");
        kept = run(&object, "INSERT OR ROLLBACK INTO u VALUES(1)").err();
        true
    });
    assert!(matches!(ended, Err(StorageFault::Io(_))), "{ended:?}");
    assert_eq!(kept.map(|error| error.code()), Some("storage"));
    assert_eq!(turn(&object, None), Ok(2));
}

#[test]
fn who_was_replaced_commits_no_more() {
    let rig = Rig::new();
    let old = open(&rig.shard, "a");
    turn(&old, None).expect("it commits");
    let mut second = None;
    let refused = old.transact(&mut || {
        run(&old, "INSERT INTO turns VALUES(7)").expect("it runs");
        second = Some(attach(&rig.store, 0, 1));
        true
    });
    assert_eq!(refused, Err(StorageFault::Fenced));
    let (shard, _notices) = second.expect("attached");
    let new = open(&shard, "a");
    assert_eq!(turn(&new, None), Ok(2));
    assert!(turn(&old, None).is_err());
    assert_eq!(turns(&new), 2);
}

#[test]
fn an_alarm_is_in_the_registry_before_it_is_in_the_file() {
    let rig = Rig::new();
    let at = |millis| Timestamp::from_millis(millis);
    let registry = || rig.shard.alarms().expect("it reads");
    let object = open(&rig.shard, "a");
    turn(&object, Some(AlarmChange::Set(at(500)))).expect("it commits");
    assert_eq!(registry(), [(target("a"), at(500))]);
    assert_eq!(rig.shard.changed_alarms().len(), 1);
    // Later and none may come after the commit; nobody waits for them.
    turn(&object, Some(AlarmChange::Set(at(900)))).expect("it commits");
    turn(&object, Some(AlarmChange::Set(at(100)))).expect("it commits");
    assert_eq!(registry(), [(target("a"), at(100))]);
    // A turn that is undone may leave one that is too early: whatever wakes the object then puts it right.
    object.after_alarm();
    drop(object);
    let rig = rig.reopen();
    let object = open(&rig.shard, "a");
    assert_eq!(rig.shard.alarms().expect("it reads"), []);
    assert_eq!(turns(&object), 3);
}

#[test]
fn records_move_in_when_a_class_gets_sql_and_cannot_move_out() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let mut first = commit(&[("f/count", "7")], &[]);
    first.puts.insert(0, meta());
    first.alarm = Some(AlarmChange::Set(Timestamp::from_millis(50)));
    object.commit(first).expect("accepted");
    rig.settle();
    drop(object);
    let (moved, found) = rig.shard.open_sql(&target("a")).expect("it opens");
    assert!(matches!(found, Found::Born { seq: 1, .. }), "{found:?}");
    assert_eq!(
        moved.get("f/count").expect("it reads").as_deref(),
        Some(&b"7"[..])
    );
    turn(&moved, None).expect("it commits");
    drop(moved);
    let rig = rig.reopen();
    assert_eq!(turns(&open(&rig.shard, "a")), 1);
    assert_eq!(rig.shard.alarms().expect("it reads").len(), 1);
    let refused = rig.shard.open_object(&target("a"));
    assert!(matches!(refused, Err(StorageFault::Io(_))));
}

#[test]
fn a_foreign_broken_or_missing_file_is_left_alone() {
    type Harm = fn(&Path, &Path);
    let harms: [(&str, Harm, &str); 5] = [
        (
            "another folder's",
            |mine, theirs| {
                std::fs::copy(theirs, mine).expect("copied");
            },
            "another data folder",
        ),
        (
            "empty",
            |mine, _| std::fs::write(mine, b"").expect("written"),
            "empty",
        ),
        (
            "no database",
            |mine, _| std::fs::write(mine, [7; 8192]).expect("written"),
            "not a database",
        ),
        (
            "missing",
            |mine, _| std::fs::remove_file(mine).expect("removed"),
            "missing",
        ),
        (
            "cut",
            |mine, _| {
                let file = std::fs::File::options().write(true).open(mine);
                file.expect("it opens").set_len(8192).expect("cut");
            },
            "malformed",
        ),
    ];
    let other = Rig::new();
    let theirs = open(&other.shard, "a");
    turn(&theirs, None).expect("it commits");
    let their_path = theirs.path.clone();
    drop(theirs);
    for (name, harm, part) in harms {
        let rig = Rig::new();
        for name in ["a", "b"] {
            turn(&open(&rig.shard, name), None).expect("it commits");
        }
        let path = open(&rig.shard, "a").path.clone();
        let rig = rig.reopen_after(|_| harm(&path, &their_path));
        let before = std::fs::read(&path).ok();
        for _ in 0..2 {
            let fault = rig.shard.open_sql(&target("a")).map(|_| ());
            assert!(
                matches!(&fault, Err(StorageFault::Quarantined(reason)) if reason.contains(part)),
                "{name}: {fault:?}"
            );
        }
        let said = rig.store.damaged();
        assert!(said.is_some_and(|said| said.contains(part)), "{name}");
        assert_eq!(turn(&open(&rig.shard, "b"), None), Ok(2), "{name}");
        assert!(
            std::fs::read(&path).ok() == before,
            "{name}: it was changed"
        );
    }
}

#[test]
fn damage_that_a_statement_meets_closes_the_file_as_it_is() {
    let rig = Rig::new();
    let object = open(&rig.shard, "a");
    let filled = object.transact(&mut || {
        run(&object, "CREATE TABLE big(x)").expect("it runs");
        run(
            &object,
            "INSERT INTO big SELECT hex(zeroblob(3000)) FROM (VALUES (1), (2), (3))",
        )
        .expect("it runs");
        let mut commit = commit(&[("turns", "1")], &[]);
        commit.puts.insert(0, meta());
        object.commit(commit).expect("accepted");
        true
    });
    filled.expect("it commits");
    let path = object.path.clone();
    drop(object);
    let rig = rig.reopen_after(|_| {
        let mut bytes = std::fs::read(&path).expect("it reads");
        for page in bytes.chunks_mut(4096).skip(4) {
            page.fill(0xa5);
        }
        std::fs::write(&path, bytes).expect("written");
    });
    let before = std::fs::read(&path).expect("it reads");
    let object = open(&rig.shard, "a");
    let found = run(&object, "SELECT max(x) FROM big").map(|_| ());
    assert_eq!(
        found.map_err(|error| error.code()),
        Err("storage.quarantined")
    );
    assert!(object.is_lost());
    drop(object);
    assert!(rig.shard.open_sql(&target("a")).is_err());
    assert!(
        std::fs::read(&path).expect("it reads") == before,
        "it was changed"
    );
}

#[test]
fn a_birth_that_was_only_announced_is_none() {
    let (rig, script) = faults::rig();
    let object = open(&rig.shard, "a");
    let at = AlarmChange::Set(Timestamp::from_millis(5));
    script.fail_next(Point::BeforeCommit, Failure::Io);
    assert!(turn(&object, Some(at)).is_err());
    drop(object);
    // The registry has it, but nobody has seen it: it may be born.
    let rig = rig.reopen();
    assert_eq!(rig.shard.alarms().map(|alarms| alarms.len()), Ok(1));
    let object = open(&rig.shard, "a");
    object.after_alarm();
    assert_eq!(turn(&object, None), Ok(1));
    assert_eq!(rig.shard.alarms(), Ok(Vec::new()));
    let path = object.path.clone();
    drop(object);
    let rig = rig.reopen_after(|_| std::fs::remove_file(&path).expect("removed"));
    let fault = rig.shard.open_sql(&target("a")).map(|_| ());
    assert!(
        matches!(fault, Err(StorageFault::Quarantined(_))),
        "{fault:?}"
    );
}

#[test]
fn an_index_that_does_not_fit_its_table_is_no_damage() {
    let rig = Rig::new();
    let object = open(&rig.shard, "a");
    let turned = object.transact(&mut || {
        run(&object, "CREATE TABLE t(x)").expect("it runs");
        run(&object, "CREATE VIRTUAL TABLE f USING fts5(x, content='t')").expect("it runs");
        run(&object, "INSERT INTO f(rowid, x) VALUES(1, 'a')").expect("it runs");
        object.commit(commit(&[("!meta", "{}")], &[])).is_ok()
    });
    turned.expect("it commits");
    // The row that the index tells of is not there.
    let found = run(&object, "SELECT x FROM f('a')");
    assert!(found.is_err(), "{found:?}");
    assert!(!object.is_lost());
    assert_eq!(rig.store.damaged(), None);
}

#[test]
fn an_object_whose_end_was_cut_short_is_swept_and_born_anew() {
    let rig = Rig::new();
    let object = open(&rig.shard, "a");
    turn(&object, Some(AlarmChange::Set(Timestamp::from_millis(500)))).expect("it commits");
    let path = object.path.clone();
    drop(object);
    let Rig {
        shard,
        notices,
        store,
        dir,
    } = rig;
    drop((shard, notices));
    let registry = file_path(dir.path(), store.file_of(target("a").id));
    store.close();
    // What a crash leaves right after the registry has said it.
    let file = rusqlite::Connection::open(registry).expect("it opens");
    let marked = file.execute("UPDATE object SET seq = -1, alarm = 0", ());
    assert_eq!(marked.expect("it runs"), 1);
    drop(file);
    assert!(path.exists());
    let rig = Rig::at(dir, &StoreOptions::new("app"));
    // So that it is opened, and swept, at once.
    let alarms = rig.shard.alarms().expect("it reads");
    assert_eq!(alarms, [(target("a"), Timestamp::from_millis(0))]);
    let (object, found) = rig.shard.open_sql(&target("a")).expect("it opens");
    assert_eq!(found, Found::Unborn);
    assert!(!path.exists());
    assert_eq!((turns(&object), record(&object)), (0, 0));
    drop(object);
    let rig = rig.reopen();
    assert_eq!(rig.shard.alarms().expect("it reads"), []);
    assert_eq!(turn(&open(&rig.shard, "a"), None), Ok(1));
}

#[test]
fn an_end_that_fails_leaves_the_object_as_it_was() {
    let rig = Rig::new();
    let object = open(&rig.shard, "a");
    turn(&object, None).expect("it commits");
    let kept = object.transact(&mut || {
        object.commit(Commit::destruction()).expect("accepted");
        false
    });
    assert_eq!(kept, Ok(()));
    drop(object);
    let object = open(&rig.shard, "a");
    assert_eq!(turn(&object, None), Ok(2));
    let ended = object.transact(&mut || object.commit(Commit::destruction()).is_ok());
    assert_eq!(ended, Ok(()));
    assert!(!object.path.exists());
    assert_eq!(turns(&object), 0);
    // The same handle goes on with the next life.
    assert_eq!(turn(&object, None), Ok(1));
    drop(object);
    let rig = rig.reopen();
    assert_eq!(turns(&open(&rig.shard, "a")), 1);
}
