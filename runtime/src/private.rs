//! What generated code names. Not public API: it changes with the macros, which are pinned to this very version.

pub use bytes;
pub use schemars;
pub use serde;
pub use serde_json;

pub use crate::action::{
    Action, Actions, Auth, Bound, ErrOf, Fallible, Lists, NotResult, OkOf, Param, Params,
    ResultProbe, Route, Run, Table, finish_result, finish_value, format, reply_result, reply_value,
};
pub use crate::config::{Config, ConfigError, ConfigFaults, EnvReader};
pub use crate::error::{ActionError, ErrorDescriber, ErrorInfo, details, failure};
pub use crate::event::{
    Alarm, Declares, Event, EventHandler, EventInfo, ForObjects, Handler, HeardEvent, Hears, Kept,
    Reaction, Subscriber, event_as, reacted, reaction, reaction_event,
};
pub use crate::http::{FromRequest, raw_reply, raw_request};
pub use crate::middleware::{MakeLayer, layer};
pub use crate::mixins::jobs::{
    Accepted, JobContext, JobError, accept as accept_job, accept_workflow,
};
pub use crate::object::{
    Arg, Binding, Call, CallOf, Context, Handle, HasOrigin, Jurisdiction, Mode, Mount, Mounts,
    NoMounts, Object, ObjectId, ProcessContext, Project, RawContext, Stub, StubCore,
    check_bindings, check_class, check_waits, deserialize_stub, id_schema, serialize_stub,
};
pub use crate::remote::{Json, Remote, RemoteApp, deliver as deliver_remote};
pub use crate::repository::RepositoryError;
pub use crate::rpc::{Reply, WireError};
pub use crate::socket::{
    ConnectParams, Connection, Disconnect, Incoming, MessageForm, TypedMessage,
};
pub use crate::sourcing::ReadModel;
pub use crate::sql::{
    FromRow, HasSql, IntoValue, IsWide, NotWide, Row, RowColumn, RowDefinition, RowQuery,
    SerdeValue, SqlClass, SqlError, SqlFinders, SqlRow, SqlRows, SqlValue, ToRow, ValueProbe,
    WideProbe, row_json,
};
pub use crate::state::{
    AutoKey, Cell, CellProbe, Column, ColumnInfo, Columns, Definition, Entity, Finders, Index,
    IndexInfo, Loader, NoCellProbe, Operand, Probe, Query, Rows, Saver, StateDescriber, Stateful,
    UpgradeStep, Version, Walk, equal, holds, initial,
};
pub use crate::stream::{Outflow, StreamCall, StreamCallOf, reply_stream, reply_try_stream};
pub use crate::time::{Defers, Webhooks};
pub use crate::workflow::Workflow;
pub use crate::{
    __assert_not_result as assert_not_result, __probed as probed,
    __remote_needs_client as remote_needs_client, __row_column as row_column,
    __row_field as row_field, __row_value as row_value, __stub_as_value as stub_as_value,
};

#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen;

#[cfg(target_arch = "wasm32")]
pub use crate::backend::workers::install;
