//! Reads: pending commits over the file, ranges, unborn objects.

use proptest::prelude::*;

use super::*;
use crate::backend::Scan;

fn scan(object: &StoredObject, scan: &Scan<'_>) -> Vec<(String, String)> {
    let text = |record: Record| (record.key, String::from_utf8(record.value).expect("text"));
    object
        .scan(scan)
        .expect("it reads")
        .into_iter()
        .map(text)
        .collect()
}

const ALL: Scan<'static> = Scan {
    start: "",
    end: None,
    reverse: false,
    limit: usize::MAX,
};

#[test]
fn a_read_sees_what_was_accepted_before_it_is_on_disk() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    put(&object, "k", "1");
    assert_eq!(get(&object, "k").as_deref(), Some("1"), "not even flushed");
    rig.settle();
    object
        .commit(commit(&[("l", "2")], &["k"]))
        .expect("accepted");
    assert_eq!(
        (get(&object, "k"), get(&object, "l").as_deref()),
        (None, Some("2"))
    );
    put(&object, "k", "3");
    assert_eq!(get(&object, "k").as_deref(), Some("3"));
    rig.settle();
    assert_eq!(
        (get(&object, "k").as_deref(), get(&object, "l").as_deref()),
        (Some("3"), Some("2"))
    );
}

#[test]
fn an_object_opened_again_while_commits_are_pending_sees_them() {
    let rig = Rig::new();
    let me = target("a");
    put(&rig.open(&me), "k", "1");
    let (object, found) = rig.shard.open_object(&me).expect("it opens");
    assert_eq!(
        found,
        Found::Born {
            seq: 1,
            alarm: None,
            name: Some("a".into())
        }
    );
    assert_eq!(get(&object, "k").as_deref(), Some("1"));
    assert_eq!(put(&object, "k", "2"), 2);
    assert_eq!(rig.settle(), Events::default());
}

#[test]
fn reading_unknown_objects_writes_nothing() {
    let rig = Rig::new();
    let size = |rig: &Rig| -> u64 {
        let files = std::fs::read_dir(rig.dir.path()).expect("a folder");
        files
            .map(|file| file.and_then(|file| file.metadata()).expect("a file").len())
            .sum()
    };
    // The first read of a file makes the index of its log.
    for number in 0..100 {
        rig.open(&target(&format!("warm{number}")));
    }
    let before = size(&rig);
    for number in 0..1_000 {
        let (object, found) = rig
            .shard
            .open_object(&target(&format!("o{number}")))
            .expect("it opens");
        assert_eq!(
            (found, get(&object, "k"), scan(&object, &ALL)),
            (Found::Unborn, None, vec![])
        );
    }
    rig.settle();
    assert_eq!((size(&rig), rig.store.stats().transactions), (before, 0));
}

#[test]
fn objects_do_not_see_each_other() {
    let rig = Rig::new();
    let a = target("a");
    let b = neighbours(&rig.store, &a).next().expect("a neighbour");
    let (a, b) = (rig.open(&a), rig.open(&b));
    put(&a, "k", "a");
    put(&b, "l", "b");
    rig.settle();
    assert_eq!((get(&a, "l"), get(&b, "k")), (None, None));
    assert_eq!(scan(&a, &ALL), [("k".to_owned(), "a".to_owned())]);
}

#[test]
fn keys_are_ordered_by_their_bytes() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let keys = [
        "",
        "A",
        "Z",
        "a",
        "a\u{0}",
        "a\u{0}b",
        "aa",
        "b",
        "é",
        "\u{ffff}",
        "\u{10000}",
    ];
    for key in keys.iter().rev() {
        put(&object, key, "1");
    }
    rig.settle();
    let found: Vec<String> = scan(&object, &ALL)
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(found, keys);
}

#[test]
fn the_folder_serves_any_number_of_shards() {
    let mut rig = Rig::new();
    for shards in [4, 1, 3, 8, 11] {
        let parts: Vec<_> = (0..shards)
            .map(|index| attach(&rig.store, index, shards))
            .collect();
        for number in 0..64 {
            let me = target(&format!("o{number}"));
            let (shard, _) = &parts[rig.store.shard_of(me.id, shards)];
            let (object, _) = shard.open_object(&me).expect("it opens");
            let known =
                get(&object, "k").map_or(0, |value| value.parse::<usize>().expect("a number"));
            assert_eq!(
                known,
                get(&object, "before").map_or(0, |value| value.parse().expect("a number"))
            );
            let next = (known + shards).to_string();
            object
                .commit(commit(&[("k", &next), ("before", &next)], &[]))
                .expect("accepted");
        }
        for (shard, notices) in &parts {
            assert_eq!(settle(shard, notices), Events::default());
        }
        drop(parts);
        rig = rig.reopen();
    }
    let sum: Vec<_> = (0..64)
        .map(|number| get(&rig.open(&target(&format!("o{number}"))), "k"))
        .collect();
    assert!(
        sum.iter().all(|value| value.as_deref() == Some("27")),
        "{sum:?}"
    );
}

/// One step of the model test.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u8, Option<u8>)>),
    Flush,
    Settle,
    Scan {
        start: u8,
        end: Option<u8>,
        reverse: bool,
        limit: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let changes =
        proptest::collection::btree_map(0..24_u8, proptest::option::of(any::<u8>()), 1..6);
    prop_oneof![
        4 => changes.prop_map(|changes| Step::Commit(changes.into_iter().collect())),
        1 => Just(Step::Flush),
        1 => Just(Step::Settle),
        4 => (0..24_u8, proptest::option::of(0..26_u8), any::<bool>(), 0..12_usize)
            .prop_map(|(start, end, reverse, limit)| Step::Scan { start, end, reverse, limit }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is on disk, on its way or not yet sent: ranges answer as one sorted map would.
    #[test]
    fn ranges_answer_as_a_sorted_map(steps in proptest::collection::vec(step(), 1..40)) {
        let options = StoreOptions { files: 1, durability: Durability::Process, ..StoreOptions::new("app") };
        let rig = Rig::with(&options);
        let object = rig.open(&target("a"));
        let mut model = std::collections::BTreeMap::new();
        let key = |number: u8| format!("k{number:02}");
        for step in steps {
            match step {
                Step::Commit(changes) => {
                    let mut commit = Commit::default();
                    for (number, value) in changes {
                        if let Some(value) = value {
                            commit.puts.push(Record { key: key(number), value: vec![value] });
                            model.insert(key(number), value);
                        } else {
                            commit.deletes.push(key(number));
                            model.remove(&key(number));
                        }
                    }
                    object.commit(commit).expect("accepted");
                }
                Step::Flush => rig.shard.flush(),
                Step::Settle => prop_assert_eq!(rig.settle(), Events::default()),
                Step::Scan { start, end, reverse, limit } => {
                    let (start, end) = (key(start), end.map(key));
                    let within = |key: &String| *key >= start && end.as_ref().is_none_or(|end| key < end);
                    let mut expected: Vec<_> = model.iter().filter(|(key, _)| within(key)).collect();
                    if reverse {
                        expected.reverse();
                    }
                    expected.truncate(limit);
                    let found = object.scan(&Scan { start: &start, end: end.as_deref(), reverse, limit }).expect("reads");
                    let found: Vec<_> = found.iter().map(|record| (&record.key, &record.value[0])).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}

#[test]
fn the_reads_of_a_round_are_one_transaction_that_ends_with_it() {
    let rig = Rig::new();
    let me = target("a");
    let object = rig.open(&me);
    put(&object, "k", "0");
    rig.settle();
    // How many frames of the log could not be carried over because somebody reads.
    let kept = |rig: &Rig| -> i64 {
        let log = rusqlite::Connection::open(rig.path_of(&me)).expect("the file opens");
        let sql = "PRAGMA wal_checkpoint(PASSIVE)";
        log.query_row(sql, (), |row| {
            Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
        })
        .expect("a checkpoint")
    };
    for round in 1..20 {
        for _ in 0..100 {
            let before = (round - 1).to_string();
            assert_eq!(get(&object, "k"), Some(before), "read in round {round}");
        }
        put(&object, "k", &round.to_string());
        assert_eq!(get(&object, "k"), Some(round.to_string()), "it is pending");
        rig.settle();
        assert_eq!(kept(&rig), 0, "after round {round}");
    }
    // While a round reads, it keeps to what it saw first.
    for _ in 0..100 {
        get(&object, "k");
    }
    let other = rusqlite::Connection::open(rig.path_of(&me)).expect("the file opens");
    other
        .execute("UPDATE file SET resets = resets + 1", ())
        .expect("a write");
    assert!(kept(&rig) > 0, "a transaction reads");
    rig.settle();
    assert_eq!(kept(&rig), 0);
}
