//! Event sourcing: what happened is kept, and what is the case is made of it.
//!
//! An [`EventStore`] is a field that keeps events in many streams and one order. [`Aggregate`]s are made of one stream, and
//! decide what happens next; [`Projection`]s are made of all events, and are read. The guide is `docs/sourcing.md`.

mod aggregate;
mod append;
mod batch;
mod expected;
mod keys;
mod kind;
mod mark;
mod nowhere;
mod process;
mod projection;
mod read;
mod rebuild;
mod record;
mod store;
mod stream;
mod upcast;

pub use aggregate::{Aggregate, Loaded};
pub use batch::{Batch, Flush};
pub use expected::{ConcurrencyError, Expected};
pub use process::{StoreHandle, StreamHandle};
pub use projection::{
    Progress, Projected, Projection, ProjectionInfo, Projections, ReadModel, Snapshot, Stored,
    UnknownProjection,
};
pub use read::{EventIter, Events};
pub use record::Recorded;
pub use store::EventStore;
pub use stream::{Appended, EventStream, EventStreamMut};
pub use upcast::{NoUpcasts, Upcast, Upcasts};
