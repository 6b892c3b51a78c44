//! One stream: appending, and what is made of its events.

use std::fmt;
use std::ops::Deref;

use super::aggregate::{self, Aggregate, Loaded};
use super::append::{Facts, append};
use super::expected::{ConcurrencyError, Expected};
use super::projection::{Projections, Stored};
use super::read::Events;
use super::record::Recorded;
use super::store::EventStore;
use super::upcast::{NoUpcasts, Upcasts};
use crate::event::DeclaredBy;
use crate::object::Context;
use crate::state::Stateful;

/// The events of one name, to read.
pub struct EventStream<'a, E: Stored, P: Projections<E> = (), U: Upcasts<E> = NoUpcasts> {
    store: &'a EventStore<E, P, U>,
    name: String,
}

/// The events of one name, to append to: all that [`EventStream`] can, and more.
pub struct EventStreamMut<'a, E: Stored, P: Projections<E> = (), U: Upcasts<E> = NoUpcasts> {
    stream: EventStream<'a, E, P, U>,
    correlation: Option<String>,
    causation: Option<String>,
}

/// What an append made of its events.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended<E> {
    /// The events, as they were recorded, in their order.
    pub events: Vec<Recorded<E>>,
    /// The version of the stream's last event, whether it is of this append or not.
    pub version: u64,
    /// The position of the store's last event.
    pub position: u64,
}

impl<E> Default for Appended<E> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            version: 0,
            position: 0,
        }
    }
}

impl<'a, E: Stored, P: Projections<E>, U: Upcasts<E>> EventStream<'a, E, P, U> {
    pub(super) fn new(store: &'a EventStore<E, P, U>, name: String) -> Self {
        Self { store, name }
    }

    /// The stream's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the last event; 0 without one.
    pub fn version(&self) -> u64 {
        let version = self.store.keys().and_then(|keys| keys.version(&self.name));
        self.store.settle(version)
    }

    /// Whether there is an event.
    pub fn exists(&self) -> bool {
        self.version() > 0
    }

    /// The events, in the order of their versions.
    pub fn events(&self) -> Events<'a, E> {
        Events::new(self.store.keys(), Some(&self.name), U::STEPS)
    }

    /// What the events make: from the snapshot, if there is one that fits, and the events behind it.
    pub fn load<A: Aggregate<Event = E>>(&self) -> Loaded<A> {
        let keys = self.store.keys();
        let loaded = keys.and_then(|keys| aggregate::load(keys, &self.name, U::STEPS));
        self.store.settle(loaded.map(Some)).unwrap_or_default()
    }
}

impl<'a, E: Stored, P: Projections<E>, U: Upcasts<E>> EventStreamMut<'a, E, P, U> {
    pub(super) fn new(store: &'a EventStore<E, P, U>, name: String) -> Self {
        Self {
            stream: EventStream::new(store, name),
            correlation: None,
            causation: None,
        }
    }

    /// What is appended was led to by this event: its id is their causation, and they have its correlation.
    #[must_use]
    pub fn caused_by<C>(self, cause: &Recorded<C>) -> Self {
        self.causation(cause.id.as_str())
            .correlation(cause.correlation.as_str())
    }

    /// What led to what is appended. Without it none.
    #[must_use]
    pub fn causation(mut self, id: impl Into<String>) -> Self {
        self.causation = Some(id.into());
        self
    }

    /// What ties what is appended to other things. Without it the id of the request, which calls between objects hand on.
    #[must_use]
    pub fn correlation(mut self, id: impl Into<String>) -> Self {
        self.correlation = Some(id.into());
        self
    }

    /// Appends events, all or none: `append(cx, 3, [..])`, `append(cx, Expected::None, [..])`.
    ///
    /// The projections that are up to date get them, and what they write is in the same commit.
    ///
    /// # Errors
    ///
    /// The stream is not as it was expected.
    pub fn append<S: Stateful>(
        &mut self,
        cx: &Context<S>,
        expected: impl Into<Expected>,
        events: impl IntoIterator<Item = E>,
    ) -> Result<Appended<E>, ConcurrencyError> {
        self.do_append(cx, expected.into(), events.into_iter().collect())
    }

    fn do_append<S: Stateful>(
        &self,
        cx: &Context<S>,
        expected: Expected,
        events: Vec<E>,
    ) -> Result<Appended<E>, ConcurrencyError> {
        let EventStream { store, name } = &self.stream;
        let facts = Facts {
            now: cx.now(),
            correlation: self.correlation.as_deref().unwrap_or(cx.request_id()),
            causation: self.causation.as_deref(),
            caller: cx.caller().subject(),
            random: &|| cx.random(),
        };
        let appended = store
            .keys()
            .and_then(|keys| append::<E, P, U>(keys, name, expected, &facts, events));
        store
            .settle(appended.map(Some))
            .unwrap_or_else(|| Ok(Appended::default()))
    }

    /// [`append`](Self::append), and sends each event to the clients that listen to it: when the commit is on disk, and
    /// not at all if the action fails. How many connections listen when it is called is the second of what it returns.
    ///
    /// # Errors
    ///
    /// The stream is not as it was expected; then nothing is sent.
    pub fn append_and_broadcast<S: Stateful>(
        &mut self,
        cx: &mut Context<S>,
        expected: impl Into<Expected>,
        events: impl IntoIterator<Item = E>,
    ) -> Result<(Appended<E>, usize), ConcurrencyError>
    where
        E: DeclaredBy<S>,
    {
        let appended = self.append(cx, expected, events)?;
        let mut receivers = 0;
        for event in &appended.events {
            receivers = receivers.max(cx.broadcast(event.event.clone()).count());
        }
        Ok((appended, receivers))
    }

    /// Loads the aggregate, lets `decide` say what happens, and appends that. Takes a snapshot if it is time. What is
    /// returned has the new events in it.
    ///
    /// # Errors
    ///
    /// Those of `decide`; then nothing is appended.
    pub fn decide<A, X>(
        &mut self,
        cx: &Context<impl Stateful>,
        decide: impl FnOnce(&A) -> Result<Vec<E>, X>,
    ) -> Result<Loaded<A>, X>
    where
        A: Aggregate<Event = E>,
    {
        let mut loaded = self.load::<A>();
        let events = decide(&loaded.state)?;
        // Nobody else can have appended meanwhile: what conflicts is a fault, which has poisoned the action.
        if let Ok(appended) = self.do_append(cx, Expected::Exact(loaded.version), events) {
            self.advance(&mut loaded, &appended);
        }
        Ok(loaded)
    }

    /// Applies what was appended to an aggregate that is at the version before.
    pub(super) fn advance<A: Aggregate<Event = E>>(
        &self,
        loaded: &mut Loaded<A>,
        appended: &Appended<E>,
    ) {
        let EventStream { store, name } = &self.stream;
        let events = appended.events.iter().map(|event| &event.event);
        let advanced = store
            .keys()
            .and_then(|keys| aggregate::advance(keys, name, loaded, events));
        store.settle(advanced);
    }

    /// Takes a snapshot now, whatever the policy says, and returns what is in it.
    pub fn take_snapshot<A: Aggregate<Event = E>>(&mut self) -> Loaded<A> {
        let mut loaded = self.load::<A>();
        let EventStream { store, name } = &self.stream;
        let taken = store
            .keys()
            .and_then(|keys| aggregate::take(keys, name, &mut loaded));
        store.settle(taken);
        loaded
    }
}

impl<'a, E: Stored, P: Projections<E>, U: Upcasts<E>> Deref for EventStreamMut<'a, E, P, U> {
    type Target = EventStream<'a, E, P, U>;

    fn deref(&self) -> &EventStream<'a, E, P, U> {
        &self.stream
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> fmt::Debug for EventStream<'_, E, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventStream({})", self.name)
    }
}

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> fmt::Debug for EventStreamMut<'_, E, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
