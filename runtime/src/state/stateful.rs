//! What `#[durable_object]` and `#[mixin]` generate for a struct.

use super::UpgradeStep;
use super::{Loader, Saver, StateDescriber};
use crate::action::Table;
use crate::event::{EventInfo, HeardEvent};
use crate::object::{Binding, Mount, Mounts, Stub};

/// A struct with durable fields; annotate it with `#[durable_object]` or `#[mixin]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a durable object nor a mixin",
    note = "annotate the struct with `#[durable_object]`, or with `#[mixin]` if other objects mount it"
)]
pub trait Stateful: Sized + 'static {
    /// What the object's context dereferences to: one accessor per mounted mixin.
    type Mounts: Mounts;
    /// The typed stub.
    type Stub: Stub<Of = Self>;
    /// The struct's name.
    const TYPE_NAME: &'static str;
    /// The doc comment.
    const DOCS: &'static str;
    /// Events listed in `events(..)`.
    const EVENTS: &'static [EventInfo];
    /// Mixins in field order.
    const MOUNTS: &'static [Mount<Self>];
    /// The main impl block's table and those of `impls(..)`.
    const PARTS: &'static [&'static Table<Self>];
    /// Of a class: by which binding other code of a Worker finds its objects; without one the class path as `CHAT_ROOM`.
    const BINDING: Binding = None;

    /// What brings stored state from each version to the next; the version is one more than there are.
    const UPGRADES: &'static [UpgradeStep] = &[];

    /// Whether calls are deferred here: what makes them is only linked into programs that do.
    const DEFERS: bool = false;

    /// Whether requests are sent surely here, likewise.
    const POSTS: bool = false;

    /// The events of other objects that it subscribes to.
    const HEARS: &'static [HeardEvent] = &[];

    /// Makes the struct from the stored fields.
    fn load(loader: &mut Loader<'_>) -> Self;
    /// Puts the stored values back into the fields.
    fn reload(&mut self, loader: &mut Loader<'_>);
    /// Hands over the fields that changed.
    fn save(&self, saver: &mut Saver<'_>);
    /// Describes the stored layout.
    fn describe(describer: &mut StateDescriber<'_>);
}

/// How the fields of a struct are read and written, as the macros generate it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Walk<T> {
    /// Makes the struct from the stored fields.
    pub load: fn(&mut Loader<'_>) -> T,
    /// Puts the stored values back into the fields.
    pub reload: fn(&mut T, &mut Loader<'_>),
    /// Hands over the fields that changed.
    pub save: fn(&T, &mut Saver<'_>),
    /// Describes the stored layout.
    pub describe: fn(&mut StateDescriber<'_>),
}

/// A field type with a first value.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has no first value",
    label = "no first value",
    note = "derive `Default` on the type, or say it on the field: `#[state(default = ..)]`"
)]
pub trait Initial: Sized {
    #[doc(hidden)]
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> Initial for T {
    fn initial() -> Self {
        Self::default()
    }
}

/// The first value of a field that names none.
#[doc(hidden)]
pub fn initial<T: Initial>() -> T {
    T::initial()
}
