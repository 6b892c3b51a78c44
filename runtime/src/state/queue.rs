//! A queue of records.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::collection::{Place, Site, field_by_site};
use super::encode::{decode, encode};
use super::field::Field;
use super::iter::{Iter, TryIter};
use super::mark::Mark;
use crate::backend::{Record, StorageFault};
use crate::manifest::StateManifest;

/// The place of an item: the highest priority comes first, and of one priority what was pushed first.
type At = (i64, u64);

/// Items that wait to be taken, first in, first out; of several priorities the highest first.
///
/// An item is one record of at most 2,000,000 bytes. Nothing is kept in memory: every call reads or writes records, and items
/// come out by value. Costs, in records: `push` reads 1 and writes 2; `pop` reads 2 and writes 2; `peek` and `len` read 1;
/// iteration reads what it returns, by pages; `clear` reads and writes all.
///
/// ```
/// use stayput::prelude::*;
///
/// #[durable_object]
/// struct Desk {
///     tickets: Queue<String>,
/// }
///
/// #[durable_object]
/// impl Desk {
///     #[action]
///     fn ask(&mut self, what: String, urgent: bool) -> u64 {
///         self.tickets.push_with(i64::from(urgent), what)
///     }
///     #[action]
///     fn next(&mut self) -> Option<String> {
///         self.tickets.pop()
///     }
/// }
/// # stayput::app!(Desk);
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let desk = Desk::named(t, "hall");
///     desk.ask("a question", false).await.unwrap();
///     desk.ask("a fire", true).await.unwrap();
///     desk.ask("another question", false).await.unwrap();
///     assert_eq!(desk.next().await.unwrap().unwrap(), "a fire");
///     assert_eq!(desk.next().await.unwrap().unwrap(), "a question");
/// });
/// # }
/// ```
///
/// Faults poison the action: it fails as a whole, and until then the queue looks empty. The `try_` forms return the fault
/// instead and leave the action alone.
pub struct Queue<T> {
    site: Site,
    items: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Queue<T> {
    /// Adds an item with the priority 0 and returns its number, as [`push_with`](Self::push_with) does.
    pub fn push(&mut self, item: T) -> u64 {
        self.push_with(0, item)
    }

    /// [`push`](Self::push), with the fault.
    pub fn try_push(&mut self, item: T) -> Result<u64, StorageFault> {
        self.try_push_with(0, item)
    }

    /// Adds an item behind all of its priority, and before all of lower ones. Returns its number: 1 for the first, always
    /// higher than all before; 0 after a fault.
    pub fn push_with(&mut self, priority: i64, item: T) -> u64 {
        let result = self.try_push_with(priority, item);
        self.site.settle(result)
    }

    /// [`push_with`](Self::push_with), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "like a `VecDeque`, it takes what it keeps"
    )]
    pub fn try_push_with(&mut self, priority: i64, item: T) -> Result<u64, StorageFault> {
        let place = self.site.place()?;
        let bytes = encode(&place.path, &item)?;
        let number = Mark::read(place)?.next(place)?;
        place
            .records
            .try_put(place.key(&at(priority, number))?, bytes)?;
        Ok(number)
    }

    /// Takes the item whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let result = self.try_pop();
        self.site.settle(result)
    }

    /// [`pop`](Self::pop), with the fault.
    pub fn try_pop(&mut self) -> Result<Option<T>, StorageFault> {
        let place = self.site.place()?;
        let Some(record) = place.edge(false, 1)?.pop() else {
            return Ok(None);
        };
        let item = decode(&record.key, &record.value)?;
        place.records.delete_found(record.key)?;
        Mark::read(place)?.removed(1, place)?;
        Ok(Some(item))
    }

    /// The item whose turn it is, which stays.
    pub fn peek(&self) -> Option<T> {
        self.site.settle(self.try_peek())
    }

    /// [`peek`](Self::peek), with the fault.
    pub fn try_peek(&self) -> Result<Option<T>, StorageFault> {
        let first = self.site.place()?.edge(false, 1)?.pop();
        first
            .map(|record| decode(&record.key, &record.value))
            .transpose()
    }

    /// All items in the order of their turns, each with its number, by pages of 100.
    pub fn iter(&self) -> Iter<'_, (u64, T)> {
        self.try_iter().settled()
    }

    /// [`iter`](Self::iter), with the faults.
    pub fn try_iter(&self) -> TryIter<'_, (u64, T)> {
        TryIter::new(self.site.place().map(Place::everything), read)
    }
}

impl<T> Queue<T> {
    /// Takes an item out of its turn, by the number and the priority that it was pushed with, even one that cannot be read;
    /// says whether it was there.
    pub fn remove(&mut self, priority: i64, number: u64) -> bool {
        let result = self.try_remove(priority, number);
        self.site.settle(result)
    }

    /// [`remove`](Self::remove), with the fault.
    pub fn try_remove(&mut self, priority: i64, number: u64) -> Result<bool, StorageFault> {
        let place = self.site.place()?;
        let removed = place
            .records
            .try_delete(&place.key(&at(priority, number))?)?;
        Mark::read(place)?.removed(u64::from(removed), place)?;
        Ok(removed)
    }

    /// How many items wait.
    pub fn len(&self) -> u64 {
        self.site.settle(self.try_len())
    }

    /// [`len`](Self::len), with the fault.
    pub fn try_len(&self) -> Result<u64, StorageFault> {
        Ok(Mark::read(self.site.place()?)?.count)
    }

    /// Whether no item waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all items. Their numbers stay used.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        let mark = Mark::read(place)?;
        let count = place.delete_all(place.everything())?;
        mark.removed(count, place)
    }
}

/// `!` turns the order of integers round, without an overflow.
fn at(priority: i64, number: u64) -> At {
    (!priority, number)
}

fn read<T: DeserializeOwned>(place: &Place, record: &Record) -> Result<(u64, T), StorageFault> {
    let (_, number): At = place.item_key(&record.key)?;
    Ok((number, decode(&record.key, &record.value)?))
}

impl<'a, T: Serialize + DeserializeOwned> IntoIterator for &'a Queue<T> {
    type Item = (u64, T);
    type IntoIter = Iter<'a, (u64, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A queue that belongs to no object: it is empty and takes nothing.
impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            items: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Queue", f)
    }
}

impl<T: Serialize + DeserializeOwned + JsonSchema> Field for Queue<T> {
    field_by_site!(items);

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Queue {
            item: generator.subschema_for::<T>().to_value(),
        }
    }
}
