//! Iteration over a collection by pages: at most one page of records is in memory at either end.

use std::collections::VecDeque;
use std::fmt;

use super::collection::Place;
use super::merge::after;
use crate::backend::{Record, Scan, StorageFault};

/// How many records are read at once; few in tests, so that they turn pages.
pub(super) const PAGE: usize = if cfg!(test) { 3 } else { 100 };

/// The records of a range of keys, from both ends.
pub(super) struct Pages<'a> {
    place: &'a Place,
    /// What is not read yet.
    start: String,
    end: String,
    /// Read from the front, ascending.
    front: VecDeque<Record>,
    /// Read from the back, descending.
    back: VecDeque<Record>,
    exhausted: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(place: &'a Place, start: String, end: String) -> Self {
        let (front, back) = (VecDeque::new(), VecDeque::new());
        Self {
            place,
            start,
            end,
            front,
            back,
            exhausted: false,
        }
    }

    pub(super) fn place(&self) -> &'a Place {
        self.place
    }

    /// The first records, at most `limit`.
    pub(super) fn take_page(&self, limit: usize) -> Result<Vec<Record>, StorageFault> {
        self.place.records.try_scan(&Scan {
            start: &self.start,
            end: Some(&self.end),
            reverse: false,
            limit,
        })
    }

    fn read(&mut self, reverse: bool) -> Result<(), StorageFault> {
        let page = self.place.records.try_scan(&Scan {
            start: &self.start,
            end: Some(&self.end),
            reverse,
            limit: PAGE,
        });
        let page = page.inspect_err(|_| self.exhausted = true)?;
        self.exhausted = page.len() < PAGE;
        if reverse {
            if let Some(last) = page.last() {
                self.end.clone_from(&last.key);
            }
            self.back = page.into();
        } else {
            if let Some(last) = page.last() {
                self.start = after(&last.key);
            }
            self.front = page.into();
        }
        Ok(())
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Record, StorageFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.front.is_empty()
            && !self.exhausted
            && let Err(fault) = self.read(false)
        {
            return Some(Err(fault));
        }
        self.front
            .pop_front()
            .or_else(|| self.back.pop_back())
            .map(Ok)
    }
}

impl DoubleEndedIterator for Pages<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.back.is_empty()
            && !self.exhausted
            && let Err(fault) = self.read(true)
        {
            return Some(Err(fault));
        }
        self.back
            .pop_front()
            .or_else(|| self.front.pop_back())
            .map(Ok)
    }
}

/// How a record becomes an item.
pub(super) type Read<R> = fn(&Place, &Record) -> Result<R, StorageFault>;

/// Items of a collection in the order of their keys, read by pages of 100; each may be a fault.
///
/// After a record that cannot be read the iteration goes on; after a fault of the store it ends.
pub struct TryIter<'a, R> {
    pages: Option<Pages<'a>>,
    /// Why there are no pages.
    fault: Option<StorageFault>,
    read: Read<R>,
}

impl<'a, R> TryIter<'a, R> {
    pub(super) fn new(pages: Result<Pages<'a>, StorageFault>, read: Read<R>) -> Self {
        match pages {
            Ok(pages) => Self {
                pages: Some(pages),
                fault: None,
                read,
            },
            Err(fault) => Self {
                pages: None,
                fault: Some(fault),
                read,
            },
        }
    }

    /// Poisons at the first fault and ends there.
    pub(super) fn settled(self) -> Iter<'a, R> {
        Iter { inner: Some(self) }
    }

    fn item(
        &mut self,
        step: impl FnOnce(&mut Pages<'a>) -> Option<Result<Record, StorageFault>>,
    ) -> Option<Result<R, StorageFault>> {
        if let Some(fault) = self.fault.take() {
            return Some(Err(fault));
        }
        let pages = self.pages.as_mut()?;
        let record = step(pages)?;
        Some(record.and_then(|record| (self.read)(pages.place(), &record)))
    }
}

impl<R> Iterator for TryIter<'_, R> {
    type Item = Result<R, StorageFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.item(Iterator::next)
    }
}

impl<R> DoubleEndedIterator for TryIter<'_, R> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.item(DoubleEndedIterator::next_back)
    }
}

impl<R> fmt::Debug for TryIter<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryIter").finish_non_exhaustive()
    }
}

/// Items of a collection in the order of their keys, read by pages of 100. A fault poisons the
/// action and ends the iteration.
pub struct Iter<'a, R> {
    inner: Option<TryIter<'a, R>>,
}

impl<R> Iter<'_, R> {
    fn settle(&mut self, item: Option<Result<R, StorageFault>>) -> Option<R> {
        match item? {
            Ok(item) => Some(item),
            Err(fault) => {
                let inner = self.inner.take();
                if let Some(pages) = inner.and_then(|inner| inner.pages) {
                    pages.place().records.poison(fault);
                }
                None
            }
        }
    }
}

impl<R> Iterator for Iter<'_, R> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        let item = self.inner.as_mut()?.next();
        self.settle(item)
    }
}

impl<R> DoubleEndedIterator for Iter<'_, R> {
    fn next_back(&mut self) -> Option<R> {
        let item = self.inner.as_mut()?.next_back();
        self.settle(item)
    }
}

impl<R> fmt::Debug for Iter<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}
