//! A connection of a test to an object.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Client;
use crate::auth::Surroundings;
use crate::backend::LocalFuture;
use crate::backend::native::{Encoding, Newcomer, News, Place, Port};
use crate::error::Rejection;
use crate::event::Event;
use crate::http::{Dispatch, Live};
use crate::object::{HasOrigin, IdKey, Origin, Originate, OutgoingCall, Stub};
use crate::rpc::{Reply, WireError};
use crate::socket::{ConnectionId, ConnectionKind, Frame, Packet};

/// An open connection to one object, as a client's WebSocket is one, but for the socket: [`Client::connect`] makes it.
///
/// Stubs made with it call over it: the object sees its [`Connection`](crate::socket::Connection). Dropping it leaves
/// without a word, as a client does whose network fails; [`close`](Self::close) says good-bye.
///
/// ```
/// # use stayput::prelude::*;
/// # #[event] struct Rang { times: u32 }
/// # #[durable_object(events(Rang))] struct Bell { times: u32 }
/// # #[durable_object] impl Bell {
/// #     #[action] fn ring(&mut self, cx: &mut Context<Self>) {
/// #         self.times += 1;
/// #         let times = self.times;
/// #         cx.broadcast(Rang { times });
/// #     }
/// # }
/// # stayput::app!(Bell);
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let bell = Bell::named(t, "door");
///     let ann = t.as_user("ann").connect(&bell).await.unwrap();
///     ann.subscribe(&["rang"]).await.unwrap();
///     bell.ring().await.unwrap();
///     t.settle().await;
///     assert_eq!(ann.next::<Rang>().map(|rang| rang.times), Some(1));
/// });
/// # }
/// ```
pub struct Socket {
    inner: Rc<Inner>,
}

struct Inner {
    id: ConnectionId,
    client: Client,
    live: Live,
    port: Port,
    place: RefCell<Option<Place>>,
}

impl Client {
    /// Connects to an object.
    ///
    /// # Errors
    ///
    /// What `connect` refused with, and what any call would be refused with.
    pub async fn connect(&self, stub: &impl Stub) -> Result<Socket, Rejection> {
        self.connect_with(stub, "").await
    }

    /// The same by a URL with this query: what the parameters of `#[event(connect)]` handlers are read from.
    ///
    /// # Errors
    ///
    /// As of [`connect`](Self::connect), and `invalid_params` for a query that the handlers do not take.
    pub async fn connect_with(&self, stub: &impl Stub, query: &str) -> Result<Socket, Rejection> {
        let port = self.inner.port();
        let target = stub.core().target().map_err(Rejection::new)?;
        let mut random = [0; 16];
        Dispatch::random(&port, &mut random);
        let id = ConnectionId::from_random(random);
        let front = &self.inner.front;
        let live = front.live(target.clone(), self.caller.clone(), id, &port);
        let live = live.map_err(Rejection::new)?;
        live.check_query(query).map_err(Rejection::new)?;
        let (farewell, of) = (port.clone(), target.clone());
        let encoding = Encoding::Packets(RefCell::default());
        let place = Place::new(port.outlets(), id, target.clone(), encoding, move |gone| {
            farewell.tell(&of, id, News::Gone(gone));
        });
        let newcomer = Newcomer {
            kind: ConnectionKind::WebSocket,
            caller: self.caller.clone(),
            since: port.now(),
            events: Vec::new(),
            query: query.into(),
            slot: place.outlet().slot(),
        };
        let news = |ask| News::Open { newcomer, ask };
        port.ask(&target, id, news).await.map_err(Rejection::new)?;
        let inner = Inner {
            id,
            client: self.clone(),
            live,
            port,
            place: RefCell::new(Some(place)),
        };
        Ok(Socket {
            inner: Rc::new(inner),
        })
    }
}

impl Socket {
    /// Its id.
    pub fn id(&self) -> ConnectionId {
        self.inner.id
    }

    /// Sends JSON-RPC text, a request or a batch, and waits for the answer; `None` if nothing wants one.
    pub async fn send_text(&self, text: impl Into<Bytes>) -> Option<String> {
        let text = text.into();
        let answer = self.inner.live.answer(&text, &self.inner.port).await?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Sends a frame for the `message` handler.
    pub fn send(&self, frame: impl Into<Frame>) {
        let inner = &self.inner;
        let news = News::Frame(frame.into());
        inner.port.tell(inner.live.target(), inner.id, news);
    }

    /// Listens to events, by wire name; answers all that it listens to then.
    ///
    /// # Errors
    ///
    /// `invalid_params` for an unknown event, `unauthenticated` and `forbidden` as the event says.
    pub async fn subscribe(&self, events: &[&str]) -> Result<Vec<String>, Rejection> {
        self.listen("rpc.subscribe", events).await
    }

    /// Does not listen to events any more.
    ///
    /// # Errors
    ///
    /// As of [`subscribe`](Self::subscribe).
    pub async fn unsubscribe(&self, events: &[&str]) -> Result<Vec<String>, Rejection> {
        self.listen("rpc.unsubscribe", events).await
    }

    async fn listen(&self, method: &str, events: &[&str]) -> Result<Vec<String>, Rejection> {
        let params = serde_json::json!({ "events": events }).to_string();
        let live = &self.inner.live;
        let reply = live
            .call(method, params.into(), None, &self.inner.port)
            .await;
        let reply = reply.map_err(Rejection::new)?;
        let value: Value = serde_json::from_slice(&reply).unwrap_or_default();
        let names = value["events"].as_array().into_iter().flatten();
        Ok(names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect())
    }

    /// The next thing that came, if it is an event of this type; another one stays. Wire names are not looked at, so
    /// that a mixin's events are found under every mount.
    pub fn next<E: Event>(&self) -> Option<E> {
        let place = self.inner.place.borrow();
        let outlet = place.as_ref()?.outlet();
        let event = outlet.peek_packet(|packet| match packet {
            Packet::Event(event) => {
                let name = event.name.rsplit('.').next() == Some(E::NAME);
                let same = name || *event.name == *E::NAME;
                same.then(|| serde_json::from_slice(&event.data).ok())
                    .flatten()
            }
            Packet::Frame(_) => None,
        })??;
        outlet.pop_packet();
        Some(event)
    }

    /// Everything that came since it was last asked: events by wire name with their data, raw frames as they are.
    pub fn received(&self) -> Vec<Received> {
        let place = self.inner.place.borrow();
        let outlet = place.as_ref().map(Place::outlet);
        let mut received = Vec::new();
        while let Some(packet) = outlet.and_then(|outlet| outlet.pop_packet()) {
            received.push(match packet {
                Packet::Event(event) => Received::Event(
                    event.name.to_string(),
                    serde_json::from_slice(&event.data).unwrap_or_default(),
                ),
                Packet::Frame(frame) => Received::Frame(frame),
            });
        }
        received
    }

    /// The code and reason that the object or the server closed it with.
    pub fn closed(&self) -> Option<(u16, String)> {
        let place = self.inner.place.borrow();
        place
            .as_ref()
            .and_then(|place| place.outlet().closed_with())
    }

    /// Says good-bye.
    pub fn close(self, code: u16, reason: &str) {
        if let Some(place) = self.inner.place.borrow_mut().take() {
            place.outlet().end_as(code, reason, true);
        }
    }
}

/// Something that came over a test's connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// An event: its wire name and data.
    Event(String, Value),
    /// A raw frame.
    Frame(Frame),
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Stubs made with it may live longer, the connection does not.
        drop(self.inner.place.take());
    }
}

impl Originate for Inner {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        self.client.id_key(class)
    }

    fn random(&self, bytes: &mut [u8]) {
        Originate::random(&self.client, bytes);
    }

    fn pause(&self, time: Duration) -> LocalFuture<'static, ()> {
        self.client.pause(time)
    }

    fn is_lasting(&self) -> bool {
        true
    }

    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply> {
        if call.target != *self.live.target() && call.target.id != self.live.target().id {
            let message = "this connection is open to another object";
            let error = WireError::framework(crate::error::Code::InvalidRequest, message);
            return Box::pin(std::future::ready(Err(Box::new(error))));
        }
        Box::pin(async move {
            let method = call.action.to_string();
            self.live
                .call(&method, call.params, call.key.as_deref(), &self.port)
                .await
        })
    }
}

impl HasOrigin for Socket {
    fn origin(&self) -> Origin {
        Origin::new(self.inner.clone())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id())
            .field("target", self.inner.live.target())
            .finish_non_exhaustive()
    }
}
