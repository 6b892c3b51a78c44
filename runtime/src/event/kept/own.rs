//! What an object has kept of its events, as its own code reads it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::store::{Head, Item, Span, key, latest_range};
use super::{Cursor as Place, Kept};
use crate::backend::{Scan, StorageFault};
use crate::event::{DeclaredBy, Event};
use crate::object::{Context, RawContext, Timestamp, wire_name};
use crate::socket::own_names;
use crate::state::{Cursor, Page, Stateful, decode};

/// How many records are read at once.
const BATCH: usize = 128;

/// An event that is kept, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "KeptEventOf{E}")]
#[non_exhaustive]
pub struct KeptEvent<E> {
    /// Its place in the object's log, as clients get it; none of a `latest` one.
    pub cursor: Option<String>,
    /// When it was broadcast.
    pub time: Timestamp,
    /// The rooms that it was sent to, as the object or mixin calls them; none if it was sent everywhere.
    pub rooms: Vec<String>,
    /// The subject that it was sent to alone.
    pub subject: Option<String>,
    /// What happened.
    pub event: E,
}

/// What an object, or a mixin, has kept of one of its events: [`Context::kept`].
#[must_use = "reads nothing by itself"]
pub struct KeptEvents<'a, E> {
    raw: RawContext,
    name: Arc<str>,
    /// Behind which place of the log.
    after: Option<Place>,
    typed: PhantomData<fn() -> E>,
    /// It sees what the context sees, and no longer.
    of: PhantomData<&'a ()>,
}

impl<S: Stateful> Context<S> {
    /// The events of a kind that are kept for those who come later, `durable` or `latest` ones: those that clients would get
    /// now, and those that this very method has broadcast. A view does not count, and neither do rooms.
    ///
    /// ```
    /// use stayput::event::KeptEvent;
    /// use stayput::prelude::*;
    ///
    /// #[event(public, durable, keep = 100)]
    /// struct Said { text: String }
    ///
    /// #[durable_object(events(Said))]
    /// struct Room {}
    ///
    /// #[durable_object]
    /// impl Room {
    ///     #[action]
    ///     fn say(&mut self, cx: &mut Context<Self>, text: String) { cx.broadcast(Said { text }); }
    ///
    ///     /// The newest, oldest first.
    ///     #[action]
    ///     fn newest(&self, cx: &Context<Self>) -> Vec<String> {
    ///         cx.kept::<Said>().last(2).into_iter().map(|kept| kept.event.text).collect()
    ///     }
    ///
    ///     #[action]
    ///     fn said(&self, cx: &Context<Self>, after: Option<Cursor>) -> Page<KeptEvent<Said>> {
    ///         cx.kept::<Said>().page(after, 2)
    ///     }
    /// }
    ///
    /// stayput::app!(Room);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let room = Room::named(t, "lobby");
    ///     for text in ["one", "two", "three"] { room.say(text).await.unwrap(); }
    ///     assert_eq!(room.newest().await.unwrap(), ["two", "three"]);
    ///     let first = room.said(None).await.unwrap();
    ///     let second = room.said(first.next).await.unwrap();
    ///     assert_eq!(second.items[0].event.text, "three");
    ///     assert!(second.next.is_none());
    /// });
    /// # }
    /// ```
    ///
    /// Of an event that is not kept it does not compile. Data that is no such event any more fails the method with
    /// `state.corrupt`.
    pub fn kept<E: DeclaredBy<S>>(&self) -> KeptEvents<'_, E> {
        const {
            assert!(
                E::KEPT.is_any(),
                "this event is not kept: say `#[event(durable)]` or `#[event(latest)]` on its type"
            );
        };
        let raw = self.raw_context().clone();
        KeptEvents {
            name: wire_name(&raw.mount, E::NAME),
            raw,
            after: None,
            typed: PhantomData,
            of: PhantomData,
        }
    }
}

impl<E: Event> KeptEvents<'_, E> {
    /// Of `durable` ones those behind a place in the log, as clients, [`EventSource`](crate::event::EventSource) and
    /// [`KeptEvent`] have it. All that are kept, if that is a place of another life of the object, or none at all.
    pub fn after(mut self, cursor: &str) -> Self {
        self.after = cursor.parse().ok();
        self
    }

    /// The last `count`, the oldest of them first; of `latest` ones those of the last keys.
    pub fn last(&self, count: usize) -> Vec<KeptEvent<E>> {
        let mut all = self.settle(self.read(None, count, true));
        all.reverse();
        all.into_iter().map(|(_, kept)| kept).collect()
    }

    /// Those after a cursor, or the first ones, the oldest first, and of `latest` ones by their keys: at most `limit`, and the
    /// cursor to go on with. A `limit` of 0 counts as 1.
    ///
    /// What is not kept any more is left out. A cursor that is no place here fails the method with `invalid_params`; see [`Page`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn page(&self, after: Option<Cursor>, limit: u32) -> Page<KeptEvent<E>> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let mut found = self.settle(self.read(after.as_ref(), limit.saturating_add(1), false));
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|(place, _)| Cursor::at(place));
        let items = found.into_iter().map(|(_, kept)| kept).collect();
        Page { items, next }
    }

    /// The `latest` one of a key.
    pub fn get(&self, key: &str) -> Option<KeptEvent<E>> {
        let records = self.raw.records();
        let key = format!("{}{key}", latest_range(&self.name).0);
        let found = Item::read(&records, &key).and_then(|item| {
            let kept = item.map(|item| self.event(&key, item, ""));
            kept.transpose()
        });
        self.settle(found.map(Vec::from_iter)).pop()
    }

    fn settle<T>(&self, read: Result<Vec<T>, StorageFault>) -> Vec<T> {
        self.raw.records().settle(read)
    }

    /// At most so many, each with its place.
    fn read(
        &self,
        after: Option<&Cursor>,
        limit: usize,
        reverse: bool,
    ) -> Result<Vec<(String, KeptEvent<E>)>, StorageFault> {
        let records = self.raw.records();
        let head = Head::read(&records)?;
        let prefix = format!("!ev/{}/", self.name);
        let span = head.of.get(&*self.name).copied().unwrap_or_default();
        let ((mut start, mut end), hours) = match E::KEPT {
            Kept::Log { hours, .. } => {
                let first = self.first(&head, span)?;
                ((key(&self.name, first), key(&self.name, span.next)), hours)
            }
            _ => (latest_range(&self.name), None),
        };
        if let Some(cursor) = after {
            start = start.max(self.behind(&prefix, cursor)?);
        }
        let mut found = Vec::new();
        while found.len() < limit && start < end {
            let page = records.try_scan(&Scan {
                start: &start,
                end: Some(&end),
                reverse,
                limit: BATCH.min(limit - found.len()),
            })?;
            let Some(last) = page.last() else { break };
            if reverse {
                end.clone_from(&last.key);
            } else {
                start = format!("{}\0", last.key);
            }
            for record in page {
                let item: Item = decode(&record.key, &record.value)?;
                // It is gone for clients; its record goes with the next ones.
                if !item.is_old(hours, self.raw.turn.now) {
                    let kept = self.event(&record.key, item, &head.log)?;
                    let place = record.key.get(prefix.len()..).unwrap_or_default();
                    found.push((place.to_owned(), kept));
                }
            }
        }
        Ok(found)
    }

    /// The number of the first that is behind the place that was said. Numbers and places rise together.
    fn first(&self, head: &Head, span: Span) -> Result<u64, StorageFault> {
        let Some(after) = self.after.as_ref().filter(|after| after.log == head.log) else {
            return Ok(span.first);
        };
        let (mut low, mut high) = (span.first, span.next);
        while low < high {
            let middle = low + (high - low) / 2;
            let item = Item::read(&self.raw.records(), &key(&self.name, middle))?;
            if item.is_none_or(|item| item.p > after.at) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    /// The first key behind a cursor.
    fn behind(&self, prefix: &str, cursor: &Cursor) -> Result<String, StorageFault> {
        let place = cursor.key();
        let is_place = match E::KEPT {
            Kept::Log { .. } => {
                place.len() == 16 && place.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            _ => place.starts_with('='),
        };
        if !is_place {
            return Err(StorageFault::Cursor {
                path: format!("event {}", self.name),
                cursor: cursor.to_string(),
            });
        }
        Ok(format!("{prefix}{place}\0"))
    }

    fn event(&self, key: &str, item: Item, log: &str) -> Result<KeptEvent<E>, StorageFault> {
        let rooms = own_names(&self.raw.mount, &item.r);
        Ok(KeptEvent {
            // The latest ones have no place.
            cursor: (item.p > 0).then(|| format!("{log}-{}", item.p)),
            time: item.t,
            rooms: rooms.iter().map(ToString::to_string).collect(),
            subject: item.s,
            event: decode(key, item.d.get().as_bytes())?,
        })
    }
}

impl<E> fmt::Debug for KeptEvents<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptEvents").field(&self.name).finish()
    }
}
