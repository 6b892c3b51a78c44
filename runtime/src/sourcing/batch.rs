//! Items that are gathered, and handed on together.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::manifest::StateManifest;
use crate::object::{Call, Context};
use crate::state::{Field, Loader, Log, Saver};
use crate::time::Defers;

/// Items that are gathered until there are so many, or the first has waited so long, and then handed on together: a field
/// of an object that [`defers`](crate::time::Defers).
///
/// They are kept like the items of a [`Log`], so nothing is lost by a crash, and what hands them on is a schedule. The
/// action that it calls [takes](Self::take) them and sends them on, in one commit: by a call of another object that is sent
/// surely, each item gets there once.
///
/// ```
/// use stayput::prelude::*;
/// use stayput::sourcing::{Batch, Flush};
///
/// #[durable_object(defers)]
/// struct Meter { readings: Batch<i64> }
///
/// #[durable_object]
/// impl Meter {
///     #[action]
///     fn note(&mut self, cx: &mut Context<Self>, reading: i64) {
///         let flush = cx.me().flush();
///         self.readings.push(cx, reading, Flush::new(100, seconds(10)), flush);
///     }
///
///     #[action(internal)]
///     fn flush(&mut self, cx: &mut Context<Self>) {
///         loop {
///             let readings = self.readings.take(100);
///             if readings.is_empty() { break }
///             Archive::named(cx, "all").keep(readings).send(cx);
///         }
///     }
/// }
///
/// #[durable_object]
/// struct Archive { batches: Vec<Vec<i64>> }
///
/// #[durable_object]
/// impl Archive {
///     #[action]
///     fn keep(&mut self, readings: Vec<i64>) { self.batches.push(readings); }
///     #[action]
///     fn batches(&self) -> Vec<Vec<i64>> { self.batches.clone() }
/// }
///
/// stayput::app!(Meter, Archive);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let meter = Meter::named(t, "cellar");
///     for reading in 0..3 { meter.note(reading).await.unwrap(); }
///     t.advance(seconds(10)).await;
///     assert_eq!(Archive::named(t, "all").batches().await.unwrap(), [[0, 1, 2]]);
/// });
/// # }
/// ```
pub struct Batch<T> {
    items: Log<T>,
}

/// When a [`Batch`] is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flush {
    count: u64,
    after: Duration,
}

impl Flush {
    /// When there are so many items, at least 1, or the first has waited so long, whatever is earlier.
    pub const fn new(count: u64, after: Duration) -> Self {
        let count = if count == 0 { 1 } else { count };
        Self { count, after }
    }
}

impl<T: Serialize + DeserializeOwned> Batch<T> {
    /// Adds an item and sees to it that `call` is made when it is time. Returns how many items wait.
    ///
    /// The call is a schedule called `batch.<field>`: that action takes what there is.
    pub fn push<S: Defers, R, X, K>(
        &mut self,
        cx: &mut Context<S>,
        item: T,
        flush: Flush,
        call: Call<R, X, K>,
    ) -> u64 {
        self.items.push(item);
        let waiting = self.items.len();
        let schedule = cx.schedule(format!("batch.{}", self.items.name()), call);
        if waiting >= flush.count {
            // Once more for each so many: should the call have failed for good, it is made again.
            if waiting.is_multiple_of(flush.count) {
                schedule.after(Duration::ZERO);
            }
        } else {
            schedule.keep_existing().after(flush.after);
        }
        waiting
    }

    /// Takes the oldest items, at most so many, in the order in which they were added.
    pub fn take(&mut self, limit: u32) -> Vec<T> {
        let items = self.items.range(.., limit);
        if let Some((last, _)) = items.last() {
            self.items.truncate_before(last.saturating_add(1));
        }
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// How many items wait.
    pub fn len(&self) -> u64 {
        self.items.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A batch that belongs to no object: it is empty and takes nothing.
impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self {
            items: Log::default(),
        }
    }
}

impl<T> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

impl<T: Serialize + DeserializeOwned + JsonSchema> Field for Batch<T> {
    fn load(
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        _initial: impl FnOnce() -> Self,
    ) -> Self {
        Self {
            items: Log::load(loader, name, was, Log::default),
        }
    }

    fn reload(
        &mut self,
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        _initial: impl FnOnce() -> Self,
    ) {
        self.items.reload(loader, name, was, Log::default);
    }

    fn save(&self, saver: &mut Saver<'_>, name: &str) {
        self.items.save(saver, name);
    }

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        Log::<T>::describe(generator)
    }
}
