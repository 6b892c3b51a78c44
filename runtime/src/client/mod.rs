//! Clients of a running app, in Rust: the generated stubs, over HTTP and over a WebSocket.
//!
//! The feature `client` brings them, without the server: a program that only calls takes the app's crate with
//! `default-features = false, features = ["client"]` on `stayput`. `https` and `wss` take `client-tls`.
//!
//! ```no_run
//! # use stayput::prelude::*;
//! # #[event(public)] pub struct Said { pub text: String }
//! # #[durable_object(events(Said))] pub struct Room { said: u64 }
//! # #[durable_object] impl Room {
//! #     #[action(public)] fn say(&mut self, cx: &mut Context<Self>, text: String) -> u64 {
//! #         cx.broadcast(Said { text }); self.said += 1; self.said
//! #     }
//! # }
//! # stayput::app!(Room);
//! # async fn f() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! use stayput::client::Client;
//!
//! let client = Client::new("http://127.0.0.1:8787", app())?;
//! let room = Room::named(&client, "lobby");
//! room.say("over HTTP").await?;
//!
//! let live = client.connect(&room).await?;
//! let mut heard = live.events::<Said>().await?;
//! Room::named(&live, "lobby").say("over the WebSocket").await?;
//! while let Some(said) = heard.next().await {
//!     println!("{}", said?.text);
//! }
//! # Ok(()) }
//! ```
//!
//! Clients run on tokio. Their futures stay on one thread, as those of all stubs do: await them in `main`, in
//! `block_on`, or in tasks of a `tokio::task::LocalSet`.

mod address;
mod error;
mod exchange;
mod follow;
mod http;
mod live;
mod remote;
mod socket;
mod tls;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

pub use self::error::ClientError;
pub(crate) use self::exchange::exchange;
pub use self::follow::{Follow, Followed};
pub use self::live::{Events, Live};
pub(crate) use self::remote::deliver;

use self::address::Address;
use self::http::Http;
use self::tls::Trust;
use crate::app::App;
use crate::backend::LocalFuture;
use crate::cbor::CBOR;
use crate::error::Rejection;
use crate::object::{HasOrigin, IdKey, Origin, Originate, OutgoingCall, Stub};
use crate::rpc::{Reply, WireError};

/// How long an answer may take without [`Client::timeout`]: a little longer than the server gives a command.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls the objects of an app that runs elsewhere.
///
/// Stubs are made with it as with a context: `Room::named(&client, "lobby")`. Cloning is cheap, clones share their
/// connections.
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

#[derive(Clone)]
struct Inner {
    app: Rc<App>,
    address: Address,
    http: Http,
    trust: Trust,
    timeout: Duration,
    token: Option<Token>,
}

/// Gives the token of the next request.
type Token = Rc<dyn Fn() -> LocalFuture<'static, Result<String, String>>>;

impl Client {
    /// A client of the app at this address: scheme, host, port, and a path if the app lies below one. `app` names its
    /// classes: it is what the app's crate exports.
    ///
    /// # Errors
    ///
    /// When `url` is no address of a server, or needs the feature `client-tls`. Nothing is connected yet.
    pub fn new(url: &str, app: App) -> Result<Self, ClientError> {
        let address = Address::read(url)?;
        let trust = Trust::load(address.is_encrypted)?;
        Ok(Self::of(Inner {
            app: Rc::new(app),
            address,
            http: Http::new(&trust),
            trust,
            timeout: PATIENCE,
            token: None,
        }))
    }

    /// The same, with a token that every request carries (`Authorization: Bearer ..`).
    ///
    /// # Errors
    ///
    /// When the token cannot be part of a header.
    pub fn bearer(&self, token: &str) -> Result<Self, ClientError> {
        let mut inner = Inner::clone(&self.inner);
        inner.address.set_bearer(token)?;
        inner.token = None;
        Ok(Self::of(inner))
    }

    /// The same, with tokens that change: `token` is asked before each request and connection. When it fails, so does
    /// the call, with `bad_token`. A [`Live`] ends with its token, by 4401; connect again with the next one.
    #[must_use]
    pub fn bearer_by<F, E>(&self, token: F) -> Self
    where
        F: AsyncFn() -> Result<String, E> + 'static,
        E: fmt::Display,
    {
        let mut inner = Inner::clone(&self.inner);
        let token = Rc::new(token);
        inner.token = Some(Rc::new(move || {
            let token = token.clone();
            Box::pin(async move { token().await.map_err(|error| error.to_string()) })
        }));
        Self::of(inner)
    }

    /// The same, but its connections say something: what the parameters of the object's `#[event(connect)]` handlers are read
    /// from. A struct or map; a member that is `None` is left out. Calls over HTTP do not say it.
    ///
    /// ```no_run
    /// # use stayput::prelude::*;
    /// # use stayput::client::Client;
    /// # #[durable_object] pub struct Room {}
    /// # #[durable_object] impl Room {
    /// #     #[event(connect)] fn joined(&mut self, _cx: &mut Context<Self>, _connection: Connection, name: String) { let _ = name; }
    /// # }
    /// # stayput::app!(Room);
    /// # async fn f() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// #[derive(serde::Serialize)]
    /// struct Hello<'a> {
    ///     name: &'a str,
    /// }
    ///
    /// let client = Client::new("http://127.0.0.1:8787", app())?;
    /// let live = client.saying(&Hello { name: "ann" })?.connect(&Room::named(&client, "lobby")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When these are no parameters: a number, a list, a map whose keys are no text.
    pub fn saying(&self, params: &impl Serialize) -> Result<Self, ClientError> {
        let mut inner = Inner::clone(&self.inner);
        inner.address.set_query(params)?;
        Ok(Self::of(inner))
    }

    /// The same, but calls, answers and events travel as CBOR. The app must speak it: `app!(..; cbor)`.
    #[must_use]
    pub fn cbor(&self) -> Self {
        let mut inner = Inner::clone(&self.inner);
        inner.address.form = Some(CBOR);
        Self::of(inner)
    }

    /// The same, but an answer may take so long; 30 s without it. What takes longer fails with `client_timeout`.
    #[must_use]
    pub fn timeout(&self, timeout: Duration) -> Self {
        let mut inner = Inner::clone(&self.inner);
        inner.timeout = timeout;
        Self::of(inner)
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner: Rc::new(inner),
        }
    }

    /// Opens a WebSocket to an object.
    ///
    /// # Errors
    ///
    /// What the object's `connect` refused with, what any call would be refused with, and `network` when there is no
    /// server.
    pub async fn connect(&self, stub: &impl Stub) -> Result<Live, Rejection> {
        let target = stub.core().target().map_err(Rejection::new)?;
        let live = Live::open(self.clone(), target).await;
        live.map_err(Rejection::new)
    }
}

impl Inner {
    /// The address, with what proves now who we are.
    async fn address(&self) -> Result<Cow<'_, Address>, Box<WireError>> {
        let Some(token) = &self.token else {
            return Ok(Cow::Borrowed(&self.address));
        };
        let token = token().await.map_err(|fault| error::bad_token(&fault))?;
        let mut address = self.address.clone();
        let set = address.set_bearer(&token);
        set.map_err(|fault| error::bad_token(&fault.to_string()))?;
        Ok(Cow::Owned(address))
    }
}

impl Originate for Inner {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        Some(self.app.find(class)?.ids.clone())
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
            let sent = async {
                let address = self.address().await?;
                self.http
                    .call(&address, &call, ::http::HeaderMap::new())
                    .await
            };
            let answer = tokio::time::timeout(self.timeout, sent).await;
            answer.unwrap_or_else(|_| Err(error::timed_out(self.timeout, Some(call.mode))))
        })
    }
}

impl HasOrigin for Client {
    fn origin(&self) -> Origin {
        Origin::new(Rc::clone(&self.inner))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client")
            .field(&self.inner.address.shown())
            .finish()
    }
}
