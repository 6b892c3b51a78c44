//! The collection of events that an object has.

use std::fmt;
use std::marker::PhantomData;

use schemars::SchemaGenerator;

use super::keys::Keys;
use super::mark::Mark;
use super::projection::{
    self, Progress, Projected, Projection, Projections, Snapshot, Stored, UnknownProjection,
};
use super::read::Events;
use super::stream::{EventStream, EventStreamMut};
use super::upcast::{self, NoUpcasts, Upcasts};
use crate::backend::StorageFault;
use crate::manifest::StateManifest;
use crate::state::{AsKey as _, Cursor, Field, FieldCache, Page, Site, field_by_site};

/// Events in many streams and one order: a field of a durable object.
///
/// `E` is an enum annotated with `#[event]` or `#[data]`, whose variants are the types of events (serde's tag must be the
/// default one, outside). `P` are the [projections](Projection), as a tuple, which every append brings up to date in its
/// own commit. `U` says how events that were stored by earlier versions of the program are [brought up to
/// date](Upcasts).
///
/// An event is a record of at most 2,000,000 bytes, a second one says where it is in its stream, and a third one for the
/// store as a whole is written once an append. Nothing is kept in memory. Events are never changed and never removed.
///
/// ```
/// use stayput::prelude::*;
///
/// /// What happens to an order.
/// #[event(public)]
/// pub enum Ordered {
///     Placed { cents: i64 },
///     Shipped,
/// }
///
/// /// How many orders there are.
/// #[projection]
/// struct Totals { orders: u64, cents: i64 }
///
/// impl Projection for Totals {
///     type Event = Ordered;
///     type Data = (u64, i64);
///     fn apply(&mut self, event: &Recorded<Ordered>) {
///         if let Ordered::Placed { cents } = event.event {
///             self.orders += 1;
///             self.cents += cents;
///         }
///     }
///     fn data(&self) -> (u64, i64) { (self.orders, self.cents) }
/// }
///
/// #[durable_object]
/// struct Shop { orders: EventStore<Ordered, (Totals,)> }
///
/// #[durable_object]
/// impl Shop {
///     #[action]
///     fn place(&mut self, cx: &mut Context<Self>, order: String, cents: i64) -> Result<u64, ConcurrencyError> {
///         let placed = self.orders.stream_mut(&order).append(cx, Expected::None, [Ordered::Placed { cents }])?;
///         Ok(placed.position)
///     }
///     #[action]
///     fn totals(&self) -> (u64, i64) { self.orders.projection::<Totals>().data() }
/// }
///
/// stayput::app!(Shop);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let shop = Shop::named(t, "corner");
///     assert_eq!(shop.place("order-7", 500).await.unwrap(), 1);
///     shop.place("order-7", 500).await.unwrap_err();
///     assert_eq!(shop.totals().await.unwrap(), (1, 500));
/// });
/// # }
/// ```
///
/// Faults of the storage poison the action: it fails as a whole, and until then there are no events.
pub struct EventStore<E: Stored, P: Projections<E> = (), U: Upcasts<E> = NoUpcasts> {
    site: Site,
    types: PhantomData<Types<E, P, U>>,
}

/// Nothing of them is in the field.
type Types<E, P, U> = fn() -> (E, P, U);

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> EventStore<E, P, U> {
    pub(super) fn keys(&self) -> Result<Keys<'_>, StorageFault> {
        self.site.place().map(Keys)
    }

    pub(super) fn settle<R: Default>(&self, result: Result<R, StorageFault>) -> R {
        self.site.settle(result)
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> EventStore<E, P, U> {
    /// A stream, to read: the events of one name, whether there are any or not. Names are at most about 1,900 bytes.
    pub fn stream(&self, name: impl Into<String>) -> EventStream<'_, E, P, U> {
        EventStream::new(self, name.into())
    }

    /// A stream, to append to.
    pub fn stream_mut(&mut self, name: impl Into<String>) -> EventStreamMut<'_, E, P, U> {
        EventStreamMut::new(self, name.into())
    }

    /// The names of the streams that have events, in the order of their bytes, behind a cursor: at most `limit`, and the
    /// cursor to go on with. Each is a read of its own.
    #[expect(clippy::needless_pass_by_value, reason = "as it comes with a call")]
    pub fn streams(&self, after: Option<Cursor>, limit: u32) -> Page<String> {
        let page = self
            .keys()
            .and_then(|keys| try_streams(keys, after.as_ref(), limit));
        self.settle(page)
    }

    /// All events, in the order of their positions.
    pub fn events(&self) -> Events<'_, E> {
        Events::new(self.keys(), None, U::STEPS)
    }

    /// The position of the last event; 0 without one.
    pub fn position(&self) -> u64 {
        let mark = self.keys().and_then(Mark::read);
        self.settle(mark).last
    }

    /// A projection's fields, to read. That it is one of `P` is checked when it is compiled.
    pub fn projection<A: Projection<Event = E>>(&self) -> Projected<A> {
        const {
            assert!(
                projection::position(P::ALL, A::NAME).is_some(),
                "this is no projection of the event store"
            );
        };
        let keys = self.keys();
        let mark = self.settle(keys.clone().and_then(Mark::read));
        let place = mark.place(projection::named::<A>());
        let (records, path) = match keys {
            Ok(keys) => (
                keys.records().clone(),
                keys.projection(A::NAME, place.generation),
            ),
            Err(_) => (super::nowhere::records(), String::new()),
        };
        let state = projection::load(&records, &mut FieldCache::new(), &path);
        Projected::new(state, place.position, place.updated)
    }

    /// What a projection says to those who ask for it by its name, and how far it is.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub fn snapshot(&self, name: &str) -> Result<Snapshot, UnknownProjection> {
        let info = Self::info(name)?;
        let data = self.keys().and_then(|keys| {
            let place = Mark::read(keys)?.place(info.named);
            let path = keys.projection(name, place.generation);
            let data =
                (info.data)(keys.records(), &path).map_err(|error| StorageFault::Encode {
                    path: path.clone(),
                    reason: error.to_string(),
                })?;
            Ok(Some(Snapshot {
                projection: name.to_owned(),
                data,
                position: place.position,
                updated_at: place.updated,
            }))
        });
        Ok(self.settle(data).unwrap_or_else(|| Snapshot {
            projection: name.to_owned(),
            data: serde_json::Value::Null,
            position: 0,
            updated_at: None,
        }))
    }

    /// Where all projections are, in their order.
    pub fn progress(&self) -> Vec<Progress> {
        let mark = self.keys().and_then(Mark::read);
        let mark = self.settle(mark);
        let all = P::ALL.iter().map(|info| {
            let place = mark.place(info.named);
            super::rebuild::progress(info.named.name, &place, mark.last)
        });
        all.collect()
    }

    /// Whether there is a projection of this name.
    pub(crate) fn check(name: &str) -> Result<(), UnknownProjection> {
        Self::info(name).map(drop)
    }

    pub(super) fn info(name: &str) -> Result<&'static super::ProjectionInfo<E>, UnknownProjection> {
        const { projection::check(P::ALL) };
        let found = P::ALL.iter().find(|info| info.named.name == name);
        found.ok_or_else(|| {
            let known = P::ALL.iter().map(|info| info.named.name.to_owned());
            UnknownProjection::new(name, known.collect())
        })
    }
}

fn try_streams(
    keys: Keys<'_>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<String>, StorageFault> {
    let last = after
        .map(|cursor| {
            let mut text = cursor.key();
            let name = <String as crate::state::Key>::read_key(&mut text);
            name.filter(|_| text.is_empty())
                .ok_or_else(|| keys.0.no_place(cursor))
        })
        .transpose()?;
    let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
    let mut items = keys.streams(last.as_deref(), limit.saturating_add(1))?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|name| {
        let mut text = String::new();
        name.write_key(&mut text);
        Cursor::at(&text)
    });
    Ok(Page { items, next })
}

/// A store that belongs to no object: it is empty and takes nothing.
impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Default for EventStore<E, P, U> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            types: PhantomData,
        }
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> fmt::Debug for EventStore<E, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("EventStore", f)
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Field for EventStore<E, P, U> {
    field_by_site!(types);

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        const { upcast::check(U::STEPS) };
        const { projection::check(P::ALL) };
        StateManifest::Events {
            item: generator.subschema_for::<E>().to_value(),
            projections: P::ALL
                .iter()
                .map(|info| (info.named.name.to_owned(), info.docs.to_owned()))
                .collect(),
        }
    }
}
