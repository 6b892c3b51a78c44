//! Commits: grouping, gates, fencing.

use super::*;
use crate::backend::Scan;

#[test]
fn many_commits_share_a_transaction() {
    let rig = Rig::new();
    let objects: Vec<_> = (0..200)
        .map(|number| rig.open(&target(&format!("o{number}"))))
        .collect();
    let before = rig.store.stats();
    for round in 0..5 {
        for object in &objects {
            put(object, "k", &round.to_string());
        }
    }
    rig.settle();
    let after = rig.store.stats();
    assert_eq!(after.commits - before.commits, 1_000);
    assert_eq!(
        after.batches - before.batches,
        8,
        "one flush wakes each writer once"
    );
    assert_eq!(after.transactions - before.transactions, 8);
}

#[test]
fn a_gate_opens_after_its_commit_is_in_the_file_and_not_before() {
    let rig = Rig::new();
    let (me, path) = (target("a"), rig.path_of(&target("a")));
    let object = rig.open(&me);
    let seen = Rc::new(RefCell::new(Vec::new()));
    for value in ["1", "2", "3"] {
        let seq = put(&object, "k", value);
        let (note, me, path) = (Rc::clone(&seen), me.clone(), path.clone());
        object.gate(
            seq,
            Box::new(move |result| {
                assert_eq!(result, Ok(()));
                note.borrow_mut().push((
                    value,
                    on_disk(&path, &me, "k").expect("the record is in the file"),
                ));
            }),
        );
        assert!(
            seen.borrow().iter().all(|(of, _)| *of != value),
            "shut before the flush"
        );
        // One transaction a value, so that each gate can be held against what the file says at that moment.
        rig.settle();
    }
    let expected: Vec<_> = ["1", "2", "3"]
        .map(|value| (value, value.to_owned()))
        .into();
    assert_eq!(*seen.borrow(), expected);
}

#[test]
fn gates_open_in_the_order_they_were_handed_over() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let log = Log::default();
    gate(&object, 0, &log);
    assert_eq!(*log.borrow(), [(0, Ok(()))], "nothing to wait for");
    put(&object, "k", "1");
    put(&object, "k", "2");
    gate(&object, 2, &log);
    gate(&object, 1, &log);
    gate(&object, 0, &log);
    assert_eq!(
        log.borrow().len(),
        1,
        "even what is durable waits behind what is not"
    );
    rig.settle();
    assert_eq!(
        *log.borrow(),
        [(0, Ok(())), (2, Ok(())), (1, Ok(())), (0, Ok(()))]
    );
    assert!(object.is_idle());
}

#[test]
fn a_gate_waits_for_its_own_commit_not_for_an_earlier_one() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let log = Log::default();
    put(&object, "k", "1");
    rig.shard.flush();
    put(&object, "k", "2");
    gate(&object, 1, &log);
    gate(&object, 2, &log);
    rig.notice();
    assert_eq!(*log.borrow(), [(1, Ok(()))]);
    assert_eq!(
        on_disk(&rig.path_of(&target("a")), &target("a"), "k").as_deref(),
        Some("1")
    );
    assert!(!object.is_idle());
    rig.settle();
    assert_eq!(*log.borrow(), [(1, Ok(())), (2, Ok(()))]);
}

#[test]
fn a_released_gate_may_commit_and_gate_again() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let log = Log::default();
    let seq = put(&object, "k", "1");
    let (again, inner) = (Rc::clone(&object), Rc::clone(&log));
    object.gate(
        seq,
        Box::new(move |_| {
            let seq = put(&again, "k", "2");
            gate(&again, seq, &inner);
        }),
    );
    rig.settle();
    assert_eq!(*log.borrow(), [(2, Ok(()))]);
    assert!(object.is_idle());
}

#[test]
fn numbers_go_on_after_a_restart() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    assert_eq!((put(&object, "k", "1"), put(&object, "k", "2")), (1, 2));
    rig.settle();
    drop(object);
    let rig = rig.reopen();
    let (object, found) = rig.shard.open_object(&target("a")).expect("it opens");
    assert_eq!(
        found,
        Found::Born {
            seq: 2,
            alarm: None,
            name: Some("a".into())
        }
    );
    assert_eq!(put(&object, "k", "3"), 3);
    assert_eq!(rig.settle(), Events::default());
    assert_eq!(
        on_disk(&rig.path_of(&target("a")), &target("a"), "k").as_deref(),
        Some("3")
    );
}

#[test]
fn a_commit_built_on_an_old_state_is_fenced() {
    let rig = Rig::new();
    let me = target("a");
    let object = rig.open(&me);
    put(&object, "k", "1");
    rig.settle();
    // Somebody else moves the object on.
    let file = rusqlite::Connection::open(rig.path_of(&me)).expect("the file opens");
    file.execute("UPDATE object SET seq = seq + 1", ())
        .expect("it writes");
    let log = Log::default();
    let seq = put(&object, "k", "2");
    gate(&object, seq, &log);
    assert_eq!(rig.settle().lost, [Lost::Object(me.id)]);
    assert_eq!(*log.borrow(), [(2, Err(StorageFault::Fenced))]);
    assert!(object.is_lost());
    assert_eq!(object.get("k"), Err(StorageFault::Fenced));
    assert_eq!(object.commit(Commit::default()), Err(StorageFault::Fenced));
    let (next, found) = rig.shard.open_object(&me).expect("it opens");
    assert_eq!(
        found,
        Found::Born {
            seq: 2,
            alarm: None,
            name: Some("a".into())
        }
    );
    assert_eq!(
        (get(&next, "k").as_deref(), put(&next, "k", "3")),
        (Some("1"), 3)
    );
    assert_eq!(rig.settle(), Events::default());
}

#[test]
fn an_owner_of_a_later_epoch_in_the_file_fences() {
    let rig = Rig::new();
    let me = target("a");
    let object = rig.open(&me);
    put(&object, "k", "1");
    rig.settle();
    let file = rusqlite::Connection::open(rig.path_of(&me)).expect("the file opens");
    file.execute("UPDATE object SET epoch = epoch + 65536", ())
        .expect("it writes");
    put(&object, "k", "2");
    assert_eq!(rig.settle().lost, [Lost::Object(me.id)]);
    assert_eq!(on_disk(&rig.path_of(&me), &me, "k").as_deref(), Some("1"));
}

#[test]
fn a_replaced_shard_cannot_write_any_more() {
    let rig = Rig::new();
    let me = target("a");
    let object = rig.open(&me);
    put(&object, "k", "1");
    rig.settle();
    // Accepted by the old shard, flushed only after the new one has taken over.
    let log = Log::default();
    let seq = put(&object, "k", "old");
    gate(&object, seq, &log);
    let (next, notices) = attach(&rig.store, 0, 1);
    rig.shard.flush();
    assert_eq!(rig.notice().lost, [Lost::Taken(rig.store.file_of(me.id))]);
    assert_eq!(*log.borrow(), [(2, Err(StorageFault::Fenced))]);
    assert!(matches!(
        rig.shard.open_object(&me),
        Err(StorageFault::Fenced)
    ));
    let (object, found) = next.open_object(&me).expect("it opens");
    assert_eq!(
        found,
        Found::Born {
            seq: 1,
            alarm: None,
            name: Some("a".into())
        }
    );
    put(&object, "k", "new");
    assert_eq!(settle(&next, &notices), Events::default());
    assert_eq!(on_disk(&rig.path_of(&me), &me, "k").as_deref(), Some("new"));
}

#[test]
fn alarms_are_told_when_durable_and_found_again() {
    let rig = Rig::new();
    let at = Timestamp::from_millis;
    let set = |name: &str, alarm| {
        let object = rig.open(&target(name));
        object
            .commit(Commit {
                alarm: Some(alarm),
                ..Commit::default()
            })
            .expect("accepted");
    };
    set("late", AlarmChange::Set(at(300)));
    set("early", AlarmChange::Set(at(100)));
    set("gone", AlarmChange::Set(at(50)));
    set("gone", AlarmChange::Clear);
    // Setting an alarm and clearing it in one transaction is told in order.
    let told = rig.settle().alarms;
    let of = |name: &str| {
        told.iter()
            .filter(|(to, _)| *to == target(name))
            .map(|(_, change)| *change)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("early"), [AlarmChange::Set(at(100))]);
    assert_eq!(of("gone"), [AlarmChange::Set(at(50)), AlarmChange::Clear]);
    let rig = rig.reopen();
    assert_eq!(rig.shard.next_alarm(), Ok(Some(at(100))));
    assert_eq!(rig.shard.due(at(100)), Ok(vec![(target("early"), at(100))]));
    assert_eq!(rig.shard.due(at(99)), Ok(vec![]));
    let mut all = rig.shard.alarms().expect("it reads");
    all.sort_by_key(|(_, at)| *at);
    assert_eq!(all, [(target("early"), at(100)), (target("late"), at(300))]);
    let found = rig.shard.open_object(&target("late")).expect("it opens").1;
    assert_eq!(
        found,
        Found::Born {
            seq: 1,
            alarm: Some(at(300)),
            name: Some("late".into())
        }
    );
    // A commit that says nothing of the alarm keeps it.
    put(&rig.open(&target("late")), "k", "1");
    rig.settle();
    assert_eq!(rig.shard.next_alarm(), Ok(Some(at(100))));
    assert_eq!(rig.shard.due(at(300)).map(|due| due.len()), Ok(2));
}

#[test]
fn what_the_file_would_refuse_is_refused_at_once() {
    let rig = Rig::new();
    let object = rig.open(&target("a"));
    let long = "k".repeat(MAX_KEY + 1);
    assert!(matches!(
        object.commit(commit(&[(&long, "1")], &[])),
        Err(StorageFault::Encode { .. })
    ));
    let big = "v".repeat(MAX_VALUE + 1);
    assert!(matches!(
        object.commit(commit(&[("k", &big)], &[])),
        Err(StorageFault::Encode { .. })
    ));
    assert_eq!(
        put(&object, &long[1..], &big[1..]),
        1,
        "the limits themselves are fine"
    );
    assert_eq!(rig.settle(), Events::default());
    assert_eq!(
        get(&object, &long[1..]).map(|value| value.len()),
        Some(MAX_VALUE)
    );
}

#[test]
fn the_log_stays_short_while_somebody_reads() {
    let options = StoreOptions {
        files: 1,
        durability: Durability::Process,
        ..StoreOptions::new("app")
    };
    let rig = Rig::with(&options);
    let objects: Vec<_> = (0..200)
        .map(|number| rig.open(&target(&format!("o{number}"))))
        .collect();
    let value = "v".repeat(2_000);
    let log = rig.dir.path().join("objects-0.sqlite-wal");
    let mut longest = 0;
    for _ in 0..150 {
        for object in &objects {
            put(object, "k", &value);
            // Nothing pending in this key: a read of the file, between all the writes.
            assert_eq!(get(object, "other"), None);
        }
        rig.settle();
        longest = longest.max(std::fs::metadata(&log).expect("a log").len());
    }
    // 60 MB of values went through it.
    assert!(longest < 16 << 20, "{longest} bytes");
}

#[test]
fn the_store_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Store>();
    sent::<Notice>();
}

#[test]
fn lives_of_an_object_follow_each_other_in_one_transaction() {
    for flushed in [false, true] {
        let rig = Rig::new();
        let me = target("a");
        let object = rig.open(&me);
        let flush = || {
            if flushed {
                rig.shard.flush();
            }
        };
        put(&object, "old", "1");
        flush();
        put(&object, "both", "1");
        flush();
        let ended = object.commit(Commit::destruction()).expect("accepted");
        assert_eq!(get(&object, "both"), None, "it is gone at once");
        flush();
        put(&object, "both", "2");
        assert_eq!(get(&object, "both").as_deref(), Some("2"));
        assert_eq!(get(&object, "old"), None);
        let scan = Scan {
            start: "",
            end: None,
            reverse: false,
            limit: 9,
        };
        assert_eq!(object.scan(&scan).expect("it reads").len(), 1);
        let log = Log::default();
        gate(&object, ended, &log);
        assert!(log.borrow().is_empty());
        let alarms = rig.settle().alarms;
        assert_eq!(alarms, [(me.clone(), AlarmChange::Clear)]);
        assert_eq!(log.borrow().len(), 1);
        // What the notices of the first life say of its row is of no more use.
        assert_eq!(get(&object, "old"), None);
        put(&object, "last", "3");
        rig.settle();
        drop(object);
        let rig = rig.reopen();
        let object = rig.open(&me);
        let of = |key| get(&object, key);
        assert_eq!(
            (of("old"), of("both").as_deref(), of("last").as_deref()),
            (None, Some("2"), Some("3"))
        );
        object.commit(Commit::destruction()).expect("accepted");
        rig.settle();
        drop(object);
        let found = rig.shard.open_object(&me).expect("it opens").1;
        assert_eq!(found, Found::Unborn);
        assert_eq!(on_disk(&rig.path_of(&me), &me, "both"), None);
    }
}
