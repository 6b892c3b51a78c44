//! Tests of tables: against a model, and one by one.

mod cells;
mod model;
mod plans;
mod rebuild;

use std::rc::Rc;

use super::Table;
use super::entity::Entity;
use crate::prelude::*;
use crate::state::field::Field;
use crate::state::testing::MemoryStore;
use crate::state::{FieldCache, Loader, Records};

/// Rows with every kind of column and of index.
#[data]
#[derive(PartialEq, Entity)]
#[index(by_kind_and_size(kind, desc(size)), include(label))]
#[index(by_ratio(ratio, kind))]
#[index(pair(kind, label), unique)]
#[index(big(size), where = |row| row.size > 1)]
#[index(down(desc(label), desc(kind)))]
pub(super) struct Row {
    #[key]
    pub(super) id: i32,
    pub(super) kind: String,
    pub(super) size: i64,
    pub(super) ratio: Option<f64>,
    pub(super) label: Option<String>,
    #[index(unique)]
    pub(super) code: Option<u8>,
    pub(super) flag: bool,
    pub(super) more: Vec<String>,
}

/// A live table, as a host keeps one.
pub(super) struct Live<T: Entity> {
    pub(super) store: Rc<MemoryStore>,
    pub(super) records: Records,
    pub(super) table: Table<T>,
}

impl<T: Entity> Live<T> {
    pub(super) fn wake(store: &Rc<MemoryStore>) -> Self {
        let records = store.open();
        let mut cache = FieldCache::new();
        let mut loader = Loader::new(&records, &mut cache);
        let table = Table::load(&mut loader, "rows", &[], Table::default);
        Self {
            store: Rc::clone(store),
            records,
            table,
        }
    }

    pub(super) fn new() -> Self {
        Self::wake(&MemoryStore::new())
    }

    pub(super) fn reload(&mut self) {
        let mut cache = FieldCache::new();
        let mut loader = Loader::new(&self.records, &mut cache);
        self.table.reload(&mut loader, "rows", &[], Table::default);
    }

    pub(super) fn commit(&mut self) -> usize {
        assert_eq!(self.records.fault(), None);
        self.store.accept(&self.records)
    }
}

pub(super) fn row(id: i32, kind: &str, size: i64) -> Row {
    Row {
        id,
        kind: kind.to_owned(),
        size,
        ratio: None,
        label: None,
        code: None,
        flag: false,
        more: vec!["more".to_owned()],
    }
}
