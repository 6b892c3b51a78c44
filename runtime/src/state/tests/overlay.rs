//! Layers of writes, against a stack of maps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::backend::{Record, Scan, StorageFault};
use crate::state::testing::MemoryStore;
use crate::state::{MAX_KEY_BYTES, MAX_VALUE_BYTES};

#[derive(Debug, Clone)]
enum Step {
    Put(String, u8),
    Delete(String),
    Begin,
    Keep,
    Undo,
    Commit,
    Scan {
        start: String,
        end: Option<String>,
        reverse: bool,
        limit: usize,
    },
}

fn key() -> impl Strategy<Value = String> {
    "[a-c#/]{0,3}"
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (key(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        4 => key().prop_map(Step::Delete),
        2 => Just(Step::Begin),
        1 => Just(Step::Keep),
        1 => Just(Step::Undo),
        1 => Just(Step::Commit),
        6 => (key(), proptest::option::of(key()), any::<bool>(), 0_usize..12).prop_map(
            |(start, end, reverse, limit)| Step::Scan { start, end, reverse, limit }
        ),
    ]
}

proptest! {
    #[test]
    fn layers_behave_like_a_stack_of_maps(steps in prop::collection::vec(step(), 1..80)) {
        let store = MemoryStore::new();
        let records = store.open();
        let mut model: Vec<BTreeMap<String, Vec<u8>>> = vec![BTreeMap::new()];
        let mut committed = BTreeMap::new();
        for step in steps {
            let top = model.last_mut().unwrap();
            match step {
                Step::Put(key, value) => {
                    records.put(&key, vec![value]);
                    top.insert(key, vec![value]);
                }
                Step::Delete(key) => {
                    prop_assert_eq!(records.delete(&key), top.remove(&key).is_some());
                }
                Step::Begin => {
                    records.begin();
                    let copy = top.clone();
                    model.push(copy);
                }
                Step::Keep => {
                    records.keep();
                    if model.len() > 1 {
                        let kept = model.pop().unwrap();
                        *model.last_mut().unwrap() = kept;
                    }
                }
                Step::Undo => {
                    records.undo();
                    model.pop();
                    if model.is_empty() {
                        model.push(committed.clone());
                    }
                }
                Step::Commit => {
                    committed = top.clone();
                    model = vec![committed.clone()];
                    store.accept(&records);
                    prop_assert_eq!(&*store.records.borrow(), &committed);
                    prop_assert!(!records.is_changed());
                }
                Step::Scan { start, end, reverse, limit } => {
                    let inside = |key: &String| {
                        *key >= start && end.as_ref().is_none_or(|end| key < end)
                    };
                    let mut expected: Vec<_> = top
                        .iter()
                        .filter(|(key, _)| inside(key))
                        .map(|(key, value)| Record { key: key.clone(), value: value.clone() })
                        .collect();
                    if reverse {
                        expected.reverse();
                    }
                    expected.truncate(limit);
                    let scan = Scan { start: &start, end: end.as_deref(), reverse, limit };
                    prop_assert_eq!(records.scan(&scan), expected);
                }
            }
            let top = model.last().unwrap();
            prop_assert_eq!(records.depth(), model.len() - 1);
            for key in ["", "a", "b", "ab", "c#", "a/"] {
                prop_assert_eq!(records.get(key), top.get(key).cloned());
            }
        }
        prop_assert_eq!(records.fault(), None);
    }
}

#[test]
fn what_was_written_and_removed_again_leaves_no_trace() {
    let records = MemoryStore::new().open();
    records.begin();
    records.put("a", b"1".to_vec());
    assert!(records.is_changed());
    assert!(records.delete("a"));
    assert!(!records.delete("a"));
    assert!(!records.is_changed());
    assert_eq!(records.drain(), (vec![], vec![]));
}

#[test]
fn changes_are_known_by_the_beginning_of_their_keys() {
    let store = MemoryStore::new();
    store.set("!alarm/b", "1");
    let records = store.open();
    records.put("f/a", b"1".to_vec());
    assert!(!records.is_changed_within("!alarm/"));
    records.begin();
    records.delete("!alarm/b");
    assert!(records.is_changed_within("!alarm/"));
    records.undo();
    assert!(!records.is_changed_within("!alarm/"));
}

#[test]
fn drain_takes_all_layers() {
    let store = MemoryStore::new();
    store.set("old", "1");
    let records = store.open();
    records.put("a", b"1".to_vec());
    records.begin();
    records.put("b", b"2".to_vec());
    records.delete("old");
    let (puts, deletes) = records.drain();
    assert_eq!(
        puts.iter().map(|put| put.key.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(deletes, ["old"]);
    assert_eq!(records.depth(), 0);
}

#[test]
fn a_fault_poisons_until_it_is_cured() {
    let store = MemoryStore::new();
    store.set("a", "1");
    let records = store.open();
    records.put("b", b"2".to_vec());
    store.failing.set(true);
    let unplugged = StorageFault::Io("unplugged".to_owned());
    assert_eq!(records.try_get("a"), Err(unplugged.clone()));
    assert_eq!(records.fault(), None, "`try_` leaves the records alone");
    assert_eq!(records.get("a"), None);
    store.failing.set(false);

    // Poisoned: nothing is found, nothing is written, the first fault stays.
    assert_eq!(records.get("a"), None);
    assert_eq!(records.get("b"), None);
    assert_eq!(
        records.scan(&Scan {
            start: "",
            end: None,
            reverse: false,
            limit: 9
        }),
        []
    );
    records.put("c", b"3".to_vec());
    records.poison(StorageFault::Full);
    assert_eq!(records.try_get("a"), Err(unplugged.clone()));
    assert_eq!(records.cure(), Some(unplugged));

    assert_eq!(records.get("a"), Some(b"1".to_vec()));
    assert_eq!(
        records.drain().0.len(),
        1,
        "what was written before the fault"
    );
}

#[test]
fn read_only_records_refuse_writes_by_name() {
    let records = MemoryStore::new().open();
    records.set_read_only(true);
    records.put("c/log/1", vec![]);
    let fault = records.cure().unwrap().to_string();
    assert!(
        fault.contains("`log`") && fault.contains("&mut self"),
        "{fault}"
    );
    assert!(!records.delete("f/x"));
    assert!(records.cure().is_some());
    records.set_read_only(false);
    records.put("c/log/1", vec![]);
    assert_eq!(records.fault(), None);
}

#[test]
fn keys_and_values_have_limits() {
    let records = MemoryStore::new().open();
    records.put(&"k".repeat(MAX_KEY_BYTES), vec![0; MAX_VALUE_BYTES]);
    assert_eq!(records.fault(), None);
    records.put(&"k".repeat(MAX_KEY_BYTES + 1), vec![]);
    assert!(records.cure().unwrap().to_string().contains("2049"));
    records.put("k", vec![0; MAX_VALUE_BYTES + 1]);
    assert!(records.cure().unwrap().to_string().contains("2000001"));
    assert_eq!(records.get("k"), None);
}
