//! A reactor: one thread that accepts connections and speaks HTTP and WebSocket on them. Of user code it runs the handlers of
//! the app's own routes only.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT};
use http::request::Parts;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::house::{House, TurnedAway, Welcome};
use super::port::Port;
use super::settings::is_loopback;
use super::socket::{self, Encoding, Newcomer, News, Place, ReplyBody, Wire};
use super::tls::Tls;
use super::upload;
use crate::auth::Surroundings;
use crate::error::Code;
use crate::http::{Dispatch, Entered, Front, Live, Opening, Peer, Request, broken_off};
use crate::rpc::WireError;
use crate::socket::{ConnectionId, ConnectionKind, refusal};

/// How long the head of a request may take to arrive.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// How long connections that ask nothing are kept once everything else has ended.
const LINGER: Duration = Duration::from_secs(1);
/// How often a server that drains looks whether it may end.
const DRAIN_PAUSE: Duration = Duration::from_millis(10);
/// How often the log is told that they are.
const WARN_PAUSE: Duration = Duration::from_mins(1);
/// The pause after a failed `accept`, such as one for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One reactor's share of the server.
pub(super) struct Reactor {
    pub(super) front: Arc<Front>,
    pub(super) port: Port,
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) tls: Option<Arc<Tls>>,
    /// Most connections of this reactor.
    pub(super) connections: usize,
    /// All connections of the process.
    pub(super) house: Arc<House>,
    /// Turns true when the server is to end.
    pub(super) drain: watch::Receiver<bool>,
}

struct Shared {
    front: Arc<Front>,
    port: Port,
    address: SocketAddr,
    house: Arc<House>,
    /// When the log was told last that the house is full.
    warned: Cell<Option<Instant>>,
    tls: Option<Arc<Tls>>,
    open: Cell<usize>,
    /// Requests that are being read or answered.
    busy: Cell<usize>,
    draining: Cell<bool>,
    /// Wakes each open connection, by the number it was given.
    connections: RefCell<HashMap<u64, Waker>>,
    accepted: Cell<u64>,
}

/// An open connection that can be woken to be told that the server drains.
struct Asleep {
    shared: Rc<Shared>,
    number: u64,
}

impl Asleep {
    fn new(shared: &Rc<Shared>, waker: Waker) -> Self {
        let number = shared.accepted.get();
        shared.accepted.set(number + 1);
        shared.connections.borrow_mut().insert(number, waker);
        Self {
            shared: shared.clone(),
            number,
        }
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        self.shared.connections.borrow_mut().remove(&self.number);
    }
}

impl Reactor {
    /// Serves until the server drains and every connection has ended.
    pub(super) async fn run(self) {
        let Self {
            front,
            port,
            listener,
            address,
            tls,
            connections,
            house,
            mut drain,
        } = self;
        let running = port.clone();
        tokio::task::spawn_local(async move { running.run().await });
        let shared = Rc::new(Shared {
            front,
            port,
            address,
            house,
            warned: Cell::new(None),
            tls,
            open: Cell::new(0),
            busy: Cell::new(0),
            draining: Cell::new(false),
            connections: RefCell::default(),
            accepted: Cell::new(0),
        });
        let mut quiet = None;
        loop {
            let draining = *drain.borrow_and_update();
            if draining && !shared.draining.get() {
                shared.drain();
            }
            if draining && shared.is_done(&mut quiet) {
                return;
            }
            let has_room = shared.open.get() < connections;
            let accepted = tokio::select! {
                _ = drain.changed(), if !draining => continue,
                // While it drains the door stays open, so that whoever asks is told.
                accepted = listener.accept(), if has_room || shared.house.turns_away() => accepted,
                // Full: look again whether somebody left.
                () = tokio::time::sleep(ACCEPT_PAUSE), if !has_room => continue,
                () = tokio::time::sleep(DRAIN_PAUSE), if draining => continue,
            };
            match accepted {
                Ok((stream, peer)) if has_room => {
                    let (shared, open) = (shared.clone(), Open::new(&shared));
                    tokio::task::spawn_local(async move {
                        shared.connection(stream, peer, Welcome::In).await;
                        drop(open);
                    });
                }
                Ok((stream, peer)) => {
                    shared.warn();
                    let (shared, told) = (shared.clone(), TurnedAway::new(&shared.house));
                    tokio::task::spawn_local(async move {
                        shared.connection(stream, peer, Welcome::Full).await;
                        drop(told);
                    });
                }
                Err(error) => {
                    tracing::warn!("a connection cannot be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// A connection that counts among those that are open.
struct Open(Rc<Shared>);

impl Open {
    fn new(shared: &Rc<Shared>) -> Self {
        shared.open.set(shared.open.get() + 1);
        shared.house.enter();
        Self(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.house.leave();
    }
}

/// One request that is being read or answered, also if its connection breaks.
struct Busy(Rc<Shared>);

impl Busy {
    fn of(shared: &Rc<Shared>) -> Self {
        shared.busy.set(shared.busy.get() + 1);
        Self(shared.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}

impl Shared {
    /// Whether a server that drains may end: everything is answered, and nobody but silent connections is left.
    fn is_done(&self, quiet: &mut Option<Instant>) -> bool {
        if self.busy.get() > 0 || self.port.in_flight() > 0 {
            *quiet = None;
            return false;
        }
        self.open.get() == 0 || quiet.get_or_insert_with(Instant::now).elapsed() >= LINGER
    }

    /// Says in the log, now and then, that further connections are turned away.
    fn warn(&self) {
        let told = self.warned.get();
        if told.is_none_or(|told| told.elapsed() >= WARN_PAUSE) {
            self.warned.set(Some(Instant::now()));
            let limit = self.house.limit();
            tracing::warn!(
                "all {limit} connections are taken: further ones are answered 503; --connections allows more"
            );
        }
    }

    async fn connection(self: &Rc<Self>, stream: TcpStream, from: SocketAddr, welcome: Welcome) {
        // A reply must not wait for the next one to fill a packet.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let loopback = is_loopback(from.ip()) && is_loopback(self.address.ip());
        let peer = Peer {
            ip: Some(from.ip()),
            loopback,
            port: Some(self.address.port()),
        };
        match &self.tls {
            None => self.speak(stream, peer, welcome).await,
            #[cfg(not(feature = "tls"))]
            Some(tls) => match **tls {},
            #[cfg(feature = "tls")]
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => self.speak(stream, peer, welcome).await,
                Err(error) => tracing::debug!("a handshake of TLS failed: {error}"),
            },
        }
    }

    /// Speaks HTTP until the connection ends.
    async fn speak<S>(self: &Rc<Self>, stream: S, peer: Peer, welcome: Welcome)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request| self.clone().respond(request, peer, welcome));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::pin!(connection);
        let mut asleep = None;
        // A connection that comes while the server drains is answered: it asks whether the server is ready.
        let mut draining = self.draining.get();
        let ended = poll_fn(|cx| {
            // Who drains wakes every connection once; asking a channel at every poll would cost each request.
            asleep.get_or_insert_with(|| Asleep::new(self, cx.waker().clone()));
            if self.draining.get() && !draining {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(cx)
        })
        .await;
        if let Err(error) = ended {
            tracing::debug!("a connection ended: {error}");
        }
    }

    /// Has every connection end after the request it is at.
    fn drain(&self) {
        self.draining.set(true);
        self.port.outlets().drain();
        for waker in self.connections.borrow().values() {
            waker.wake_by_ref();
        }
    }

    async fn respond(
        self: Rc<Self>,
        request: hyper::Request<Incoming>,
        peer: Peer,
        welcome: Welcome,
    ) -> Result<Response<ReplyBody>, Infallible> {
        let _busy = Busy::of(&self);
        // Whoever watches the server must not take it for dead because it is busy.
        let probes = matches!(request.uri().path(), "/healthz" | "/readyz");
        Ok(match welcome {
            Welcome::Full if !probes => self.turn_away(request, peer).await,
            _ => {
                let mut response = self.answer(request, peer).await;
                if welcome == Welcome::Full {
                    close(&mut response);
                }
                response
            }
        })
    }

    async fn turn_away(
        &self,
        request: hyper::Request<Incoming>,
        peer: Peer,
    ) -> Response<ReplyBody> {
        let (head, body) = request.into_parts();
        // A connection that is closed with something unread takes the answer with it.
        let read = self.read(body, head.uri.path()).await;
        let full =
            WireError::framework(Code::Overloaded, "all connections of the server are taken");
        let error = read.map_or_else(|error| error, |_| full);
        let response = self.front.refuse(head, peer, error, &self.port);
        let mut response = response.map(ReplyBody::Whole);
        close(&mut response);
        response
    }

    async fn answer(
        self: &Rc<Self>,
        mut request: hyper::Request<Incoming>,
        peer: Peer,
    ) -> Response<ReplyBody> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        if let Some(error) = too_large(&head) {
            let response = self.front.refuse(head, peer, error, &self.port);
            let mut response = response.map(ReplyBody::Whole);
            // The body is not read.
            close(&mut response);
            return response;
        }
        if self.front.asks_for_connection(&head) {
            let body = Bytes::new();
            let request = Request { head, body, peer };
            return match self.front.open(request, &self.port).await {
                Ok(opening) => self.open(opening, upgrade).await,
                Err(response) => response.map(ReplyBody::Whole),
            };
        }
        if self.front.takes_body(&head) {
            let mut head = head;
            head.extensions.insert(upload::begin(body));
            let body = Bytes::new();
            let request = Request { head, body, peer };
            return ReplyBody::of(self.front.handle(request, &self.port).await);
        }
        let body = match self.read(body, head.uri.path()).await {
            Ok(body) => body,
            Err(error) => {
                let response = self.front.refuse(head, peer, error, &self.port);
                let mut response = response.map(ReplyBody::Whole);
                // What is left of the body is not read.
                close(&mut response);
                return response;
            }
        };
        let request = Request { head, body, peer };
        if self.front.runs_handler(&request.head) {
            return self.run_handler(request, upgrade).await;
        }
        ReplyBody::of(self.front.handle(request, &self.port).await)
    }

    /// Answers a request by code of the app's own: a client that hangs up does not end it midway, and when it panics,
    /// that is all that ends.
    async fn run_handler(
        self: &Rc<Self>,
        request: Request,
        upgrade: OnUpgrade,
    ) -> Response<ReplyBody> {
        let (head, peer) = (request.head.clone(), request.peer);
        let shared = self.clone();
        let running = tokio::task::spawn_local(async move {
            let _busy = Busy::of(&shared);
            shared.front.answer(request, &shared.port).await
        });
        match running.await {
            Ok(Entered::Answered(response)) => {
                let mut response = ReplyBody::of(response);
                // What sends it belongs to no object: a server that drains waits for its end all the same.
                response.body_mut().hold(Busy::of(self));
                response
            }
            Ok(Entered::Opening(opening)) => self.open(*opening, upgrade).await,
            Err(fault) => {
                tracing::error!("the handler of `{}` ended: {fault}", head.uri.path());
                let error = WireError::framework(Code::Internal, "the handler panicked");
                let error = error.maybe_executed();
                let response = self.front.refuse(head, peer, error, &self.port);
                response.map(ReplyBody::Whole)
            }
        }
    }

    /// Opens a connection that may be opened, if the object lets it in.
    async fn open(self: &Rc<Self>, opening: Opening, upgrade: OnUpgrade) -> Response<ReplyBody> {
        let (place, id, admitted) = self.ask_to_open(&opening).await;
        let mut response = opening.accept().map(ReplyBody::Whole);
        if opening.kind() == ConnectionKind::Sse {
            return match admitted {
                Ok(()) => response.map(|_| ReplyBody::stream(place)),
                Err(error) => opening.refuse(error).map(ReplyBody::Whole),
            };
        }
        let accept = socket::accept_key(opening.key());
        if let Ok(accept) = HeaderValue::try_from(accept) {
            response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Err(error) = admitted {
            // A page is told no HTTP status of a refused upgrade; it is told a close code.
            place.outlet().close(refusal(&error), &error.code);
        }
        let (shared, live) = (self.clone(), opening.live(id));
        // It counts as open until its socket is closed, not only until its handshake ends.
        let open = Open::new(self);
        tokio::task::spawn_local(async move {
            shared.socket(upgrade, place, live).await;
            drop(open);
        });
        response
    }

    /// Asks the object whether a connection may come in.
    async fn ask_to_open(
        self: &Rc<Self>,
        opening: &Opening,
    ) -> (Place, ConnectionId, Result<(), Box<WireError>>) {
        let port = &self.port;
        let mut random = [0; 16];
        port.random(&mut random);
        let id = ConnectionId::from_random(random);
        let (encoding, target) = (Encoding::of(opening), opening.target());
        let (farewell, of) = (port.clone(), target.clone());
        let place = Place::new(port.outlets(), id, of.clone(), encoding, move |gone| {
            farewell.tell(&of, id, News::Gone(gone));
        });
        let newcomer = Newcomer {
            kind: opening.kind(),
            caller: opening.caller().clone(),
            since: port.now(),
            events: opening.events().to_vec(),
            query: opening.query().into(),
            slot: place.outlet().slot(),
        };
        let admitted = port
            .ask(target, id, |ask| News::Open { newcomer, ask })
            .await;
        let mut admitted = admitted.map(drop);
        if let (Ok(()), Some(listening)) = (&admitted, opening.listening()) {
            admitted = match opening.listen(&listening, id, port) {
                Ok(envelope) => port.call(envelope).await.map(drop),
                Err(error) => Err(error),
            };
        }
        (place, id, admitted)
    }

    async fn socket(&self, upgrade: OnUpgrade, place: Place, live: Live) {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!("a handshake was not finished: {error}"),
        };
        // It can be nothing but what the listener accepted.
        if let Some((stream, read)) = take_over(upgraded) {
            socket::serve(stream, read, place, live, self.port.clone()).await;
        }
    }

    async fn read(&self, body: Incoming, path: &str) -> Result<Bytes, WireError> {
        let limited = Limited::new(body, self.front.body_limit(path));
        match tokio::time::timeout(BODY_PATIENCE, whole(limited)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(self.front.body_too_large(path))
            }
            Ok(Err(_)) => Err(broken_off()),
            Err(_) => Err(WireError::framework(
                Code::RequestTimeout,
                "the body did not arrive within 30 seconds",
            )),
        }
    }
}

/// The refusal of a head that is larger than allowed. The HTTP library counts what it has read, which may be a whole buffer
/// more.
fn too_large(head: &Parts) -> Option<WireError> {
    let field = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    let size: usize = head.headers.iter().map(field).sum();
    let path = head.uri.path_and_query();
    if size + path.map_or(0, |path| path.as_str().len()) < MAX_HEAD {
        return None;
    }
    let message = format!("the request's head is longer than {MAX_HEAD} bytes");
    let mut error = WireError::framework(Code::TooLarge, message);
    error.status = 431;
    Some(error)
}

/// The socket, and what was read from it behind the handshake: a copy, for hyper's buffer is large and would stay.
fn take_over(upgraded: Upgraded) -> Option<(Wire, Vec<u8>)> {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Some((Wire::Plain(parts.io.into_inner()), parts.read_buf.to_vec())),
        #[cfg(not(feature = "tls"))]
        Err(_) => None,
        #[cfg(feature = "tls")]
        Err(upgraded) => {
            type Stream = TokioIo<tokio_rustls::server::TlsStream<TcpStream>>;
            let parts = upgraded.downcast::<Stream>().ok()?;
            Some((parts.io.into_inner().into(), parts.read_buf.to_vec()))
        }
    }
}

/// The connection ends with this response.
fn close(response: &mut Response<ReplyBody>) {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Reads a body. One that came in one piece, as nearly all do, is handed on as it is.
async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Result<Bytes, B::Error> {
    let mut first = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if first.is_empty() {
            first = data;
            continue;
        }
        let mut all = BytesMut::with_capacity(2 * (first.len() + data.len()));
        all.extend_from_slice(&first);
        all.extend_from_slice(&data);
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                all.extend_from_slice(&data);
            }
        }
        return Ok(all.freeze());
    }
    Ok(first)
}

/// A further handle on a listening socket, for another reactor.
pub(super) fn share(listener: &std::net::TcpListener) -> io::Result<TcpListener> {
    TcpListener::from_std(listener.try_clone()?)
}
