//! An event store with actions: what its projections say, how far they are, and making them anew.
//!
//! Written by hand, where the macros write for other mixins: it is generic.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::action::{Action, Actions, Lists, Param, Table, reply_result, reply_value};
use crate::error::{ActionError, Error, ErrorInfo};
use crate::event::EventInfo;
use crate::object::{Arg, Call, Handle, Mode, Mount, NoMounts, Stub, StubCore};
use crate::rpc::WireError;
use crate::sourcing::{
    EventStore, NoUpcasts, Progress, Projections, Snapshot, Stored, UnknownProjection, Upcasts,
};
use crate::state::{Loader, Saver, StateDescriber, Stateful};

/// The scope that it takes to have a projection made anew.
const REBUILD: &str = "projections:rebuild";

/// An [`EventStore`] whose projections have actions: mount it where the store would be a field. It is the store in every other
/// respect.
///
/// | | | |
/// |---|---|---|
/// | `events.snapshot(name)` | authenticated callers | what a projection holds, its position, and since when: [`Snapshot`] |
/// | `events.progress()` | authenticated callers | how far each is: [`Progress`] |
/// | `events.rebuild(name)` | the scope `projections:rebuild` | makes one anew, as [`rebuild`](crate::sourcing::StoreHandle::rebuild) does, and answers when it is done |
///
/// A name that no projection has is `projection.unknown`, 404, with those that there are.
///
/// ```
/// use stayput::mixins::Sourced;
/// use stayput::prelude::*;
///
/// #[data]
/// pub enum Ordered { Placed { cents: i64 } }
///
/// #[projection]
/// struct Totals { cents: i64 }
///
/// impl Projection for Totals {
///     type Event = Ordered;
///     type Data = i64;
///     fn apply(&mut self, event: &Recorded<Ordered>) {
///         let Ordered::Placed { cents } = event.event;
///         self.cents += cents;
///     }
///     fn data(&self) -> i64 { self.cents }
/// }
///
/// #[durable_object]
/// struct Shop {
///     #[mixin] orders: Sourced<Ordered, (Totals,)>,
/// }
///
/// #[durable_object]
/// impl Shop {
///     #[action]
///     fn place(&mut self, cx: &mut Context<Self>, order: String, cents: i64) -> Result<u64, ConcurrencyError> {
///         let placed = [Ordered::Placed { cents }];
///         Ok(self.orders.stream_mut(order).append(cx, Expected::None, placed)?.version)
///     }
/// }
///
/// stayput::app!(Shop);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let shop = Shop::named(t, "corner");
///     shop.place("order-7", 500).await.unwrap();
///     let totals = shop.orders().snapshot("totals").await.unwrap();
///     assert_eq!((totals.data, totals.position), (500.into(), 1));
///     assert!(shop.orders().snapshot("sums").await.is_err());
///     let admin = t.as_user("root").with_scopes(["projections:rebuild"]);
///     let done = Shop::named(&admin, "corner").orders().rebuild("totals").await.unwrap();
///     assert!(done.is_done());
/// });
/// # }
/// ```
///
/// Its records are those of a field `store` of the mount (`orders.store`): a store that was a plain field is another one.
pub struct Sourced<E: Stored, P: Projections<E> = (), U: Upcasts<E> = NoUpcasts> {
    store: EventStore<E, P, U>,
}

/// Why a projection was not made anew.
#[derive(Debug)]
pub enum RebuildError {
    /// There is none of this name: `projection.unknown`, 404.
    Unknown(UnknownProjection),
    /// Something else came in between. Called again, it goes on where it ended.
    Interrupted(Error),
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Sourced<E, P, U> {
    // No method with a receiver here: it would hide the store's of that name.
    async fn rebuild(this: Handle<Self>, name: String) -> Result<Progress, RebuildError> {
        EventStore::<E, P, U>::check(&name).map_err(RebuildError::Unknown)?;
        let rebuilt = this.events(|sourced| &sourced.store).rebuild(&name).await;
        rebuilt.map_err(RebuildError::Interrupted)
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Deref for Sourced<E, P, U> {
    type Target = EventStore<E, P, U>;

    fn deref(&self) -> &EventStore<E, P, U> {
        &self.store
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> DerefMut for Sourced<E, P, U> {
    fn deref_mut(&mut self) -> &mut EventStore<E, P, U> {
        &mut self.store
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> fmt::Debug for Sourced<E, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sourced").field(&self.store).finish()
    }
}

/// Calls the [`Sourced`] of an object.
pub struct SourcedStub<E, P, U> {
    core: StubCore,
    of: PhantomData<Of<E, P, U>>,
}

/// Nothing of them is in it.
type Of<E, P, U> = fn() -> (E, P, U);

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> SourcedStub<E, P, U> {
    /// What a projection holds, and up to which event.
    pub fn snapshot(&self, name: impl Arg<String>) -> Call<Snapshot, UnknownProjection> {
        let args = (Arg::<String>::into_arg(name),);
        self.core.call("snapshot", Mode::Read, args)
    }

    /// How far the projections are.
    pub fn progress(&self) -> Call<Vec<Progress>, std::convert::Infallible> {
        self.core.call("progress", Mode::Read, ())
    }

    /// Makes a projection anew from the first event on.
    pub fn rebuild(&self, name: impl Arg<String>) -> Call<Progress, RebuildError> {
        let args = (Arg::<String>::into_arg(name),);
        self.core.call("rebuild", Mode::Free, args)
    }
}

impl<E, P, U> Clone for SourcedStub<E, P, U> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            of: PhantomData,
        }
    }
}

impl<E, P, U> fmt::Debug for SourcedStub<E, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourcedStub").field(&self.core).finish()
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Stub for SourcedStub<E, P, U> {
    type Of = Sourced<E, P, U>;

    fn from_core(core: StubCore) -> Self {
        Self {
            core,
            of: PhantomData,
        }
    }

    fn core(&self) -> &StubCore {
        &self.core
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Stateful for Sourced<E, P, U> {
    type Mounts = NoMounts;
    type Stub = SourcedStub<E, P, U>;

    const TYPE_NAME: &'static str = "Sourced";
    const DOCS: &'static str = "An event store, and what its projections say.";
    const EVENTS: &'static [EventInfo] = &[];
    const MOUNTS: &'static [Mount<Self>] = &[];
    const PARTS: &'static [&'static Table<Self>] = &[<Self as Actions<0>>::TABLE];

    fn load(loader: &mut Loader<'_>) -> Self {
        Self {
            store: loader.field("store", &[], EventStore::default),
        }
    }

    fn reload(&mut self, loader: &mut Loader<'_>) {
        loader.reload("store", &[], &mut self.store, EventStore::default);
    }

    fn save(&self, saver: &mut Saver<'_>) {
        saver.field("store", &self.store);
    }

    fn describe(describer: &mut StateDescriber<'_>) {
        describer.field::<EventStore<E, P, U>>("store");
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Lists<0> for Sourced<E, P, U> {}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> Actions<0> for Sourced<E, P, U> {
    const TABLE: &'static Table<Self> = &Table {
        actions: &[
            Action::query(|this: &Self, _, params| {
                let (name,) = params.decode::<(String,)>()?;
                reply_result(this.store.snapshot(&name))
            })
            .named(
                "snapshot",
                "What a projection holds, and up to which event.",
            )
            .params(NAME)
            .result::<(String,), Result<Snapshot, UnknownProjection>>(),
            Action::query(|this: &Self, _, params| {
                params.decode::<()>()?;
                reply_value(this.store.progress())
            })
            .named("progress", "How far the projections are.")
            .value::<(), Vec<Progress>>(),
            Action::process(|this: Handle<Self>, _, mut params| {
                Box::pin(async move {
                    let (name,) = params.decode::<(String,)>()?;
                    reply_result(Self::rebuild(this, name).await)
                })
            })
            .named(
                "rebuild",
                "Makes a projection anew from the first event on; the one that is there is read meanwhile.",
            )
            .scope(REBUILD)
            .params(NAME)
            .result::<(String,), Result<Progress, RebuildError>>(),
        ],
        handlers: &[],
    };
}

const NAME: &[Param] = &[Param::new("name", "The projection.")];

impl From<UnknownProjection> for RebuildError {
    fn from(unknown: UnknownProjection) -> Self {
        Self::Unknown(unknown)
    }
}

impl ActionError for RebuildError {
    const ERRORS: &'static [ErrorInfo] = UnknownProjection::ERRORS;

    fn to_wire(&self) -> WireError {
        match self {
            Self::Unknown(unknown) => unknown.to_wire(),
            Self::Interrupted(error) => error.to_wire(),
        }
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        UnknownProjection::from_wire(wire).map(Self::Unknown)
    }
}

impl fmt::Display for RebuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => unknown.fmt(f),
            Self::Interrupted(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RebuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown(unknown) => unknown.source(),
            Self::Interrupted(_) => None,
        }
    }
}
