//! Plain fields: what is written and when, failures, renames, the cache.

use std::collections::{BTreeMap, HashMap};

use super::{Live, Presence, Room};
use crate::backend::StorageFault;
use crate::state::testing::MemoryStore;
use crate::state::{
    Field, FieldCache, Loader, Log, MAX_FIELD_BYTES, Saver, StateDescriber, Stateful,
};

#[test]
fn an_object_in_which_nothing_changed_writes_nothing() {
    let mut live = Live::new();
    assert_eq!(live.room.limit, 5);
    assert_eq!(live.commit(), 0);

    // `&mut` taken and unchanged.
    live.room.limit += 1;
    live.room.limit -= 1;
    live.room.topic.push_str("");
    live.room.presence.joins = 0;
    assert_eq!(live.commit(), 0);
    assert!(live.store.keys().is_empty());
}

#[test]
fn only_what_changed_is_written_under_its_path() {
    let mut live = Live::new();
    live.room.presence.joins = 1;
    assert_eq!(live.commit(), 1);
    live.room.topic = "tea".to_owned();
    live.room.average = 0.5;
    assert_eq!(live.commit(), 2);
    assert_eq!(live.commit(), 0);
    let store = &live.store;
    assert_eq!(store.keys(), ["f/average", "f/presence.joins", "f/topic"]);
    assert_eq!(store.text("f/topic").unwrap(), r#""tea""#);
    assert_eq!(store.text("f/average").unwrap(), "0.5");

    // Back to its initial value: the record says so, whatever the default will be one day.
    live.room.topic.clear();
    assert_eq!(live.commit(), 1);
    assert_eq!(live.store.text("f/topic").unwrap(), r#""""#);

    let woken = Live::wake(&live.store);
    assert_eq!((woken.room.limit, woken.room.presence.joins), (5, 1));
    assert_eq!(woken.store.reads.get() - live.store.reads.get(), 0);
}

#[test]
fn all_plain_fields_are_read_at_once() {
    let store = MemoryStore::new();
    Live::wake(&store);
    // One scan for the fields; two looks at the log, because it has a former name, and two there.
    let for_renamed_log = 4;
    assert_eq!(store.reads.get(), 1 + for_renamed_log);
}

#[test]
fn a_failed_action_leaves_the_fields_as_they_were() {
    let mut live = Live::new();
    live.room.topic = "tea".to_owned();
    live.commit();
    live.records.begin();
    live.room.topic = "coffee".to_owned();
    live.room.limit = 9;
    live.room.average = f64::NAN;
    live.room.presence.joins = 3;
    let reads = live.store.reads.get();
    live.fail();
    assert_eq!(
        live.store.reads.get(),
        reads,
        "fields come back from the cache"
    );
    let room = &live.room;
    assert_eq!(
        (room.topic.as_str(), room.limit, room.presence.joins),
        ("tea", 5, 0)
    );
    assert!(room.average == 0.0);
    assert_eq!(live.commit(), 0);
}

#[test]
fn a_save_that_is_not_accepted_changes_nothing() {
    let mut live = Live::new();
    live.room.limit = 9;
    live.records.begin();
    live.room
        .save(&mut Saver::new(&live.records, &mut live.cache));
    assert!(live.records.is_changed());
    live.fail();
    assert_eq!(live.room.limit, 5);
    live.room.limit = 9;
    assert_eq!(live.commit(), 1);
}

#[test]
fn a_nested_attempt_is_undone_alone() {
    let mut live = Live::new();
    live.records.begin();
    live.room.limit = 6;
    let outset = live.cache.clone();
    live.save();
    let checkpoint = live.cache.clone();
    live.records.begin();
    live.room.limit = 7;
    live.room.presence.joins = 7;
    live.save();
    live.records.undo();
    live.cache = checkpoint;
    live.reload();
    assert_eq!((live.room.limit, live.room.presence.joins), (6, 0));

    // The whole action fails after all.
    live.cache = outset;
    live.fail();
    assert_eq!(live.room.limit, 5);
    assert_eq!(live.commit(), 0);
}

#[test]
fn a_former_name_is_read_and_moved_by_the_next_commit() {
    let store = MemoryStore::new();
    store.set("f/subject", r#""tea""#);
    store.set("f/presence.visits", "4");
    let mut live = Live::wake(&store);
    assert_eq!(
        (live.room.topic.as_str(), live.room.presence.joins),
        ("tea", 4)
    );

    // Until then nothing is lost, however often actions fail.
    live.records.begin();
    live.room.topic = "coffee".to_owned();
    live.save_without_accepting();
    live.fail();
    assert_eq!(live.room.topic, "tea");

    assert_eq!(live.commit(), 4, "two puts and two deletes");
    assert_eq!(store.keys(), ["f/presence.joins", "f/topic"]);
    assert_eq!(live.commit(), 0);
    assert_eq!(Live::wake(&store).room.topic, "tea");
}

#[test]
fn the_present_name_wins_over_a_former_one() {
    let store = MemoryStore::new();
    store.set("f/title", r#""old""#);
    store.set("f/topic", r#""new""#);
    assert_eq!(Live::wake(&store).room.topic, "new");
    store.records.borrow_mut().remove("f/topic");
    store.set("f/subject", r#""older""#);
    assert_eq!(
        Live::wake(&store).room.topic,
        "old",
        "former names count in the order given"
    );
}

#[test]
fn a_field_that_cannot_be_stored_is_named() {
    let mut live = Live::new();
    live.room.average = f64::NAN;
    live.save();
    let fault = live.records.cure().unwrap().to_string();
    assert!(
        fault.starts_with("`average` cannot be stored: `NaN`"),
        "{fault}"
    );
    live.room.average = 1.0;
    assert_eq!(live.commit(), 1);
}

#[test]
fn a_plain_field_has_a_limit_and_the_way_out_is_named() {
    let mut live = Live::new();
    live.room.topic = "x".repeat(MAX_FIELD_BYTES - 2);
    assert_eq!(live.commit(), 1);
    live.room.topic.push('x');
    live.save();
    let fault = live.records.cure().unwrap().to_string();
    for word in ["`topic`", "65537", "`Log`", "`Map`", "`Lazy`"] {
        assert!(fault.contains(word), "{fault}");
    }
}

#[test]
fn a_record_that_does_not_fit_poisons_the_walk() {
    let store = MemoryStore::new();
    store.set("f/limit", r#""many""#);
    let live = Live::wake(&store);
    assert_eq!(live.room.limit, 5);
    let fault = live.records.cure().unwrap();
    assert!(
        matches!(&fault, StorageFault::Decode { key, .. } if key == "f/limit"),
        "{fault}"
    );

    store.set("f/limit", "3");
    store.failing.set(true);
    assert_eq!(
        Live::wake(&store).records.cure(),
        Some(StorageFault::Io("unplugged".to_owned()))
    );
}

#[test]
fn an_assigned_collection_is_refused_and_put_back() {
    let mut live = Live::new();
    live.room.messages.push("one".to_owned());
    live.commit();
    live.records.begin();
    live.room.messages = Log::default();
    assert_eq!(live.room.messages.push("lost".to_owned()), 0);
    assert!(live.room.messages.try_push("lost".to_owned()).is_err());
    live.save();
    let fault = live.records.fault().unwrap().to_string();
    assert!(
        fault.contains("`messages`") && fault.contains("`clear`"),
        "{fault}"
    );
    live.fail();
    assert_eq!(live.room.messages.last(9), ["one"]);
    assert_eq!(live.commit(), 0);
}

#[test]
fn fields_are_described_by_path() {
    let mut generator = schemars::SchemaGenerator::default();
    let mut state = BTreeMap::new();
    Room::describe(&mut StateDescriber::new(&mut generator, &mut state));
    let state = serde_json::to_value(&state).unwrap();
    let expected = serde_json::json!({
        "average": {"kind": "field", "schema": {"type": "number", "format": "double"}},
        "limit": {"kind": "field", "schema": {"type": "integer", "format": "uint32", "minimum": 0}},
        "messages": {"kind": "log", "item": {"type": "string"}},
        "presence.joins":
            {"kind": "field", "schema": {"type": "integer", "format": "uint64", "minimum": 0}},
        "presence.members": {"kind": "set", "key": "(i32, String)"},
        "scores": {
            "kind": "map", "key": "String",
            "value": {"type": "integer", "format": "int64"},
        },
        "topic": {"kind": "field", "schema": {"type": "string"}},
    });
    assert_eq!(state, expected);
}

#[test]
fn serde_types_are_fields() {
    fn is_field<F: Field>() {}
    is_field::<HashMap<String, Vec<Option<u8>>>>();
    is_field::<(u8, [bool; 3])>();
    is_field::<Log<HashMap<String, u8>>>();
}

#[test]
fn the_cache_knows_its_size() {
    let mut live = Live::new();
    let before = live.cache.bytes();
    live.room.topic = "tea".to_owned();
    live.commit();
    assert_eq!(live.cache.bytes(), before + 3);
}

#[test]
fn fields_that_were_never_loaded_are_a_fault_not_a_panic() {
    let live = Live::new();
    let mut empty = FieldCache::new();
    live.room.save(&mut Saver::new(&live.records, &mut empty));
    assert!(live.records.cure().is_some());
    let mut presence: Presence = Presence::load(&mut Loader::new(&live.records, &mut empty));
    presence.reload(&mut Loader::new(&live.records, &mut FieldCache::new()));
    assert!(live.records.cure().is_some());
}
