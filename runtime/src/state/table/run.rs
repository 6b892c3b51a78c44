//! Carries a plan out: reads records in its order, tests, sorts if need be, and hands what is found to a reader.

use std::borrow::Cow;

use super::entity::{Cells, Definition, cell};
use super::index::{Covered, push_turned, take_turned};
use super::plan::Plan;
use crate::backend::{Record, Scan, StorageFault};
use crate::state::collection::Place;
use crate::state::cursor::Cursor;
use crate::state::merge::after;

/// How many records are read at once, at most and at least; few in tests, so that they turn pages.
const CHUNK: (usize, usize) = if cfg!(test) { (3, 2) } else { (256, 8) };

/// What a query makes of the rows that it finds.
pub(super) trait Reader {
    /// Reads a row's record: it is the current one.
    fn read(&mut self, record: &Record) -> Result<(), StorageFault>;
    /// The current row.
    fn current(&self) -> &dyn Cells;
    /// Keeps the current row, or what an entry says of one.
    fn keep(&mut self, covered: Option<&dyn Cells>) -> Result<(), StorageFault>;
    /// How many are kept, dropped ones included.
    fn kept(&self) -> usize;
    /// Leaves of all that are kept those at these places, in this order.
    fn choose(&mut self, places: &[usize]);
}

/// A plan and how much of its rows is wanted.
pub(super) struct Run<'r> {
    pub(super) place: &'r Place,
    pub(super) definition: &'static Definition,
    pub(super) plan: Plan<'r>,
    pub(super) order: &'r [(usize, bool)],
    pub(super) offset: usize,
    pub(super) limit: usize,
    pub(super) part: Part<'r>,
}

/// Which part of the rows is wanted.
#[derive(Clone, Copy)]
pub(super) enum Part<'r> {
    /// The first ones.
    First,
    /// A page: those after a cursor, if there is one, and a cursor to go on with.
    Page(Option<&'r Cursor>),
}

/// What looks at rows, and says whether it wants more.
type Look<'l> = dyn FnMut(&mut dyn Reader, Option<&dyn Cells>) -> Result<bool, StorageFault> + 'l;

/// A row that waits to be sorted.
struct Waiting {
    /// What it is sorted by.
    text: String,
    /// Where the reader has it.
    at: usize,
    cursor: Option<Cursor>,
}

impl Run<'_> {
    fn is_page(&self) -> bool {
        matches!(self.part, Part::Page(_))
    }

    /// Whether the highest come first, among rows that are equal in all but the last column of the order.
    fn descends(&self) -> bool {
        self.order.last().is_some_and(|(_, descending)| *descending)
    }

    /// The values that rows are ordered by, as texts, the key at the end: so turned round that they order like the rows,
    /// forwards or, if the order descends, backwards.
    fn sort_text(&self, values: &[String]) -> String {
        let descends = self.descends();
        let mut text = String::new();
        for ((_, descending), value) in self.order.iter().zip(values) {
            push_turned(&mut text, value, *descending != descends);
        }
        text.extend(values.last().map(String::as_str));
        text
    }

    /// The values that a row is ordered by, the key at the end.
    fn values(&self, row: &dyn Cells) -> Vec<String> {
        let columns = self.order.iter().map(|(column, _)| *column);
        let columns = columns.chain([self.definition.key]);
        columns.map(|column| cell(row, column)).collect()
    }

    /// The values at a cursor, which may come from anywhere.
    fn values_at(&self, cursor: &Cursor) -> Result<Vec<String>, StorageFault> {
        let mut rest = cursor.key();
        let columns = self.order.iter().map(|(column, _)| *column);
        let values: Option<Vec<String>> = columns
            .chain([self.definition.key])
            .map(|column| take_turned(&mut rest, false, self.definition.columns[column].skip))
            .map(|text| text.map(Cow::into_owned))
            .collect();
        values
            .filter(|_| rest.is_empty())
            .ok_or_else(|| self.place.no_place(cursor))
    }

    /// The key of the record that a row with these values would have in the plan's index.
    fn record_key(&self, values: &[String]) -> String {
        let key = values.last().map_or("", String::as_str);
        let Some(number) = self.plan.index else {
            return self.place.key_of_text(key);
        };
        let index = &self.definition.indexes[number];
        let mut record = self.place.index_prefix(index.name);
        for (column, descending) in index.columns {
            let fixed = self.plan.fixed.iter().find(|(fixed, _)| fixed == column);
            let ordered = self.order.iter().zip(values);
            let value = fixed.map(|(_, text)| text).or_else(|| {
                let mut found = ordered.filter(|((ordered, _), _)| ordered == column);
                found.next().map(|(_, value)| value)
            });
            push_turned(&mut record, value.map_or("", String::as_str), *descending);
        }
        push_turned(&mut record, key, index.descends());
        record
    }

    /// Reads all that is wanted; of a page, returns the cursor to go on with.
    pub(super) fn all(mut self, reader: &mut dyn Reader) -> Result<Option<Cursor>, StorageFault> {
        let from = match self.part {
            Part::Page(Some(cursor)) => Some(self.values_at(cursor)?),
            Part::Page(None) | Part::First => None,
        };
        if self.plan.sorts {
            return self.sorted(reader, from.as_deref());
        }
        if let Some(values) = from {
            let key = self.record_key(&values);
            self.plan.go_on_after(&key);
        }
        self.in_order(reader)
    }

    fn in_order(&self, reader: &mut dyn Reader) -> Result<Option<Cursor>, StorageFault> {
        let (mut skipped, mut last, mut more) = (0, None, false);
        if self.limit == 0 {
            return Ok(None);
        }
        self.each(reader, &mut |reader, row| {
            if skipped < self.offset {
                skipped += 1;
                return Ok(true);
            }
            if reader.kept() == self.limit {
                more = true;
                return Ok(false);
            }
            let is_last = reader.kept() + 1 == self.limit;
            if self.is_page() && is_last {
                last = Some(self.cursor(row.unwrap_or_else(|| reader.current())));
            }
            reader.keep(row)?;
            Ok(self.is_page() || !is_last)
        })?;
        Ok(last.filter(|_| more))
    }

    fn sorted(
        &self,
        reader: &mut dyn Reader,
        from: Option<&[String]>,
    ) -> Result<Option<Cursor>, StorageFault> {
        let from = from.map(|values| self.sort_text(values));
        let descends = self.descends();
        let mut waiting: Vec<Waiting> = Vec::new();
        self.each(reader, &mut |reader, row| {
            let values = self.values(row.unwrap_or_else(|| reader.current()));
            let text = self.sort_text(&values);
            let beyond = |from: &String| if descends { text < *from } else { text > *from };
            if from.as_ref().is_none_or(beyond) {
                waiting.push(Waiting {
                    text,
                    at: reader.kept(),
                    cursor: self.is_page().then(|| Cursor::at(&values.concat())),
                });
                reader.keep(row)?;
            }
            Ok(true)
        })?;
        waiting.sort_unstable_by(|one, other| {
            let order = one.text.cmp(&other.text);
            if descends { order.reverse() } else { order }
        });
        let end = self.offset.saturating_add(self.limit).min(waiting.len());
        let start = self.offset.min(end);
        let places: Vec<usize> = waiting[start..end].iter().map(|row| row.at).collect();
        let more = end < waiting.len();
        let last = waiting.get_mut(end.wrapping_sub(1)).filter(|_| more);
        let cursor = last.and_then(|last| last.cursor.take());
        reader.choose(&places);
        Ok(cursor)
    }

    fn cursor(&self, row: &dyn Cells) -> Cursor {
        Cursor::at(&self.values(row).concat())
    }

    /// Shows every row that passes, in the order of the plan, until `look` has seen enough. A row that an entry tells all of
    /// comes as such, any other is the reader's current one.
    fn each(&self, reader: &mut dyn Reader, look: &mut Look<'_>) -> Result<(), StorageFault> {
        let ranges = self.plan.ranges.iter();
        let mut ranges: Vec<_> = ranges
            .map(|(start, end)| (start.as_str(), end.as_str()))
            .collect();
        if self.plan.reverse {
            ranges.reverse();
        }
        for (start, end) in ranges {
            let (mut start, mut end) = (start.to_owned(), end.to_owned());
            loop {
                let chunk = self.chunk(reader.kept());
                let records = self.place.records.try_scan(&Scan {
                    start: &start,
                    end: Some(&end),
                    reverse: self.plan.reverse,
                    limit: chunk,
                })?;
                for record in &records {
                    if !self.look_at(record, reader, look)? {
                        return Ok(());
                    }
                }
                match records.last() {
                    Some(last) if records.len() == chunk => {
                        if self.plan.reverse {
                            end.clone_from(&last.key);
                        } else {
                            start = after(&last.key);
                        }
                    }
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// How many records to read at once: no more than are wanted, if every one counts.
    fn chunk(&self, kept: usize) -> usize {
        let (most, least) = CHUNK;
        if self.plan.sorts || !self.plan.rest.is_empty() {
            return most;
        }
        let wanted = self.offset.saturating_add(self.limit).saturating_sub(kept);
        let more = usize::from(self.is_page());
        wanted.saturating_add(more).clamp(least, most)
    }

    fn look_at(
        &self,
        record: &Record,
        reader: &mut dyn Reader,
        look: &mut Look<'_>,
    ) -> Result<bool, StorageFault> {
        let passes = |row: &dyn Cells| self.plan.rest.iter().all(|node| node.matches(row));
        let Some(number) = self.plan.index else {
            reader.read(record)?;
            return if passes(reader.current()) {
                look(reader, None)
            } else {
                Ok(true)
            };
        };
        let prefix = self
            .place
            .index_prefix(self.definition.indexes[number].name);
        let text = record.key.get(prefix.len()..).unwrap_or_default();
        let value = self.plan.covering.then_some(&*record.value);
        let covered = Covered::read(self.definition, number, &record.key, text, value)?;
        if self.plan.covering {
            let row = (&covered, self.definition);
            return if passes(&row) {
                look(reader, Some(&row))
            } else {
                Ok(true)
            };
        }
        let key = self.place.key_of_text(&covered.key);
        let value = self.place.records.try_get(&key)?;
        let value = value.ok_or_else(|| StorageFault::Decode {
            key: record.key.clone(),
            reason: "the index has an entry of a row that is not there".to_owned(),
        })?;
        reader.read(&Record { key, value })?;
        if passes(reader.current()) {
            look(reader, None)
        } else {
            Ok(true)
        }
    }
}
