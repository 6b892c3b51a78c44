//! Reading events: of all streams or of one, forward or backward, by type, by range, by pages.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::keys::Keys;
use super::mark::Mark;
use super::record::{self, Recorded};
use super::upcast::{self, Upcast};
use crate::backend::StorageFault;
use crate::state::{AsKey as _, Cursor, Key as _, Page, decode};

/// How many records are read at once.
const PAGE: usize = 256;
/// How many events a page looks at, at most, to find those of some types.
const LOOKED_AT: usize = 10_000;

/// An event in store.
pub(super) struct Found {
    /// Its position; in a stream, its version.
    number: u64,
    position: u64,
    origin: u64,
    key: String,
    /// Its type and the version of its form, where the stream says it.
    kind: Option<(String, u32)>,
    /// Read already, in the order of positions.
    bytes: Option<Vec<u8>>,
}

impl Found {
    fn bytes(&mut self, keys: Keys<'_>) -> Result<Vec<u8>, StorageFault> {
        if let Some(bytes) = self.bytes.take() {
            return Ok(bytes);
        }
        let bytes = keys.records().try_get(&self.key)?;
        bytes.ok_or_else(|| super::keys::unreadable(&self.key, "there is no such event"))
    }

    pub(super) fn read<E: DeserializeOwned>(
        mut self,
        keys: Keys<'_>,
        steps: &[Upcast],
    ) -> Result<Recorded<E>, StorageFault> {
        let bytes = self.bytes(keys)?;
        record::read(&self.key, self.position, self.origin, &bytes, steps)
    }

    /// Whether it is of one of these types, as they are called now.
    fn is_of(
        &mut self,
        keys: Keys<'_>,
        kinds: &[String],
        steps: &[Upcast],
    ) -> Result<bool, StorageFault> {
        if kinds.is_empty() {
            return Ok(true);
        }
        if self.kind.is_none() {
            let bytes = self.bytes(keys)?;
            self.kind = Some(record::kind(&self.key, &bytes)?);
            self.bytes = Some(bytes);
        }
        let Some((kind, version)) = &self.kind else {
            return Ok(false);
        };
        let now = upcast::name(steps, kind, *version);
        Ok(kinds.iter().any(|kind| kind == now))
    }
}

/// A walk over the events of all streams, or of one.
pub(super) struct Walk {
    stream: Option<String>,
    /// The first and the last that are not read yet, both included.
    left: (u64, u64),
    reverse: bool,
    page: usize,
    origin: Option<u64>,
    read: VecDeque<Found>,
    done: bool,
}

impl Walk {
    pub(super) fn new(stream: Option<&str>, from: u64) -> Self {
        Self {
            stream: stream.map(str::to_owned),
            left: (from, u64::MAX),
            reverse: false,
            page: PAGE,
            origin: None,
            read: VecDeque::new(),
            done: false,
        }
    }

    /// Over the events of all streams, from one position to another, both included.
    pub(super) fn to(from: u64, to: u64) -> Self {
        Self {
            left: (from, to),
            page: 1_000,
            ..Self::new(None, from)
        }
    }

    pub(super) fn next(&mut self, keys: Keys<'_>) -> Result<Option<Found>, StorageFault> {
        if self.read.is_empty() && !self.done {
            self.fill(keys).inspect_err(|_| self.done = true)?;
        }
        Ok(self.read.pop_front())
    }

    fn fill(&mut self, keys: Keys<'_>) -> Result<(), StorageFault> {
        let origin = match self.origin {
            Some(origin) => origin,
            None => *self.origin.insert(Mark::read(keys)?.origin),
        };
        let prefix = self
            .stream
            .as_ref()
            .map_or_else(|| keys.events(), |stream| keys.stream(stream));
        let records = keys.numbered(&prefix, self.left, self.reverse, self.page)?;
        self.done = records.len() < self.page;
        for record in records {
            let number = Keys::number(&prefix, &record.key)?;
            self.read.push_back(if self.stream.is_some() {
                let (position, kind, form): (u64, String, u32) =
                    decode(&record.key, &record.value)?;
                Found {
                    number,
                    position,
                    origin,
                    key: keys.event(position),
                    kind: Some((kind, form)),
                    bytes: None,
                }
            } else {
                Found {
                    number,
                    position: number,
                    origin,
                    key: record.key,
                    kind: None,
                    bytes: Some(record.value),
                }
            });
        }
        let Some(last) = self.read.back().map(|found| found.number) else {
            return Ok(());
        };
        if self.reverse {
            self.done |= last == 0;
            self.left.1 = last.saturating_sub(1);
        } else {
            self.done |= last == u64::MAX;
            self.left.0 = last.saturating_add(1);
        }
        Ok(())
    }
}

/// Events to be read: of one stream by their versions, or of all by their positions. Narrowed step by step, then iterated
/// over, which reads by pages, or read as one [`page`](Self::page).
///
/// An event of a stream costs two reads of records, one of all streams costs one. Looking for a type reads all events in
/// the range that are not of it as well, in a stream only their places.
#[must_use = "reads nothing until it is iterated"]
pub struct Events<'a, E> {
    pub(super) keys: Result<Keys<'a>, StorageFault>,
    walk: Walk,
    kinds: Vec<String>,
    limit: usize,
    steps: &'static [Upcast],
    typed: PhantomData<fn() -> E>,
}

impl<'a, E> Events<'a, E> {
    pub(super) fn new(
        keys: Result<Keys<'a>, StorageFault>,
        stream: Option<&str>,
        steps: &'static [Upcast],
    ) -> Self {
        Self {
            keys,
            walk: Walk::new(stream, 0),
            kinds: Vec::new(),
            limit: usize::MAX,
            steps,
            typed: PhantomData,
        }
    }

    /// From this one on.
    pub fn from(mut self, first: u64) -> Self {
        self.walk.left.0 = self.walk.left.0.max(first);
        self
    }

    /// Up to this one, with it.
    pub fn to(mut self, last: u64) -> Self {
        self.walk.left.1 = self.walk.left.1.min(last);
        self
    }

    /// Those behind this one.
    pub fn after(self, last: u64) -> Self {
        match last.checked_add(1) {
            Some(first) => self.from(first),
            None => self.limit(0),
        }
    }

    /// Of this type only; said more than once, of any of them. It is the type as the program knows it: that of the variant,
    /// as serde writes it.
    pub fn of_type(mut self, kind: impl Into<String>) -> Self {
        self.kinds.push(kind.into());
        self
    }

    /// The newest first.
    pub fn newest_first(mut self) -> Self {
        self.walk.reverse = true;
        self
    }

    /// At most so many.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The next event in store that is wanted, and how many were looked at.
    fn find(&mut self, looked_at: &mut usize) -> Result<Option<Found>, StorageFault> {
        let keys = self.keys.clone()?;
        while *looked_at < LOOKED_AT
            && let Some(mut found) = self.walk.next(keys)?
        {
            *looked_at += 1;
            if found.is_of(keys, &self.kinds, self.steps)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl<E: DeserializeOwned> Events<'_, E> {
    /// The events after a cursor, or the first ones: at most `limit`, and the cursor to go on with. A `limit` of 0 counts
    /// as 1. One that looks for types looks at 10,000 events at most, so it may have fewer than there are, even none, and
    /// a cursor all the same.
    ///
    /// A cursor that is no place here fails the action with `invalid_params`; see [`Page`].
    #[expect(clippy::needless_pass_by_value, reason = "as it comes with a call")]
    pub fn page(self, after: Option<Cursor>, limit: u32) -> Page<Recorded<E>> {
        let keys = self.keys.clone();
        let page = self.try_page(after.as_ref(), limit);
        match keys {
            Ok(keys) => keys.records().settle(page),
            Err(_) => Page::default(),
        }
    }

    fn try_page(
        mut self,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<Recorded<E>>, StorageFault> {
        let keys = self.keys.clone()?;
        if let Some(cursor) = after {
            let mut text = cursor.key();
            let number = u64::read_key(&mut text).filter(|_| text.is_empty());
            let number = number.ok_or_else(|| keys.0.no_place(cursor))?;
            let beyond = if self.walk.reverse {
                self.walk.left.1 = self.walk.left.1.min(number.saturating_sub(1));
                number == 0
            } else {
                self.walk.left.0 = self.walk.left.0.max(number.saturating_add(1));
                number == u64::MAX
            };
            self.walk.done |= beyond;
        }
        let limit = usize::try_from(limit.max(1))
            .unwrap_or(usize::MAX)
            .min(self.limit);
        self.walk.page = PAGE.min(limit.saturating_add(1));
        let (mut items, mut last, mut looked_at) = (Vec::new(), None, 0);
        let mut more = false;
        while let Some(found) = self.find(&mut looked_at)? {
            if items.len() == limit {
                more = true;
                break;
            }
            last = Some(found.number);
            items.push(found.read(keys, self.steps)?);
        }
        // It has looked at as many as it may: the next one goes on right there.
        if !more && looked_at == LOOKED_AT {
            let unread = self.walk.read.front().map(|found| found.number);
            last = Some(match (unread, self.walk.reverse) {
                (Some(next), true) => next + 1,
                (Some(next), false) => next - 1,
                (None, true) => self.walk.left.1 + 1,
                (None, false) => self.walk.left.0 - 1,
            });
            more = unread.is_some() || !self.walk.done;
        }
        let next = last.filter(|_| more).map(|number| {
            let mut text = String::new();
            number.write_key(&mut text);
            Cursor::at(&text)
        });
        Ok(Page { items, next })
    }
}

impl<'a, E: DeserializeOwned> IntoIterator for Events<'a, E> {
    type Item = Recorded<E>;
    type IntoIter = EventIter<'a, E>;

    fn into_iter(self) -> EventIter<'a, E> {
        EventIter(self)
    }
}

/// What [`Events`] yield, in order. A fault poisons the action and ends the iteration.
pub struct EventIter<'a, E>(Events<'a, E>);

impl<E: DeserializeOwned> Iterator for EventIter<'_, E> {
    type Item = Recorded<E>;

    fn next(&mut self) -> Option<Recorded<E>> {
        let Self(events) = self;
        if events.limit == 0 {
            return None;
        }
        let keys = events.keys.clone().ok()?;
        let found = loop {
            let mut looked_at = 0;
            match events.find(&mut looked_at) {
                Ok(None) if looked_at == LOOKED_AT => {}
                other => break other,
            }
        };
        let read = found.and_then(|found| {
            found
                .map(|found| found.read(keys, events.steps))
                .transpose()
        });
        let read = keys.records().settle(read);
        events.limit = if read.is_some() { events.limit - 1 } else { 0 };
        read
    }
}

impl<E> fmt::Debug for Events<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Events({:?})", self.walk.left)
    }
}

impl<E> fmt::Debug for EventIter<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
