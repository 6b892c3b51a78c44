//! The record beside the rows (`c/<path>#`): the last key given, and which indexes are built; and how they get built.
//!
//! The record holds a hash of each built index's definition. At wake, before anything reads the table, entries of indexes
//! that are gone or were declared otherwise are removed, and those of new ones are made from the rows. The host commits
//! that at once, alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entity::{Cells, Definition, IndexInfo};
use super::index::{self, end_of};
use crate::backend::{Record, Scan, StorageFault};
use crate::state::collection::Place;
use crate::state::iter::Pages;
use crate::state::{Records, decode, encode};

/// The record beside the rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The last key given; 0 for none, and for tables that give none.
    pub(super) last: u64,
    /// The hashes of the built indexes' definitions, by name.
    pub(super) indexes: BTreeMap<String, String>,
}

impl Mark {
    pub(super) fn read(place: &Place) -> Result<Option<Self>, StorageFault> {
        let key = place.mark_key();
        let bytes = place.records.try_get(&key)?;
        bytes.map(|bytes| decode(&key, &bytes)).transpose()
    }

    pub(super) fn write(&self, place: &Place) -> Result<(), StorageFault> {
        let bytes = encode(&place.path, self)?;
        place.records.try_put(place.mark_key(), bytes)
    }

    /// Of a table whose indexes are all built.
    pub(super) fn of(definition: &Definition) -> Self {
        let indexes = definition.indexes.iter();
        Self {
            last: 0,
            indexes: indexes
                .map(|index| (index.name.to_owned(), definition.hash(index)))
                .collect(),
        }
    }
}

impl Definition {
    /// FNV-1a of all that an index's entries depend on.
    fn hash(&self, index: &IndexInfo) -> String {
        let mut text = String::new();
        let mut note = |column: usize, sign: &str| {
            let info = &self.columns[column];
            text.push_str(&[sign, info.name, ":", &(info.cell_type)(), ","].concat());
        };
        for (column, descending) in index.columns {
            note(*column, if *descending { "-" } else { "" });
        }
        for column in index.include {
            note(*column, "+");
        }
        note(self.key, "#");
        text.push_str(if index.unique { "unique," } else { "" });
        text.push_str(index.condition);
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}

/// How a row's record is read, whatever its type.
pub(super) type ReadCells = fn(&Record) -> Result<Box<dyn Cells>, StorageFault>;

/// Builds what is not built. Returns whether the table has no record beside its rows yet and gets one with its first row.
pub(super) fn build(
    place: &Place,
    definition: &Definition,
    read: ReadCells,
) -> Result<bool, StorageFault> {
    let mark = Mark::read(place)?;
    let mut wanted = Mark::of(definition);
    let Some(mark) = mark else {
        if wanted.indexes.is_empty() || !place.has_items()? {
            return Ok(true);
        }
        make(place, definition, read, |_| true)?;
        return wanted.write(place).map(|()| false);
    };
    if mark.indexes == wanted.indexes {
        return Ok(false);
    }
    let same = |name: &str| mark.indexes.get(name) == wanted.indexes.get(name);
    for gone in mark.indexes.keys().filter(|name| !same(name)) {
        let prefix = place.index_prefix(gone);
        place.delete_all(Pages::new(place, prefix.clone(), end_of(&prefix)))?;
    }
    make(place, definition, read, |index| !same(index.name))?;
    wanted.last = mark.last;
    wanted.write(place).map(|()| false)
}

/// Drops all entries of a table's indexes, whose rows have changed their form: the next wake builds them. Nothing, where the
/// collection is no table.
pub(in crate::state) fn unbuild(records: &Records, path: &str) -> Result<(), StorageFault> {
    let key = ["c/", path, "#"].concat();
    let mark = records.try_get(&key)?;
    let mark = mark.and_then(|bytes| decode::<Mark>(&key, &bytes).ok());
    let Some(mut mark) = mark.filter(|mark| !mark.indexes.is_empty()) else {
        return Ok(());
    };
    let prefix = ["i/", path, "/"].concat();
    let end = end_of(&prefix);
    let all = records.try_scan(&Scan {
        start: &prefix,
        end: Some(&end),
        reverse: false,
        limit: usize::MAX,
    })?;
    for record in all {
        records.try_delete(&record.key)?;
    }
    mark.indexes.clear();
    records.try_put(key, encode(path, &mark)?)
}

/// Makes the entries of all rows in the indexes that `wanted` picks.
fn make(
    place: &Place,
    definition: &Definition,
    read: ReadCells,
    wanted: impl Fn(&IndexInfo) -> bool,
) -> Result<(), StorageFault> {
    for record in place.everything() {
        let record = record?;
        let row = read(&record)?;
        let entries = index::entries(place, definition, &*row, &wanted)?;
        if let Some(violation) = index::violated(place, definition, &[], &entries)? {
            return Err(violation.at_build(place, definition, &record.key));
        }
        index::check(&entries, place)?;
        index::replace(place, &[], entries)?;
    }
    Ok(())
}
