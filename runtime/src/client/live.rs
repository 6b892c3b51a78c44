//! A connection to one object, for those who use it.

use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::socket::{Heard, Queue, Shared};
use super::{Client, error};
use serde::Deserialize;

use crate::backend::LocalFuture;
use crate::error::{Code, Rejection};
use crate::event::Event;
use crate::object::{HasOrigin, IdKey, Mode, Origin, Originate, OutgoingCall, Target};
use crate::rpc::{Reply, WireError};
use crate::socket::check_close;

/// How many events wait for a reader that is behind.
const MAX_WAITING: usize = 4_096;

/// An open WebSocket to one object: [`Client::connect`] makes it.
///
/// Stubs made with it call over it, and may call this object only; the object sees its
/// [`Connection`](crate::socket::Connection). It is open until it is closed, by either side, or until it, all stubs
/// made with it and all its [`Events`] are dropped. It does not connect again by itself: what came meanwhile would be
/// missing without a word. After [`closed`](Self::closed), connect anew and read the object's state.
#[derive(Clone)]
pub struct Live {
    inner: Rc<Inner>,
}

struct Inner {
    client: Client,
    target: Target,
    shared: Arc<Shared>,
}

impl Live {
    pub(super) async fn open(client: Client, target: Target) -> Result<Self, Box<WireError>> {
        let timeout = client.inner.timeout;
        let opened = async {
            let address = client.inner.address().await?;
            let shared = Shared::open(&address, &target, &client.inner.trust).await?;
            // The socket is open before the object's `connect` has run: an answer tells that it let us in.
            shared.call("rpc.ping", &[], Mode::Read, None).await?;
            Ok::<_, Box<WireError>>(shared)
        };
        let opened = tokio::time::timeout(timeout, opened).await;
        let shared = opened.map_err(|_| error::timed_out(timeout, None))??;
        let inner = Inner {
            client,
            target,
            shared,
        };
        Ok(Self {
            inner: Rc::new(inner),
        })
    }

    /// Listens to an event of the object: from now on, all of them, in order. To a mixin's by
    /// [`events_of`](Self::events_of).
    ///
    /// # Errors
    ///
    /// `invalid_params` when the object declares no such event, `unauthenticated` and `forbidden` as the event says.
    pub async fn events<E: Event>(&self) -> Result<Events<E>, Rejection> {
        self.listen(E::NAME.to_owned()).await
    }

    /// Listens to an event of a mixin, by the name of the field that mounts it: `live.events_of::<Joined>("presence")`.
    ///
    /// # Errors
    ///
    /// As of [`events`](Self::events).
    pub async fn events_of<E: Event>(&self, mount: &str) -> Result<Events<E>, Rejection> {
        self.listen(format!("{mount}.{}", E::NAME)).await
    }

    async fn listen<E: Event>(&self, name: String) -> Result<Events<E>, Rejection> {
        let listening = self.listen_after(name, None).await;
        listening.map(|(events, _)| events).map_err(Rejection::new)
    }

    /// The same, beginning with what was missed since a place of the object's log.
    pub(super) async fn listen_after<E: Event>(
        &self,
        name: String,
        after: Option<String>,
    ) -> Result<(Events<E>, Subscribed), Box<WireError>> {
        let shared = &self.inner.shared;
        let events = Events {
            // There before the server is asked: nothing falls in between.
            queue: shared.listen(&name, MAX_WAITING),
            inner: Rc::clone(&self.inner),
            name,
            rooms: Vec::new(),
            typed: PhantomData,
        };
        let subscribed = events.ask_after(after).await?;
        Ok((events, subscribed))
    }

    /// Waits until the connection is over: the code and reason it was closed with, 1006 when it broke. The codes are
    /// those of `docs/live.md`.
    pub async fn closed(&self) -> (u16, String) {
        self.inner.shared.ended().await
    }

    /// Closes it: 1000, or a code of one's own from 3000 to 4999, and a reason of up to 123 bytes.
    ///
    /// # Errors
    ///
    /// `invalid_request` for another code or a longer reason; the connection is open then.
    pub fn close(&self, code: u16, reason: &str) -> Result<(), Rejection> {
        if let Err(wrong) = check_close(code, reason) {
            let error = WireError::framework(Code::InvalidRequest, wrong);
            return Err(Rejection::new(Box::new(error)));
        }
        self.inner.shared.close(code, reason);
        Ok(())
    }
}

impl Inner {
    async fn ask(&self, action: &str, params: &[u8], mode: Mode, key: Option<&str>) -> Reply {
        let limit = self.client.inner.timeout;
        let answer = self.shared.call(action, params, mode, key);
        let answer = tokio::time::timeout(limit, answer).await;
        answer.unwrap_or_else(|_| Err(error::timed_out(limit, Some(mode))))
    }
}

impl Originate for Inner {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        self.client.inner.id_key(class)
    }

    fn random(&self, bytes: &mut [u8]) {
        error::random(bytes);
    }

    fn pause(&self, time: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn is_lasting(&self) -> bool {
        true
    }

    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply> {
        Box::pin(async move {
            if (&call.target.class, call.target.id) != (&self.target.class, self.target.id) {
                let message =
                    "this connection is open to another object: call with the client instead";
                let error = WireError::framework(Code::InvalidRequest, message);
                return Err(Box::new(error));
            }
            let key = call.key.as_deref();
            self.ask(&call.action, &call.params, call.mode, key).await
        })
    }
}

impl HasOrigin for Live {
    fn origin(&self) -> Origin {
        Origin::new(Rc::clone(&self.inner))
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.inner.target).finish()
    }
}

/// What `rpc.subscribe` answers.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Subscribed {
    /// How far the log was told, if the event is kept in one.
    #[serde(default)]
    pub(super) cursor: Option<String>,
    /// Whether there is more to be asked for.
    #[serde(default)]
    pub(super) more: bool,
    /// Events of which some are missing.
    #[serde(default)]
    pub(super) gap: Vec<String>,
}

/// The events of one type, as they come: [`Live::events`] makes it.
///
/// Up to 4,096 wait to be read. Beyond that it ends with the error `overflow`: read faster, or read the state instead.
pub struct Events<E> {
    queue: Queue,
    inner: Rc<Inner>,
    name: String,
    /// If there are any: only events that were sent to one of them.
    rooms: Vec<String>,
    typed: PhantomData<fn() -> E>,
}

/// An event that came, or `None` for one of other rooms; and its place in the object's log, if it has one.
pub(super) type Came<E> = (Option<Result<E, Rejection>>, Option<String>);

impl<E: Event> Events<E> {
    /// Only those that the object sent to this room, by `cx.broadcast(..).to(room)`; said more than once: to one of them.
    /// What it sent everywhere is not among them. The connection must be in the room to be sent them at all.
    #[must_use]
    pub fn in_room(mut self, room: &str) -> Self {
        self.rooms.push(room.to_owned());
        self
    }

    /// Waits for the next one. `None` when the connection is over; [`Live::closed`] knows why.
    ///
    /// Safe to drop while it waits, as in `select!`: no event is lost.
    ///
    /// # Errors
    ///
    /// `overflow`, once, and nothing after it; `bad_reply` for an event that does not fit `E`, which the next may
    /// again.
    pub async fn next(&mut self) -> Option<Result<E, Rejection>> {
        loop {
            match self.heard().await {
                Some((Some(event), _)) => return Some(event),
                Some((None, _)) => {}
                None => return self.overflow().map(Err),
            }
        }
    }

    /// The next one and its place in the object's log.
    pub(super) async fn heard(&mut self) -> Option<Came<E>> {
        let heard = self.queue.events.recv().await?;
        Some(self.read(&heard))
    }

    /// The same, if it is there.
    pub(super) fn ready(&mut self) -> Option<Came<E>> {
        let heard = self.queue.events.try_recv().ok()?;
        Some(self.read(&heard))
    }

    /// Whether everything that came was read.
    pub(super) fn is_read(&self) -> bool {
        self.queue.events.is_empty()
    }

    /// Why it ended, if it did because the reader was too slow; told once.
    pub(super) fn overflow(&self) -> Option<Rejection> {
        let overflowed = self.queue.overflowed.swap(false, Ordering::AcqRel);
        overflowed.then(|| Rejection::new(error::overflow(MAX_WAITING)))
    }

    fn read(&self, heard: &Heard) -> Came<E> {
        let cursor = heard.cursor.as_deref().map(str::to_owned);
        let is_meant =
            self.rooms.is_empty() || heard.rooms.iter().any(|room| self.rooms.contains(room));
        if !is_meant {
            return (None, cursor);
        }
        let event = serde_json::from_slice(&heard.data).map_err(|fault| {
            let message = format!("the event `{}` does not fit its type: {fault}", self.name);
            let error = WireError::framework(Code::BadReply, message);
            Rejection::new(Box::new(error))
        });
        (Some(event), cursor)
    }

    /// Asks for what comes after a place of the object's log, and for everything from then on.
    pub(super) fn ask_after(
        &self,
        after: Option<String>,
    ) -> LocalFuture<'static, Result<Subscribed, Box<WireError>>> {
        let inner = Rc::clone(&self.inner);
        let mut params = serde_json::json!({ "events": [self.name] });
        if let Some(after) = after {
            params["after"] = after.into();
        }
        Box::pin(async move {
            let params = params.to_string();
            let reply = inner.ask("rpc.subscribe", params.as_bytes(), Mode::Read, None);
            // A server that answers in another way has subscribed all the same.
            Ok(serde_json::from_slice(&reply.await?).unwrap_or_default())
        })
    }
}

impl<E> Drop for Events<E> {
    fn drop(&mut self) {
        self.inner.shared.unlisten(&self.name, self.queue.id);
    }
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.name).finish()
    }
}
