//! Objects: identity, the host that runs them, what a method sees of the runtime, and calls between them.

pub(crate) mod alarm;
mod args;
mod attempt;
mod bookmark;
mod by_name;
mod call;
mod check;
mod class;
mod contain;
mod context;
pub(crate) mod current;
mod describe;
mod envelope;
mod handle;
mod host;
mod id;
mod id_key;
mod key;
mod lock;
mod mount;
pub(crate) mod once;
mod origin;
mod region;
mod stored_caller;
mod stub;
mod time;
mod turn;

pub(crate) use alarm::earliest_stored as earliest_alarm;
pub use args::{Arg, Args};
#[cfg(target_arch = "wasm32")]
pub(crate) use bookmark::Ask;
pub use bookmark::Bookmark;
pub use by_name::actions_of;
pub(crate) use call::read_reply;
pub use call::{Answer, AtOnce, Call, CallOf, ItemByItem};
pub use check::{check_bindings, check_class, check_waits};
pub(crate) use class::wire_name;
pub use class::{ActionInfo, ClassTable, Live, LiveObject, Seed};
pub(crate) use contain::{all_others, race};
pub(crate) use context::uuid;
pub use context::{Context, Mounts, NoMounts, ProcessContext, RawContext};
pub use envelope::{Caller, CallerKind, Chain, Envelope, Link, MAX_DEPTH, Mode, Root, Target};
pub use handle::Handle;
#[cfg(target_arch = "wasm32")]
pub(crate) use host::INTERNAL;
pub(crate) use host::{Core, Deed, Identity, JobStart, LISTEN_ACTION, Listening, storage_error};
pub use host::{Delivery, IncomingCall};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use host::{RUN_ACTION, WAKE_ACTION, leave_code};
pub use id::{Id, IdError, ObjectId};
pub use id_key::IdKey;
#[cfg(target_arch = "wasm32")]
pub use id_key::PlatformIds;
pub(crate) use key::idempotency_key;
pub use mount::{Mount, Project};
pub use origin::{HasOrigin, Origin, Originate, OutgoingCall};
pub(crate) use region::location_hint;
pub(crate) use stored_caller::StoredCaller;
#[cfg(fuzzing)]
pub(crate) use stub::check_name;
pub use stub::{Stub, StubCore, deserialize_stub, id_schema, serialize_stub};
pub use time::{Timestamp, days, hours, minutes, seconds};
pub(crate) use turn::Turn;

use crate::middleware::MakeLayer;
use crate::sql::SqlClass;
use crate::state::Stateful;

/// A place that objects may not leave; see [`Object::JURISDICTION`].
pub type Jurisdiction = Option<&'static str>;

/// The name of a class's binding; see [`Stateful::BINDING`].
pub type Binding = Option<&'static str>;

/// A class of durable objects; annotate a struct with `#[durable_object]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a durable object",
    note = "annotate the struct with `#[durable_object]`; a mixin (`#[mixin]`) is only part of one"
)]
pub trait Object: Stateful {
    /// The class path in URLs and ids (`chat-room`).
    const CLASS: &'static str;
    /// Class paths it had before.
    const WAS: &'static [&'static str];
    /// Where its objects and all they hold must stay (`"eu"`), on a platform that has more than one place.
    const JURISDICTION: Jurisdiction = None;
    /// The scope that it takes to bring one of its objects to life; `None`: whoever may change it.
    const CREATE: Option<&'static str> = None;
    /// How long answers to calls with an idempotency key are kept.
    const KEY_HOURS: u64 = 24;
    /// How long one of its objects may be idle before it is destroyed; `None`: for ever.
    const DESTROY_AFTER: Option<std::time::Duration> = None;
    /// What runs around every call of its objects, in this order.
    const MIDDLEWARE: &'static [MakeLayer] = &[];
    /// The SQL of its objects, if they have any.
    const SQL: Option<SqlClass> = None;

    /// The object with this name; it need not exist yet.
    ///
    /// Names are up to 512 bytes; `.`, `..`, the empty name and names starting with `~` are refused when called.
    fn named(cx: &impl HasOrigin, name: &str) -> Self::Stub {
        Self::Stub::from_core(StubCore::named(cx.origin(), Self::CLASS, name))
    }

    /// The object with this id, which must be one of this class.
    fn by_id(cx: &impl HasOrigin, id: ObjectId) -> Self::Stub {
        Self::Stub::from_core(StubCore::by_id(Some(cx.origin()), Self::CLASS, id))
    }

    /// A new object without a name.
    fn unique(cx: &impl HasOrigin) -> Self::Stub {
        Self::Stub::from_core(StubCore::unique(cx.origin(), Self::CLASS))
    }
}
