//! Following events through lost connections.

use std::fmt;
use std::time::Duration;

use super::Client;
use super::error;
use super::live::{Events, Live, Subscribed};
use crate::backend::LocalFuture;
use crate::error::Rejection;
use crate::event::Event;
use crate::object::{Stub, Target};
use crate::rpc::WireError;

/// How long is waited before a lost connection is made again: a random time up to this, doubled at each failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// But no longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The events of one type, through lost connections: [`Client::follow`] makes it.
///
/// Of a durable event (`#[event(durable)]`) nothing is lost and nothing comes twice: after a lost connection it goes on
/// where it was. What the app does not keep any more is announced as [`Followed::Gap`]. Other events come while there is a
/// connection, and of `#[event(latest)]` the last of each key comes anew with each connection.
pub struct Follow<E> {
    client: Client,
    target: Target,
    name: String,
    /// If there are any: only events that were sent to one of them.
    rooms: Vec<String>,
    /// How far it has come.
    cursor: Option<String>,
    state: State<E>,
    /// Connections that failed one after the other.
    failures: u32,
}

/// One thing that [`Follow::next`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed<E> {
    /// An event.
    Event(E),
    /// Events are missing here that the app does not keep any more: read the object's state, then go on.
    Gap,
}

enum State<E> {
    /// Nothing is begun.
    Idle,
    /// A connection is being made. Kept here, so that who stops waiting for the next event loses nothing.
    Connecting(LocalFuture<'static, Opened<E>>),
    Open(Events<E>),
    /// Of what was missed more is to come: it is asked for.
    Asking(
        Events<E>,
        LocalFuture<'static, Result<Subscribed, Box<WireError>>>,
    ),
    /// It was refused for good.
    Over,
}

type Opened<E> = Result<(Events<E>, Subscribed), Box<WireError>>;

impl Client {
    /// Follows an event of an object, from now on, and connects again by itself when the connection is lost.
    ///
    /// ```no_run
    /// # use stayput::prelude::*;
    /// # use stayput::client::{Client, Followed};
    /// # #[event(public, durable)] pub struct Said { pub text: String }
    /// # #[durable_object(events(Said))] pub struct Room {}
    /// # #[durable_object] impl Room {}
    /// # stayput::app!(Room);
    /// # async fn f() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::new("http://127.0.0.1:8787", app())?;
    /// let mut said = client.follow::<Said>(&Room::named(&client, "lobby"))?;
    /// loop {
    ///     match said.next().await? {
    ///         Followed::Event(said) => println!("{}", said.text),
    ///         Followed::Gap => println!("(some of it is gone)"),
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_name` and the like when the stub names no object. Nothing is connected yet.
    pub fn follow<E: Event>(&self, stub: &impl Stub) -> Result<Follow<E>, Rejection> {
        let target = stub.core().target().map_err(Rejection::new)?;
        Ok(Follow {
            client: self.clone(),
            target,
            name: E::NAME.to_owned(),
            rooms: Vec::new(),
            cursor: None,
            state: State::Idle,
            failures: 0,
        })
    }
}

impl<E: Event> Follow<E> {
    /// The event of a mixin, by the name of the field that mounts it.
    #[must_use]
    pub fn of(mut self, mount: &str) -> Self {
        self.name = format!("{mount}.{}", E::NAME);
        self
    }

    /// Only those that the object sent to this room, as [`Events::in_room`] has it.
    #[must_use]
    pub fn in_room(mut self, room: &str) -> Self {
        self.rooms.push(room.to_owned());
        self
    }

    /// Begins after this place, which [`cursor`](Self::cursor) told earlier: to go on after a restart of one's own program.
    /// `oldest` begins with the oldest event that is kept.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// How far it has come: the place of the last event that [`next`](Self::next) told. `None` before there was any
    /// connection, and for events that are not durable.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Waits for the next event, for as long as it takes. Safe to drop while it waits, as in `select!`: no event is lost.
    ///
    /// # Errors
    ///
    /// What connecting again does not mend: `unauthenticated`, `forbidden`, `invalid_params` for an event that the object
    /// does not declare, what `connect` refused with; each is told again until the follower is dropped. `bad_reply` for an
    /// event that does not fit `E`, after which the next may. `overflow` when events came faster than they were read; then
    /// it connects anew, and a durable event goes on without a loss.
    pub async fn next(&mut self) -> Result<Followed<E>, Rejection> {
        loop {
            match &mut self.state {
                State::Idle | State::Over => self.state = State::Connecting(self.connect()),
                State::Connecting(opening) => match opening.as_mut().await {
                    Ok((events, subscribed)) => {
                        self.failures = 0;
                        if self.take_in(events, &subscribed) {
                            return Ok(Followed::Gap);
                        }
                    }
                    Err(fault) if is_passing(&fault) => {
                        self.failures += 1;
                        self.state = State::Idle;
                    }
                    Err(fault) => {
                        // Who asks again all the same does not ask without a pause.
                        self.failures += 1;
                        self.state = State::Over;
                        return Err(Rejection::new(fault));
                    }
                },
                // What came already is read before more is asked for.
                State::Asking(events, asking) => {
                    if let Some((event, cursor)) = events.ready() {
                        // One of other rooms moves it, too: nobody asks for it again.
                        self.cursor = cursor.or(self.cursor.take());
                        if let Some(event) = event {
                            return event.map(Followed::Event);
                        }
                        continue;
                    }
                    let answered = asking.as_mut().await;
                    let State::Asking(events, _) = std::mem::replace(&mut self.state, State::Idle)
                    else {
                        continue;
                    };
                    // One that is lost meanwhile is made anew.
                    if let Ok(subscribed) = answered
                        && self.take_in(events, &subscribed)
                    {
                        return Ok(Followed::Gap);
                    }
                }
                State::Open(events) => {
                    if let Some((event, cursor)) = events.heard().await {
                        self.cursor = cursor.or(self.cursor.take());
                        if let Some(event) = event {
                            return event.map(Followed::Event);
                        }
                        continue;
                    }
                    let overflow = events.overflow();
                    self.state = State::Idle;
                    if let Some(error) = overflow {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Goes on with what was subscribed; whether some events are missing.
    fn take_in(&mut self, events: Events<E>, subscribed: &Subscribed) -> bool {
        let has_gap = !subscribed.gap.is_empty();
        // What came before the answer moves the cursor when it is read.
        if self.cursor.is_none() || (has_gap && events.is_read()) {
            self.cursor.clone_from(&subscribed.cursor);
        }
        if subscribed.more {
            let asking = events.ask_after(subscribed.cursor.clone());
            self.state = State::Asking(events, asking);
        } else {
            self.state = State::Open(events);
        }
        has_gap
    }

    fn connect(&self) -> LocalFuture<'static, Opened<E>> {
        let (client, target) = (self.client.clone(), self.target.clone());
        let (name, after) = (self.name.clone(), self.cursor.clone());
        let rooms = self.rooms.clone();
        let pause = (self.failures > 0).then(|| pause(self.failures - 1));
        Box::pin(async move {
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
            let live = Live::open(client, target).await?;
            let (events, subscribed) = live.listen_after::<E>(name, after).await?;
            let events = rooms
                .iter()
                .fold(events, |events, room| events.in_room(room));
            Ok((events, subscribed))
        })
    }
}

/// Whether connecting again may help.
fn is_passing(fault: &WireError) -> bool {
    fault.retryable || fault.code == "network" || fault.code == "object_reset"
}

/// A random time, so that clients that lost one server do not all come back at once.
fn pause(failures: u32) -> Duration {
    let most = FIRST_PAUSE
        .saturating_mul(1 << failures.min(5))
        .min(LONGEST_PAUSE);
    let mut random = [0; 4];
    error::random(&mut random);
    most.mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
}

impl<E> fmt::Debug for Follow<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("target", &self.target)
            .field("event", &self.name)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
