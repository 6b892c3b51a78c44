//! An event store as processes reach it: what takes long holds the object for moments only.

use std::convert::Infallible;
use std::fmt;

use super::aggregate::{Aggregate, Loaded};
use super::expected::{ConcurrencyError, Expected};
use super::projection::{Progress, Projections, Stored};
use super::store::EventStore;
use super::stream::EventStreamMut;
use super::upcast::{NoUpcasts, Upcasts};
use crate::error::{ActionError, CallError, Rejection, Result};
use crate::object::Handle;
use crate::state::Stateful;

/// How many events, or records, one hold of the object is for.
const HELD: u64 = 2_000;

/// An event store of the object of a process: `this.events(|shop| &shop.orders)`.
pub struct StoreHandle<S: Stateful, E: Stored, P: Projections<E> = (), U: Upcasts<E> = NoUpcasts> {
    handle: Handle<S>,
    field: fn(&S) -> &EventStore<E, P, U>,
}

/// One stream of it.
pub struct StreamHandle<S: Stateful, E: Stored, P: Projections<E> = (), U: Upcasts<E> = NoUpcasts> {
    store: StoreHandle<S, E, P, U>,
    name: String,
}

impl<S: Stateful> Handle<S> {
    /// An event store of the object, for what a process does with it piece by piece. The closure says which: it names a
    /// field, and captures nothing.
    pub fn events<E: Stored, P: Projections<E>, U: Upcasts<E>>(
        &self,
        field: fn(&S) -> &EventStore<E, P, U>,
    ) -> StoreHandle<S, E, P, U> {
        StoreHandle {
            handle: self.clone(),
            field,
        }
    }
}

impl<S: Stateful, E: Stored, P: Projections<E>, U: Upcasts<E>> StoreHandle<S, E, P, U> {
    /// A stream.
    pub fn stream(&self, name: impl Into<String>) -> StreamHandle<S, E, P, U> {
        StreamHandle {
            store: self.clone(),
            name: name.into(),
        }
    }

    /// Makes a projection anew from the first event on, 2,000 events at a time: other calls come in between, and see the
    /// one that is there until the new one is complete. If the process is lost, the next call of this goes on where it
    /// ended; an action that is a job is called again by itself.
    ///
    /// # Errors
    ///
    /// There is none of this name: `projection.unknown`; those of [`Handle::atomic`].
    pub async fn rebuild(&self, name: &str) -> Result<Progress> {
        let progress = loop {
            let step = self.hold(|store| store.step(name, HELD)).await?;
            if step.rebuilding.is_none() {
                break step;
            }
        };
        while !self
            .hold(|store| Ok::<_, Infallible>(store.sweep_step(name, HELD)))
            .await?
        {}
        Ok(progress)
    }

    /// Brings all projections that are behind up to date, 2,000 events at a time.
    ///
    /// # Errors
    ///
    /// Those of [`Handle::atomic`].
    pub async fn catch_up(&self) -> Result<()> {
        while !self
            .hold(|store| Ok::<_, Infallible>(store.catch_up_step(HELD)))
            .await?
        {}
        Ok(())
    }

    /// One hold of the object.
    async fn hold<R, X: ActionError + std::error::Error + 'static>(
        &self,
        step: impl FnOnce(&EventStore<E, P, U>) -> Result<R, X>,
    ) -> Result<R> {
        let field = self.field;
        match self.handle.atomic(|state, _| step(field(state))).await {
            Ok(done) => Ok(done),
            Err(CallError::Failed(error)) => Err(error.into()),
            Err(CallError::Rejected(rejection)) => Err(rejection.into()),
        }
    }
}

impl<S: Stateful, E: Stored, P: Projections<E>, U: Upcasts<E>> StreamHandle<S, E, P, U> {
    /// The aggregate as it is now.
    ///
    /// # Errors
    ///
    /// Those of [`Handle::read`].
    pub async fn load<A: Aggregate<Event = E>>(&self) -> Result<Loaded<A>, Rejection> {
        let (field, name) = (self.store.field, &self.name);
        self.store
            .handle
            .read(|state| field(state).stream(name).load::<A>())
            .await
    }

    /// Lets `decide`, which may wait, say what happens next by the aggregate as it is now, and appends that if nothing has
    /// been appended meanwhile. Otherwise the aggregate is made anew, and `decide` is asked again, at most `retries` times.
    /// What is returned has the new events in it.
    ///
    /// # Errors
    ///
    /// Those of `decide`; the [`ConcurrencyError`] of the last attempt, as an error of its type; those of
    /// [`Handle::atomic`].
    pub async fn update<A, X>(
        &self,
        retries: u32,
        decide: impl AsyncFn(&A) -> Result<Vec<E>, X>,
    ) -> Result<Loaded<A>, CallError<X>>
    where
        A: Aggregate<Event = E>,
        X: ActionError + From<ConcurrencyError>,
    {
        let mut left = retries;
        loop {
            let loaded = self.load::<A>().await.map_err(CallError::Rejected)?;
            let events = decide(&loaded.state).await.map_err(CallError::Failed)?;
            match self.append(loaded, events).await {
                Err(CallError::Failed(_)) if left > 0 => left -= 1,
                Err(CallError::Failed(conflict)) => return Err(CallError::Failed(conflict.into())),
                Err(CallError::Rejected(rejection)) => return Err(CallError::Rejected(rejection)),
                Ok(loaded) => return Ok(loaded),
            }
        }
    }

    async fn append<A: Aggregate<Event = E>>(
        &self,
        mut loaded: Loaded<A>,
        events: Vec<E>,
    ) -> Result<Loaded<A>, CallError<ConcurrencyError>> {
        let (field, name) = (self.store.field, &self.name);
        self.store
            .handle
            .atomic(move |state, cx| {
                let mut stream = EventStreamMut::new(field(state), name.clone());
                let appended = stream.append(cx, Expected::Exact(loaded.version), events)?;
                stream.advance(&mut loaded, &appended);
                Ok(loaded)
            })
            .await
    }
}

impl<S: Stateful, E: Stored, P: Projections<E>, U: Upcasts<E>> Clone for StoreHandle<S, E, P, U> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            field: self.field,
        }
    }
}

impl<S: Stateful, E: Stored, P: Projections<E>, U: Upcasts<E>> fmt::Debug
    for StoreHandle<S, E, P, U>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreHandle<{}>", S::TYPE_NAME)
    }
}

impl<S: Stateful, E: Stored, P: Projections<E>, U: Upcasts<E>> fmt::Debug
    for StreamHandle<S, E, P, U>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamHandle({})", self.name)
    }
}
