//! Indexes that come, change and go while rows are stored; keys that the table gives; rows that cannot be stored.

use super::{Live, row};
use crate::prelude::*;
use crate::state::testing::MemoryStore;

/// The same rows under four declarations.
macro_rules! versions {
    ($($name:ident: $($index:meta),*;)*) => {$(
        #[data]
        #[derive(Entity)]
        $(#[$index])*
        struct $name {
            #[key(auto)]
            id: u64,
            name: String,
            age: u32,
        }
    )*};
}

versions! {
    Bare: ;
    Aged: index(by_age(age));
    Turned: index(by_age(desc(age))), index(by_name(name));
    Strict: index(by_age(age), unique);
}

fn filled() -> Live<Bare> {
    let mut live = Live::<Bare>::new();
    for (name, age) in [("ann", 30), ("ben", 20), ("cleo", 30)] {
        let name = name.to_owned();
        live.table.insert(Bare { id: 0, name, age }).unwrap();
    }
    live.commit();
    live
}

fn keys(store: &MemoryStore) -> Vec<String> {
    let keys = store.keys().into_iter();
    keys.filter(|key| key.starts_with("i/")).collect()
}

#[test]
fn an_index_is_built_when_it_is_new_and_goes_when_it_is_gone() {
    let store = filled().store;
    assert_eq!(keys(&store), Vec::<String>::new());

    let mut aged = Live::<Aged>::wake(&store);
    // Three entries and the record beside the rows.
    assert_eq!(aged.commit(), 4);
    let query = aged.table.query().order_by(Aged::AGE.asc());
    assert_eq!(query.explain().index.as_deref(), Some("by_age"));
    let ids: Vec<u64> = query.all().iter().map(|row| row.id).collect();
    assert_eq!(ids, [2, 1, 3]);
    assert_eq!(Live::<Aged>::wake(&store).commit(), 0);

    let mut turned = Live::<Turned>::wake(&store);
    assert_eq!(turned.commit(), 3 + 3 + 3 + 1);
    let query = turned.table.query().order_by(Turned::AGE.desc());
    assert!(!query.explain().sorts);
    let ids: Vec<u64> = query.all().iter().map(|row| row.id).collect();
    assert_eq!(ids, [3, 1, 2]);
    assert_eq!(turned.table.find_by_name("cleo").all().len(), 1);

    let mut bare = Live::<Bare>::wake(&store);
    bare.commit();
    assert_eq!(keys(&store), Vec::<String>::new());
    // The last key given is known still.
    bare.table.clear();
    let name = "dan".to_owned();
    assert_eq!(
        bare.table
            .insert(Bare {
                id: 0,
                name,
                age: 1
            })
            .unwrap(),
        4
    );
}

#[test]
fn a_unique_index_that_stored_rows_violate_names_them() {
    let store = filled().store;
    let strict = Live::<Strict>::wake(&store);
    let fault = strict.records.fault().unwrap().to_string();
    assert_eq!(
        fault,
        "`rows` cannot be stored: the index `by_age` is declared unique, but the rows `0000000000000003` and \
         `0000000000000001` have the same age; mend them with the version before, or leave `unique` out"
    );
}

#[test]
fn a_table_gives_keys_that_were_never_used() {
    let mut live = filled();
    live.table.remove(&3);
    let row = |id: u64| Bare {
        id,
        name: String::new(),
        age: 0,
    };
    assert_eq!(live.table.insert(row(0)).unwrap(), 4);
    assert_eq!(live.table.insert(row(9)).unwrap(), 9);
    assert_eq!(live.table.insert(row(0)).unwrap(), 10);
    assert!(live.table.put(row(0)).unwrap().is_none());
    assert_eq!(live.table.last().unwrap().id, 11);
    live.table.put(row(u64::MAX)).unwrap();
    let fault = live.table.insert(row(0)).unwrap_err();
    assert!(
        fault.to_string().contains("all keys are used up"),
        "{fault}"
    );
    assert!(live.records.fault().is_some());
}

#[test]
fn a_row_that_cannot_be_stored_leaves_nothing() {
    let mut live = Live::<super::Row>::new();
    let long = super::Row {
        label: Some("x".repeat(3_000)),
        ..row(1, "a", 1)
    };
    let error = live.table.try_insert(long).unwrap_err();
    assert_eq!(error.code(), "state.unstorable");
    let text = error.to_string();
    assert!(
        text.contains("`pair`") && text.contains("leave the long column out"),
        "{text}"
    );
    let nan = super::Row {
        ratio: Some(f64::NAN),
        ..row(1, "a", 1)
    };
    assert!(live.table.try_insert(nan).is_err());
    assert!(!live.records.is_changed());
    assert_eq!(live.records.fault(), None);

    // Without `try_` the action is poisoned, whether or not the error is looked at.
    live.store.failing.set(true);
    drop(live.table.insert(row(1, "a", 1)));
    assert!(live.records.fault().is_some());
}

#[test]
fn a_broken_index_is_a_fault_and_no_panic() {
    let mut live = Live::<super::Row>::new();
    live.table.insert(row(1, "a", 1)).unwrap();
    live.commit();
    live.store
        .records
        .borrow_mut()
        .retain(|key, _| !key.starts_with("c/rows/"));
    let query = || live.table.query().filter(super::Row::KIND.eq("a"));
    let fault = query().try_all().unwrap_err().to_string();
    assert!(
        fault.contains("an entry of a row that is not there"),
        "{fault}"
    );
    live.store
        .records
        .borrow_mut()
        .retain(|key, _| !key.starts_with("i/rows/by_kind_and"));
    live.store.set("i/rows/by_kind_and_size/a\0zz", "true");
    let fault = query().try_all().unwrap_err().to_string();
    assert!(
        fault.contains("no entry of the index `by_kind_and_size`"),
        "{fault}"
    );
}

#[test]
fn a_table_of_no_object_is_empty_and_takes_nothing() {
    let mut table = Table::<super::Row>::default();
    assert!(table.insert(row(1, "a", 1)).is_err());
    assert_eq!(table.query().all(), Vec::new());
    assert_eq!(
        (table.len(), table.get(&1), table.query().count()),
        (0, None, 0)
    );
    assert!(table.query().explain().index.is_none());
}
