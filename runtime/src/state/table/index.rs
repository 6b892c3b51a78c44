//! The entries of indexes: `i/<path>/<index>/<values><key>`, one for each row that is in the index.
//!
//! Values are texts of columns. Those of a descending column are turned round: each byte's complement in two hex digits. The
//! key goes in the direction of the last column, so that rows with equal values come in the order of a query that asks for
//! it. The entry's value is `true`, or the texts of the included columns as an array.

use std::borrow::Cow;

use super::entity::{Cells, Definition, IndexInfo, cell};
use super::error::Violation;
use crate::backend::{Scan, StorageFault};
use crate::state::collection::Place;
use crate::state::records::check_key;
use crate::state::{MAX_VALUE_BYTES, decode, encode};

/// The value of an entry that holds nothing besides.
const NOTHING_ELSE: &[u8] = b"true";

/// A row's entry in one index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The number of the index.
    index: usize,
    key: String,
    value: Vec<u8>,
    /// Where in `key` the values end.
    values_end: usize,
    /// Whether one of the values is `None`.
    has_none: bool,
}

#[cfg(test)]
impl Entry {
    pub(super) fn record(self) -> (String, Vec<u8>) {
        (self.key, self.value)
    }
}

impl IndexInfo {
    /// Whether the key of the rows is turned round.
    pub(super) fn descends(&self) -> bool {
        self.columns
            .last()
            .is_some_and(|(_, descending)| *descending)
    }
}

/// Appends a text, turned round if it is to descend.
pub(super) fn push_turned(out: &mut String, text: &str, descending: bool) {
    if !descending {
        return out.push_str(text);
    }
    for byte in text.bytes() {
        for digit in [!byte >> 4, !byte & 15] {
            out.extend(char::from_digit(digit.into(), 16));
        }
    }
}

/// Takes a text from the front of others: one that `skip` knows the end of.
pub(super) fn take_turned<'t>(
    rest: &mut &'t str,
    descending: bool,
    skip: impl Fn(&mut &str) -> bool,
) -> Option<Cow<'t, str>> {
    if !descending {
        let mut after = *rest;
        if !skip(&mut after) {
            return None;
        }
        let text = rest.get(..rest.len() - after.len())?;
        *rest = after;
        return Some(text.into());
    }
    // What follows may be turned round, too, or not: as much is turned back as makes text.
    let bytes = rest.as_bytes().chunks_exact(2).map_while(|pair| {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        u8::try_from(digit(0)? << 4 | digit(1)?)
            .ok()
            .map(|byte| !byte)
    });
    let mut bytes: Vec<u8> = bytes.collect();
    if let Err(error) = std::str::from_utf8(&bytes) {
        bytes.truncate(error.valid_up_to());
    }
    let mut text = String::from_utf8(bytes).ok()?;
    let mut after = text.as_str();
    if !skip(&mut after) {
        return None;
    }
    text.truncate(text.len() - after.len());
    *rest = rest.get(text.len() * 2..)?;
    Some(text.into())
}

/// The first text after all that begin with `prefix`; empty if there is none.
pub(super) fn end_of(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match u32::from(last) + 1 {
            0xd800 => 0xe000,
            next => next,
        };
        if let Some(next) = char::from_u32(next) {
            end.push(next);
            break;
        }
    }
    end
}

/// The entries of a row in the indexes that `wanted` picks.
pub(super) fn entries(
    place: &Place,
    definition: &Definition,
    row: &dyn Cells,
    wanted: impl Fn(&IndexInfo) -> bool,
) -> Result<Vec<Entry>, StorageFault> {
    let row_key = cell(row, definition.key);
    let indexes = definition.indexes.iter().enumerate();
    indexes
        .filter(|(number, index)| wanted(index) && row.belongs(*number))
        .map(|(number, index)| {
            entry(place, definition, number, row, &row_key)
                .map_err(|fault| too_long(fault, place, index))
        })
        .collect()
}

fn entry(
    place: &Place,
    definition: &Definition,
    number: usize,
    row: &dyn Cells,
    row_key: &str,
) -> Result<Entry, StorageFault> {
    let index = &definition.indexes[number];
    let mut key = place.index_prefix(index.name);
    let mut has_none = false;
    for (column, descending) in index.columns {
        let text = cell(row, *column);
        has_none |= definition.columns[*column].is_none(&text);
        push_turned(&mut key, &text, *descending);
    }
    let values_end = key.len();
    push_turned(&mut key, row_key, index.descends());
    check_key(&key)?;
    let value = if index.include.is_empty() {
        NOTHING_ELSE.to_vec()
    } else {
        let included: Vec<_> = index
            .include
            .iter()
            .map(|column| cell(row, *column))
            .collect();
        encode(&place.path, &included)?
    };
    Ok(Entry {
        index: number,
        key,
        value,
        values_end,
        has_none,
    })
}

/// Says of which index an entry is too long.
fn too_long(fault: StorageFault, place: &Place, index: &IndexInfo) -> StorageFault {
    let StorageFault::Encode { reason, .. } = fault else {
        return fault;
    };
    StorageFault::Encode {
        path: place.path.as_ref().to_owned(),
        reason: format!(
            "the values of the index `{}` are too long for an entry: {reason}; leave the long column out of the index",
            index.name
        ),
    }
}

/// The unique index that another row stands against: one that has the same values in it as `new`. `old` are the entries
/// of the row that `new` takes the place of.
pub(super) fn violated(
    place: &Place,
    definition: &Definition,
    old: &[Entry],
    new: &[Entry],
) -> Result<Option<Violation>, StorageFault> {
    for entry in new {
        let index = &definition.indexes[entry.index];
        let own = old.iter().find(|own| own.index == entry.index);
        let values = &entry.key[..entry.values_end];
        // As in SQL, `None` equals nothing, not even `None`.
        if !index.unique
            || entry.has_none
            || own.is_some_and(|own| own.key.get(..own.values_end) == Some(values))
        {
            continue;
        }
        let end = end_of(values);
        let found = place.records.try_scan(&Scan {
            start: values,
            end: Some(&end),
            reverse: false,
            limit: 1,
        })?;
        if let Some(other) = found.first() {
            let mut rest = &other.key[entry.values_end.min(other.key.len())..];
            let skip = definition.columns[definition.key].skip;
            let holder = take_turned(&mut rest, index.descends(), skip).unwrap_or_default();
            let holder = holder.into_owned();
            return Ok(Some(Violation {
                index: entry.index,
                holder,
            }));
        }
    }
    Ok(None)
}

/// Puts the entries of a row in the place of its old ones; writes only what changed.
pub(super) fn replace(place: &Place, old: &[Entry], new: Vec<Entry>) -> Result<(), StorageFault> {
    for entry in old {
        if !new.iter().any(|new| new.key == entry.key) {
            place.records.delete_found(entry.key.clone())?;
        }
    }
    for entry in new {
        if !old.contains(&entry) {
            place.records.try_put(entry.key, entry.value)?;
        }
    }
    Ok(())
}

/// What an entry says of its row.
pub(super) struct Covered {
    index: usize,
    cells: Vec<(usize, String)>,
    /// The text of the row's key.
    pub(super) key: String,
}

impl Covered {
    /// Reads an entry; of a record's key `text` is what follows the index's prefix. Without the record's value, the row's key
    /// only.
    pub(super) fn read(
        definition: &Definition,
        number: usize,
        record_key: &str,
        text: &str,
        value: Option<&[u8]>,
    ) -> Result<Self, StorageFault> {
        let index = &definition.indexes[number];
        let broken = || StorageFault::Decode {
            key: record_key.to_owned(),
            reason: format!("it is no entry of the index `{}`", index.name),
        };
        let mut rest = text;
        let mut cells = Vec::new();
        for (column, descending) in index.columns {
            let skip = definition.columns[*column].skip;
            let text = take_turned(&mut rest, *descending, skip).ok_or_else(broken)?;
            if value.is_some() {
                cells.push((*column, text.into_owned()));
            }
        }
        let skip = definition.columns[definition.key].skip;
        let key = take_turned(&mut rest, index.descends(), skip).ok_or_else(broken)?;
        if !rest.is_empty() {
            return Err(broken());
        }
        if let Some(value) = value.filter(|_| !index.include.is_empty()) {
            let included: Vec<String> = decode(record_key, value)?;
            cells.extend(index.include.iter().copied().zip(included));
        }
        Ok(Self {
            index: number,
            cells,
            key: key.into_owned(),
        })
    }

    /// The columns that an entry of an index holds.
    pub(super) fn columns(definition: &Definition, index: &IndexInfo) -> Vec<usize> {
        let values = index.columns.iter().map(|(column, _)| *column);
        values
            .chain(index.include.iter().copied())
            .chain([definition.key])
            .collect()
    }
}

impl Cells for (&Covered, &Definition) {
    fn cell(&self, column: usize, out: &mut String) {
        let (covered, definition) = self;
        match covered.cells.iter().find(|(number, _)| *number == column) {
            Some((_, text)) => out.push_str(text),
            None if column == definition.key => out.push_str(&covered.key),
            None => {}
        }
    }

    fn belongs(&self, index: usize) -> bool {
        self.0.index == index
    }
}

/// Refuses what `try_put` would refuse, so that nothing is written before all can be.
pub(super) fn check(entries: &[Entry], place: &Place) -> Result<(), StorageFault> {
    match entries
        .iter()
        .find(|entry| entry.value.len() > MAX_VALUE_BYTES)
    {
        None => Ok(()),
        Some(_) => Err(StorageFault::Encode {
            path: place.path.as_ref().to_owned(),
            reason: "the included columns of an index are too long; include shorter ones"
                .to_owned(),
        }),
    }
}
