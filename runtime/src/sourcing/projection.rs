//! What is made of all events, in their order, and kept.

use std::fmt;
use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::keys::Keys;
use super::record::Recorded;
use super::upcast::same;
use crate::backend::StorageFault;
use crate::error::{ActionError, ErrorInfo, Rejection, details};
use crate::object::Timestamp;
use crate::prelude::data;
use crate::rpc::WireError;
use crate::state::{FieldCache, Loader, Records, Saver, Walk};

/// A struct whose fields a projection keeps; annotate it with `#[projection]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps nothing",
    note = "annotate the struct with `#[projection]`"
)]
pub trait ReadModel: Sized + 'static {
    /// The name it is asked for by: the struct's in snake case, or `name = ".."`.
    const NAME: &'static str;
    /// To be raised, by `version = 2`, when what it keeps or makes of events has changed: it begins anew then.
    const VERSION: u32;
    /// The doc comment.
    const DOCS: &'static str;
    /// How its fields are read and written.
    #[doc(hidden)]
    const FIELDS: &'static Walk<Self>;
}

/// What is made of the events of all streams, in their order, and kept: a second way to look at them.
///
/// The fields are those of a durable object: a plain one is written when it changed, a [`Map`](crate::prelude::Map) or a
/// [`Log`](crate::prelude::Log) is written item by item, so that what is large costs no more for each event than what is
/// small. An append hands its events to every projection that is up to date, and their writes are in its commit.
///
/// [`apply`](Self::apply) must be a function of the fields and the event alone, and must not fail: it runs again when the
/// projection is rebuilt. Events that mean nothing to it are passed over by `_ => {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no projection",
    note = "annotate the struct with `#[projection]`, and implement `Projection` for it"
)]
pub trait Projection: ReadModel {
    /// The events of the store.
    type Event;
    /// What those get who ask for it by its name.
    type Data: Serialize;

    /// What an event changes.
    fn apply(&mut self, event: &Recorded<Self::Event>);

    /// What is to be done once after the events of an append, or after a thousand of a rebuild, were applied: what is kept
    /// short is cut here, `self.entries.keep_last(1_000)`.
    fn tidy(&mut self) {}

    /// What those get who ask for it by its name. Read it by pages elsewhere if it grows.
    fn data(&self) -> Self::Data;
}

/// A projection, as its fields are, and how far it is.
pub struct Projected<A> {
    state: A,
    /// The last event in it; 0 before the first.
    pub position: u64,
    /// When that was applied.
    pub updated_at: Option<Timestamp>,
}

impl<A> Projected<A> {
    pub(super) fn new(state: A, position: u64, updated_at: Option<Timestamp>) -> Self {
        Self {
            state,
            position,
            updated_at,
        }
    }
}

impl<A> Deref for Projected<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

impl<A> fmt::Debug for Projected<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projected")
            .field("position", &self.position)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// What a projection says to those who ask for it by its name.
#[data]
#[derive(PartialEq)]
pub struct Snapshot {
    /// Its name.
    pub projection: String,
    /// Its data.
    pub data: serde_json::Value,
    /// The position of the last event in it; 0 before the first.
    pub position: u64,
    /// When that was applied.
    pub updated_at: Option<Timestamp>,
}

/// Where a projection is.
#[data]
#[derive(PartialEq, Eq)]
pub struct Progress {
    /// Its name.
    pub projection: String,
    /// The position of the last event in it.
    pub position: u64,
    /// The position of the last event that there is.
    pub last: u64,
    /// The last event in what a rebuild makes that has not come to its end.
    pub rebuilding: Option<u64>,
}

impl Progress {
    /// Whether all events are in it, and nothing is being rebuilt.
    pub const fn is_done(&self) -> bool {
        self.position == self.last && self.rebuilding.is_none()
    }
}

/// A projection's name and version.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) version: u32,
}

pub(super) const fn named<A: ReadModel>() -> Named {
    Named {
        name: A::NAME,
        version: A::VERSION,
    }
}

/// A projection of events `E`, as data.
pub struct ProjectionInfo<E> {
    pub(super) named: Named,
    pub(super) docs: &'static str,
    /// Applies events to the fields at a path.
    pub(super) apply: fn(&Records, &str, &[Recorded<E>]),
    /// The data, as JSON.
    pub(super) data: fn(&Records, &str) -> Result<serde_json::Value, serde_json::Error>,
}

impl<E> ProjectionInfo<E> {
    /// The data of a projection.
    pub const fn of<A: Projection<Event = E>>() -> Self {
        Self {
            named: named::<A>(),
            docs: A::DOCS,
            apply: |records, path, events| {
                let mut cache = FieldCache::new();
                let mut state = load::<A>(records, &mut cache, path);
                for event in events {
                    state.apply(event);
                }
                state.tidy();
                (A::FIELDS.save)(&state, &mut Saver::within(records, &mut cache, path));
            },
            data: |records, path| {
                let state = load::<A>(records, &mut FieldCache::new(), path);
                serde_json::to_value(state.data())
            },
        }
    }
}

impl<E> fmt::Debug for ProjectionInfo<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProjectionInfo")
            .field(&self.named.name)
            .finish()
    }
}

pub(super) fn load<A: ReadModel>(records: &Records, cache: &mut FieldCache, path: &str) -> A {
    (A::FIELDS.load)(&mut Loader::within(records, cache, path))
}

/// The projections of an event store: `()`, or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no projections of `{E}`",
    note = "write a tuple of types that implement `Projection` with `type Event = {E}`; `(A,)` for a single one"
)]
pub trait Projections<E: 'static>: 'static {
    /// All of them, in order.
    const ALL: &'static [ProjectionInfo<E>];
}

impl<E: 'static> Projections<E> for () {
    const ALL: &'static [ProjectionInfo<E>] = &[];
}

macro_rules! projections {
    ($($name:ident),*) => {
        impl<E: 'static, $($name: Projection<Event = E>),*> Projections<E> for ($($name,)*) {
            const ALL: &'static [ProjectionInfo<E>] = &[$(ProjectionInfo::of::<$name>()),*];
        }
    };
}

projections!(A);
projections!(A, B);
projections!(A, B, C);
projections!(A, B, C, D);
projections!(A, B, C, D, F);
projections!(A, B, C, D, F, G);
projections!(A, B, C, D, F, G, H);
projections!(A, B, C, D, F, G, H, I);

/// Ends the compilation if two projections have one name.
pub(super) const fn check<E>(all: &[ProjectionInfo<E>]) {
    let mut at = 0;
    while at < all.len() {
        let first = position(all, all[at].named.name);
        assert!(
            matches!(first, Some(first) if first == at),
            "two projections of an event store have one name: say another by `#[projection(name = \"..\")]`"
        );
        at += 1;
    }
}

pub(super) const fn position<E>(all: &[ProjectionInfo<E>], name: &str) -> Option<usize> {
    let mut at = 0;
    while at < all.len() {
        if same(all[at].named.name, name) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Removes records of a generation, at most `limit`; how many.
pub(super) fn remove(
    keys: Keys<'_>,
    name: &str,
    generation: u32,
    limit: usize,
) -> Result<usize, StorageFault> {
    let path = keys.projection(name, generation);
    let mut removed = 0;
    for root in ["f/", "c/", "i/", "!alarm/ttl/"] {
        let (start, end) = ([root, &path, "."].concat(), [root, &path, "/"].concat());
        while removed < limit {
            let page = keys.records().try_scan(&crate::backend::Scan {
                start: &start,
                end: Some(&end),
                reverse: false,
                limit: (limit - removed).min(1_000),
            })?;
            if page.is_empty() {
                break;
            }
            for record in page {
                keys.records().delete_found(record.key)?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// No projection has the name that was asked for: `projection.unknown`, 404.
#[derive(Clone)]
pub struct UnknownProjection(Rejection);

/// The details of `projection.unknown`.
#[data]
struct ProjectionUnknown {
    /// The name that was asked for.
    name: String,
    /// Those that there are.
    known: Vec<String>,
}

const UNKNOWN: &str = "projection.unknown";

impl UnknownProjection {
    pub(super) fn new(name: &str, known: Vec<String>) -> Self {
        let message = format!("there is no projection `{name}`");
        let name = name.to_owned();
        let wire = WireError::declared(UNKNOWN, 404, false, message);
        Self(Rejection::new(Box::new(
            wire.details(&ProjectionUnknown { name, known }),
        )))
    }
}

impl ActionError for UnknownProjection {
    const ERRORS: &'static [ErrorInfo] = &[ErrorInfo {
        code: UNKNOWN,
        status: 404,
        retryable: false,
        docs: "There is no projection of this name.",
        details: |describer| describer.details_of::<ProjectionUnknown>(),
    }];

    fn to_wire(&self) -> WireError {
        *self.0.clone().into_wire()
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        let known = wire.code() == UNKNOWN && details::<ProjectionUnknown>(wire).is_some();
        known.then(|| Self(Rejection::new(Box::new(wire.clone()))))
    }
}

impl fmt::Debug for UnknownProjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnknownProjection")
            .field(&self.0.message())
            .finish()
    }
}

impl fmt::Display for UnknownProjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl std::error::Error for UnknownProjection {
    /// The same as callers get it: by this `?` into [`stayput::Error`](crate::Error) keeps the code.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// What events of a store must be: an enum or struct annotated with `#[event]` or `#[data]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in an event store",
    note = "put `#[event]` or `#[data]` on the enum or struct"
)]
pub trait Stored: Serialize + DeserializeOwned + schemars::JsonSchema + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned + schemars::JsonSchema + 'static> Stored for E {}
