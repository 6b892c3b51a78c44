//! Everything an object's source usually names: `use stayput::prelude::*;`.

pub use crate::config::Config;
pub use crate::error::{ActionError, CallError, Rejection, Result};
pub use crate::event::Alarm;
pub use crate::mixins::jobs::JobContext;
pub use crate::object::{
    Caller, Context, Handle, Id, Object, ObjectId, ProcessContext, Stub, Timestamp, days, hours,
    minutes, seconds,
};
pub use crate::outgoing::{HttpError, Retry};
pub use crate::repository::{
    Find, ReadRepository, Repository, RepositoryError, RepositoryFault, UnitOfWork,
};
pub use crate::socket::{Connection, ConnectionId, ConnectionKind, Disconnect, Frame, Incoming};
pub use crate::sourcing::{
    Aggregate, ConcurrencyError, EventStore, Expected, Progress, Projection, Recorded, Snapshot,
    UnknownProjection,
};
pub use crate::state::{Cursor, Lazy, Log, Map, Page, Queue, Set, Table, TableError, TtlMap};
pub use crate::stream::Streaming;
pub use stayput_macros::{
    ActionError, Config, Entity, Row, action, data, durable_object, event, mixin, projection,
};
