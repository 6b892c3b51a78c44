//! Collections one by one: records, faults, renames, borrowed keys, iteration.

use super::Live;
use crate::backend::{Scan, StorageFault};
use crate::state::testing::MemoryStore;

#[test]
fn items_lie_under_these_keys() {
    let mut live = Live::new();
    live.room.messages.push("one".to_owned());
    live.room.scores.insert("ada".to_owned(), -7);
    live.room.presence.members.insert(&(1, "x".to_owned()));
    assert_eq!(live.commit(), 4);
    let expected = [
        ("c/messages#", "[1,1]"),
        ("c/messages/0000000000000001", r#""one""#),
        ("c/presence.members/8000000000000001x\0", "true"),
        ("c/scores/ada\0", "-7"),
    ];
    assert_eq!(live.store.keys(), expected.map(|(key, _)| key));
    for (key, text) in expected {
        assert_eq!(live.store.text(key).as_deref(), Some(text));
    }
}

#[test]
fn a_number_is_never_given_twice() {
    let mut live = Live::new();
    let log = &mut live.room.messages;
    assert_eq!(log.push("one".to_owned()), 1);
    assert_eq!(log.push("two".to_owned()), 2);
    assert!(log.remove(2));
    assert!(!log.remove(2));
    assert_eq!((log.len(), log.last_id()), (1, Some(1)));
    assert_eq!(log.push("three".to_owned()), 3);
    log.clear();
    assert!(log.is_empty());
    assert_eq!((log.first_id(), log.last_id()), (None, None));
    live.commit();
    let mut live = Live::wake(&live.store);
    assert_eq!(live.room.messages.push("four".to_owned()), 4);
}

#[test]
fn a_log_is_paged_by_number() {
    let mut live = Live::new();
    let log = &mut live.room.messages;
    for number in 1..=20 {
        log.push(number.to_string());
    }
    log.remove(4);
    let ids = |page: Vec<(u64, String)>| page.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(ids(log.range(.., 3)), [1, 2, 3]);
    assert_eq!(ids(log.range(4.., 3)), [5, 6, 7]);
    assert_eq!(ids(log.range(18..=19, 9)), [18, 19]);
    assert_eq!(ids(log.range(19..19, 9)), [] as [u64; 0]);
    assert_eq!(ids(log.range(.., 0)), [] as [u64; 0]);
    #[expect(clippy::reversed_empty_ranges, reason = "a client may send any range")]
    let backwards = log.range(9..3, 9);
    assert_eq!(ids(backwards), [] as [u64; 0]);
    assert_eq!(log.last(2), ["19", "20"]);
    assert_eq!(log.truncate_before(18), 16);
    assert_eq!((log.len(), log.first_id()), (3, Some(18)));
    assert_eq!(
        log.update(18, |item| std::mem::replace(item, "x".to_owned()))
            .unwrap(),
        "18"
    );
    assert_eq!(log.get(18).unwrap(), "x");
    assert_eq!(log.update(17, |_| ()), None);
}

#[test]
fn what_stays_the_same_is_not_written() {
    let mut live = Live::new();
    live.room.scores.insert("ada".to_owned(), 1);
    live.room.presence.members.insert(&(1, String::new()));
    live.room.messages.push("one".to_owned());
    live.commit();
    assert_eq!(live.room.scores.insert("ada".to_owned(), 1), Some(1));
    assert_eq!(
        live.room.scores.update("ada", |score| *score += 0),
        Some(())
    );
    assert!(!live.room.presence.members.insert(&(1, String::new())));
    assert!(!live.room.messages.remove(7));
    assert_eq!(live.room.messages.truncate_before(1), 0);
    assert_eq!(live.commit(), 0);
}

#[test]
fn maps_take_borrowed_keys_ranges_and_prefixes() {
    let mut live = Live::new();
    let scores = &mut live.room.scores;
    for (name, score) in [("a", 0), ("ab", 1), ("b", 2), ("c", 3)] {
        assert_eq!(scores.insert(name.to_owned(), score), None);
    }
    assert_eq!(scores.get("ab"), Some(1));
    assert!(scores.contains("b") && !scores.contains("bb"));
    let names = |entries: &mut dyn Iterator<Item = (String, i64)>| {
        entries.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&mut scores.range("ab".to_owned()..)),
        ["ab", "b", "c"]
    );
    let open = (
        std::ops::Bound::Excluded("a"),
        std::ops::Bound::Included("b"),
    );
    assert_eq!(names(&mut scores.range::<str>(open)), ["ab", "b"]);
    assert_eq!(names(&mut scores.iter().rev()), ["c", "b", "ab", "a"]);
    assert_eq!(scores.keys().collect::<Vec<_>>(), ["a", "ab", "b", "c"]);
    assert_eq!(
        (scores.first().unwrap().0, scores.last().unwrap().0),
        ("a".into(), "c".into())
    );
    assert_eq!(scores.remove("a"), Some(0));
    assert_eq!(scores.remove("a"), None);
    assert!(scores.discard("c") && !scores.discard("c"));
    scores.set("d", &9);
    assert_eq!(scores.len(), 3);
    assert_eq!((&*scores).into_iter().count(), 3);

    let members = &mut live.room.presence.members;
    for (room, name) in [(-1, "x"), (1, ""), (1, "a"), (1, "\0"), (2, "a")] {
        assert!(members.insert(&(room, name.to_owned())));
    }
    let inside: Vec<_> = members.prefix(&1).map(|(_, name)| name).collect();
    assert_eq!(inside, ["", "\0", "a"]);
    assert_eq!(members.range((1, "a".to_owned())..).count(), 2);
    assert_eq!(members.first(), Some((-1, "x".to_owned())));
}

#[test]
fn iteration_meets_in_the_middle() {
    for count in 0..12 {
        let mut live = Live::new();
        for number in 1..=count {
            live.room.messages.push(number.to_string());
        }
        for pattern in 0..16_u32 {
            let mut iter = live.room.messages.iter();
            let (mut front, mut back, mut turn) = (Vec::new(), Vec::new(), 0);
            loop {
                let from_front = pattern >> (turn % 4) & 1 == 0;
                turn += 1;
                let item = if from_front {
                    iter.next()
                } else {
                    iter.next_back()
                };
                match item {
                    Some((id, _)) if from_front => front.push(id),
                    Some((id, _)) => back.push(id),
                    None => break,
                }
            }
            assert!(iter.next().is_none() && iter.next_back().is_none());
            back.reverse();
            front.extend(back);
            assert_eq!(front, (1..=count).collect::<Vec<_>>());
        }
    }
}

#[test]
fn iteration_reads_a_page_only() {
    let mut live = Live::new();
    for number in 0..100 {
        live.room.messages.push(number.to_string());
    }
    live.commit();
    let reads = live.store.reads.get();
    assert_eq!(live.room.messages.iter().take(4).count(), 4);
    assert_eq!(live.store.reads.get() - reads, 2, "pages of three in tests");
    assert_eq!(live.room.messages.len(), 100);
    assert_eq!(live.store.reads.get() - reads, 3, "the length is kept");
}

#[test]
fn a_fault_poisons_the_plain_forms_and_only_them() {
    let store = MemoryStore::new();
    store.set("c/messages#", "[3,3]");
    store.set("c/messages/0000000000000001", r#""one""#);
    store.set("c/messages/0000000000000002", "2");
    store.set("c/messages/0000000000000003", r#""three""#);
    let mut live = Live::wake(&store);
    let log = &mut live.room.messages;
    let bad = |fault: &StorageFault| matches!(fault, StorageFault::Decode { key, .. } if key == "c/messages/0000000000000002");

    assert!(bad(&log.try_get(2).unwrap_err()));
    assert!(bad(&log.try_last(2).unwrap_err()));
    assert!(bad(&log.try_range(.., 9).unwrap_err()));
    let good: Vec<_> = log
        .try_iter()
        .filter_map(Result::ok)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(
        good,
        [1, 3],
        "iteration goes on after a record that cannot be read"
    );
    assert_eq!(live.records.fault(), None);

    assert_eq!(log.iter().count(), 1, "the plain form ends there");
    assert!(bad(&live.records.fault().unwrap()));
    assert_eq!(
        (log.get(1), log.len(), log.push("x".to_owned())),
        (None, 0, 0)
    );
    live.records.cure();
    assert_eq!(
        live.commit(),
        0,
        "nothing of the poisoned action was written"
    );

    // What cannot be read can be removed.
    assert!(live.room.messages.remove(2));
    assert_eq!(live.commit(), 2);

    store.failing.set(true);
    assert_eq!(
        live.room.messages.try_iter().count(),
        1,
        "the store's fault, and the end"
    );
    assert!(live.room.scores.try_contains("a").is_err());
    assert!(!live.room.scores.contains("a"));
    assert_eq!(
        live.records.cure(),
        Some(StorageFault::Io("unplugged".to_owned()))
    );
}

#[test]
fn items_that_cannot_be_stored_are_refused() {
    let mut live = Live::new();
    let long = "k".repeat(2_048);
    assert!(live.room.scores.try_insert(long.clone(), 1).is_err());
    assert_eq!(live.room.scores.get(&long), None);
    let fault = live.records.cure().unwrap().to_string();
    assert!(
        fault.contains("`scores`") && fault.contains("2048"),
        "{fault}"
    );
    assert!(live.room.messages.try_push("x".repeat(2_000_000)).is_err());
    assert_eq!(live.room.messages.len(), 0);
    assert_eq!(live.commit(), 0);
}

#[test]
fn a_query_may_not_write() {
    let mut live = Live::new();
    live.records.set_read_only(true);
    assert_eq!(live.room.messages.push("x".to_owned()), 0);
    assert!(
        live.records
            .cure()
            .unwrap()
            .to_string()
            .contains("`messages`")
    );
    assert_eq!(live.room.scores.insert("a".to_owned(), 1), None);
    assert!(live.records.cure().is_some());
    assert!(!live.records.is_changed());
}

#[test]
fn a_renamed_collection_stays_where_it_is() {
    let store = MemoryStore::new();
    store.set("c/posts#", "[2,1]");
    store.set("c/posts/0000000000000002", r#""two""#);
    let mut live = Live::wake(&store);
    assert_eq!(live.room.messages.last(9), ["two"]);
    assert_eq!(live.room.messages.push("three".to_owned()), 3);
    assert_eq!(format!("{:?}", live.room.messages), "Log(messages)");
    live.commit();
    assert_eq!(Live::wake(&store).room.messages.len(), 2);
    assert_eq!(live.records.fault(), None);
    let own = Scan {
        start: "c/messages",
        end: Some("c/messages0"),
        reverse: false,
        limit: 1,
    };
    assert_eq!(live.records.scan(&own), []);
}

#[test]
fn debug_shows_the_path_and_no_data() {
    let mut live = Live::new();
    live.room.scores.insert("secret".to_owned(), 1);
    assert_eq!(format!("{:?}", live.room.scores), "Map(scores)");
    assert_eq!(
        format!("{:?}", live.room.presence.members),
        "Set(presence.members)"
    );
    assert_eq!(format!("{:?}", crate::state::Log::<u8>::default()), "Log");
}
