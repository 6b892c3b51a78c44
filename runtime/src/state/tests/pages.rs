//! Pages: walks over collections that change meanwhile, and cursors that are none.

use std::collections::BTreeSet;
use std::fmt::Debug;

use proptest::prelude::*;

use super::Live;
use crate::backend::StorageFault;
use crate::state::{Cursor, CursorError, Page};

/// A collection of the room, seen as its keys.
struct Keys<K> {
    page: fn(&Live, Option<Cursor>, u32) -> Page<K>,
    page_back: fn(&Live, Option<Cursor>, u32) -> Page<K>,
    /// Adds a key and says which: a log chooses it.
    add: fn(&mut Live, K) -> K,
    remove: fn(&mut Live, &K) -> bool,
}

const LOG: Keys<u64> = Keys {
    page: |live, after, limit| live.room.messages.page(after, limit).map(|(id, _)| id),
    page_back: |live, before, limit| {
        let page = live.room.messages.page_back(before, limit);
        page.map(|(id, _)| id)
    },
    add: |live, _| live.room.messages.push("text".to_owned()),
    remove: |live, id| live.room.messages.remove(*id),
};

const MAP: Keys<String> = Keys {
    page: |live, after, limit| live.room.scores.page(after, limit).map(|(key, _)| key),
    page_back: |live, before, limit| {
        let page = live.room.scores.page_back(before, limit);
        page.map(|(key, _)| key)
    },
    add: |live, key| {
        live.room.scores.set(&key, &1);
        key
    },
    remove: |live, key| live.room.scores.discard(key),
};

const SET: Keys<(i32, String)> = Keys {
    page: |live, after, limit| live.room.presence.members.page(after, limit),
    page_back: |live, before, limit| live.room.presence.members.page_back(before, limit),
    add: |live, key| {
        live.room.presence.members.insert(&key);
        key
    },
    remove: |live, key| live.room.presence.members.remove(key),
};

#[derive(Debug, Clone)]
enum Edit<K> {
    Add(K),
    Remove(K),
    Commit,
    Nest,
}

/// What a walk does: edits before it, then a limit and edits for each page.
type Plan<K> = (bool, Vec<Edit<K>>, Vec<(u32, Vec<Edit<K>>)>);

fn plan<K: Debug + Clone + 'static>(
    key: impl Strategy<Value = K> + Clone + 'static,
) -> impl Strategy<Value = Plan<K>> {
    let edit = prop_oneof![
        6 => key.clone().prop_map(Edit::Add),
        4 => key.prop_map(Edit::Remove),
        1 => Just(Edit::Commit),
        1 => Just(Edit::Nest),
    ];
    let turn = (0_u32..6, prop::collection::vec(edit.clone(), 0..6));
    (
        any::<bool>(),
        prop::collection::vec(edit, 0..60),
        prop::collection::vec(turn, 1..12),
    )
}

fn text() -> impl Strategy<Value = String> + Clone {
    let part = prop::sample::select(vec!["a", "b", "/", "é", "\0", "\u{1}", "\u{10FFFF}"]);
    prop::collection::vec(part, 0..3).prop_map(|parts| parts.concat())
}

fn edit<K: Ord + Clone>(
    live: &mut Live,
    model: &mut BTreeSet<K>,
    keys: &Keys<K>,
    edits: Vec<Edit<K>>,
) {
    for edit in edits {
        match edit {
            Edit::Add(key) => {
                model.insert((keys.add)(live, key));
            }
            Edit::Remove(key) => {
                assert_eq!((keys.remove)(live, &key), model.remove(&key));
            }
            Edit::Commit => drop(live.commit()),
            Edit::Nest => live.records.begin(),
        }
    }
}

/// Sends a cursor to a client and back.
fn travelled(cursor: &Cursor) -> Cursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}

fn walk<K: Ord + Clone + Debug>(
    keys: &Keys<K>,
    (reverse, before, turns): Plan<K>,
) -> Result<(), TestCaseError> {
    let (mut live, mut model) = (Live::new(), BTreeSet::new());
    edit(&mut live, &mut model, keys, before);
    let mut there_all_the_time = model.clone();
    let mut seen: Vec<K> = Vec::new();
    let mut from: Option<Cursor> = None;
    // The plan's turns first, then pages until the end.
    let mut turns = turns.into_iter();
    loop {
        let (limit, edits) = turns.next().unwrap_or((3, Vec::new()));
        let read = if reverse { keys.page_back } else { keys.page };
        let page = read(&live, from.clone(), limit);

        let at_least_one = limit.max(1) as usize;
        let (last, mut rest) = (seen.last(), Vec::from_iter(&model));
        if reverse {
            rest.reverse();
        }
        rest.retain(|key| last.is_none_or(|last| if reverse { *key < last } else { *key > last }));
        let expected: Vec<K> = rest.iter().take(at_least_one).copied().cloned().collect();
        prop_assert_eq!(&page.items, &expected);
        prop_assert_eq!(page.next.is_some(), rest.len() > at_least_one);
        prop_assert_eq!(live.records.fault(), None);

        seen.extend(page.items);
        let Some(next) = page.next else { break };
        prop_assert_eq!(&travelled(&next), &next);
        from = Some(next);
        edit(&mut live, &mut model, keys, edits);
        there_all_the_time.retain(|key| model.contains(key));
    }
    if reverse {
        seen.reverse();
    }
    prop_assert!(
        seen.is_sorted_by(|one, other| one < other),
        "each once: {seen:?}"
    );
    let seen = BTreeSet::from_iter(seen);
    prop_assert!(
        there_all_the_time.is_subset(&seen),
        "{there_all_the_time:?} of {seen:?}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_over_a_log_sees_what_stays(plan in plan(0_u64..40)) {
        walk(&LOG, plan)?;
    }

    #[test]
    fn a_walk_over_a_map_sees_what_stays(plan in plan(text())) {
        walk(&MAP, plan)?;
    }

    #[test]
    fn a_walk_over_a_set_sees_what_stays(plan in plan((-2..3_i32, text()))) {
        walk(&SET, plan)?;
    }

    #[test]
    fn no_text_is_too_odd_for_a_cursor(text in any::<String>()) {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
            let live = Live::new();
            let _ = live.room.messages.try_page(Some(cursor.clone()), 1);
            let _ = live.room.scores.try_page_back(Some(cursor.clone()), 1);
            let _ = live.room.presence.members.try_page(Some(cursor), 1);
        }
    }
}

fn filled() -> Live {
    let mut live = Live::new();
    for number in 1..=3 {
        live.room.messages.push(number.to_string());
        live.room.scores.insert(number.to_string(), number);
        let member = (0, number.to_string());
        live.room.presence.members.insert(&member);
    }
    live
}

#[test]
fn a_page_on_the_wire() {
    let mut live = filled();
    let page = live.room.messages.page(None, 2);
    assert_eq!(
        serde_json::to_string(&page).unwrap(),
        r#"{"items":[[1,"1"],[2,"2"]],"next":"MDAwMDAwMDAwMDAwMDAwMg"}"#
    );
    let json = serde_json::to_string(&live.room.messages.page(page.next.clone(), 2)).unwrap();
    assert_eq!(json, r#"{"items":[[3,"3"]],"next":null}"#);
    assert_eq!(
        serde_json::from_str::<Page<(u64, String)>>(&json).unwrap(),
        live.room.messages.page(page.next.clone(), 2)
    );

    let page = live.room.scores.page_back(None, 2);
    assert_eq!(
        serde_json::to_string(&page).unwrap(),
        r#"{"items":[["3",3],["2",2]],"next":"MgA"}"#
    );

    // The place outlives what was there.
    let page = live.room.messages.page(None, 1);
    live.room.messages.truncate_before(3);
    let page = live.room.messages.page(page.next, 9);
    assert_eq!((page.items.len(), page.next), (1, None));
    live.room.messages.clear();
    assert_eq!(live.room.messages.page(None, 9), Page::default());
    assert_eq!(live.room.messages.page_back(None, 9), Page::default());
}

#[test]
fn a_page_reads_one_record_more_and_no_page_is_empty_before_the_end() {
    let mut live = filled();
    live.commit();
    live.store.reads.set(0);
    assert_eq!(live.room.scores.page(None, 2).items.len(), 2);
    assert_eq!(live.store.reads.get(), 1, "one scan");
    assert_eq!(live.room.scores.page(None, u32::MAX).items.len(), 3);
    let page = live.room.scores.page(None, 0);
    assert_eq!((page.items.len(), page.next.is_some()), (1, true));
}

#[test]
fn a_cursor_leads_either_way() {
    let live = filled();
    let log = &live.room.messages;
    let next = log.page(None, 2).next;
    let back: Vec<_> = log.page_back(next, 9).map(|(id, _)| id).items;
    assert_eq!(back, [1], "strictly before");
}

#[test]
fn what_is_no_cursor_is_refused_by_its_text() {
    let long = "A".repeat(2_732);
    for text in [
        "", "=", "MgA=", "M", "MgB", "Mg+/", "M A", "é", "gA", "_w", &long,
    ] {
        assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text:?}");
        let json = serde_json::to_string(text).unwrap();
        let error = serde_json::from_str::<Cursor>(&json).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("expected a cursor: the `next` of an earlier page of the same list"),
            "{error}"
        );
    }
    for json in ["1", "null", "[]", "{}"] {
        assert!(serde_json::from_str::<Cursor>(json).is_err(), "{json}");
    }
}

#[test]
fn a_cursor_is_as_long_as_a_key_can_be() {
    let mut live = Live::new();
    // `c/scores/` and the 00 at the end.
    for end in ["a", "b"] {
        let key = "k".repeat(2_048 - 11) + end;
        assert_eq!(live.room.scores.try_insert(key, 1), Ok(None));
    }
    let next = live.room.scores.page(None, 1).next.unwrap();
    assert_eq!(
        next.to_string().len(),
        (2_048_usize - 9).div_ceil(3) * 4 - 1
    );
    let rest = live.room.scores.page(Some(travelled(&next)), 9);
    assert_eq!((rest.items.len(), rest.next), (1, None));

    // Short enough for a key, but not for one of this collection.
    let longer = Cursor::at(&("k".repeat(2_048 - 9) + "\0"));
    let longer = travelled(&longer);
    assert!(matches!(
        live.room.scores.try_page(Some(longer), 1),
        Err(StorageFault::Cursor { .. })
    ));
}

#[test]
fn a_cursor_of_another_collection_fails_the_action() {
    let live = filled();
    let of_map = live.room.scores.page(None, 1).next.unwrap();
    let of_set = live.room.presence.members.page(None, 1).next.unwrap();
    let fault = |path: &str, cursor: &Cursor| StorageFault::Cursor {
        path: path.to_owned(),
        cursor: cursor.to_string(),
    };
    let members = &live.room.presence.members;
    assert_eq!(
        live.room.messages.try_page(Some(of_map.clone()), 1),
        Err(fault("messages", &of_map))
    );
    assert_eq!(
        live.room.messages.try_page_back(Some(of_set.clone()), 1),
        Err(fault("messages", &of_set)),
        "what begins like a key is none"
    );
    assert_eq!(
        members.try_page(Some(of_map.clone()), 1),
        Err(fault("presence.members", &of_map))
    );
    assert_eq!(live.records.fault(), None, "`try_` leaves the action alone");

    assert_eq!(members.page(Some(of_map.clone()), 1), Page::default());
    assert_eq!(
        live.records.cure(),
        Some(fault("presence.members", &of_map))
    );
    assert_eq!(members.page(None, 9).items.len(), 3);
}

#[test]
fn a_page_of_a_collection_without_an_object_is_a_fault() {
    let log = crate::state::Log::<u64>::default();
    assert_eq!(log.page(None, 1), Page::default());
    assert!(matches!(
        log.try_page(None, 1),
        Err(StorageFault::Encode { .. })
    ));
}

#[test]
fn a_record_that_cannot_be_read_fails_its_page() {
    let live = filled();
    live.records
        .put("c/messages/0000000000000002", b"7".to_vec());
    assert_eq!(live.room.messages.page(None, 1).items.len(), 1);
    assert!(matches!(
        live.room.messages.try_page(None, 2),
        Err(StorageFault::Decode { .. })
    ));
}
