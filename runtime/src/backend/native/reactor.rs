//! A reactor: one thread that accepts connections and speaks HTTP on them. It runs no user code.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::port::Port;
use super::settings::is_loopback;
use crate::error::Code;
use crate::http::{Front, Peer, Request};
use crate::rpc::WireError;

/// Most connections of the whole process.
pub(super) const MAX_CONNECTIONS: usize = 10_000;
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
/// The pause after a failed `accept`, such as one for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One reactor's share of the server.
pub(super) struct Reactor {
    pub(super) front: Arc<Front>,
    pub(super) port: Port,
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    /// Most connections of this reactor.
    pub(super) connections: usize,
    /// Turns true when the server is to end.
    pub(super) drain: watch::Receiver<bool>,
}

struct Shared {
    front: Arc<Front>,
    port: Port,
    address: SocketAddr,
    open: Cell<usize>,
    /// Requests that are being read or answered.
    busy: Cell<usize>,
    drain: watch::Receiver<bool>,
}

impl Reactor {
    /// Serves until the server drains and every connection has ended.
    pub(super) async fn run(self) {
        let Self {
            front,
            port,
            listener,
            address,
            connections,
            mut drain,
        } = self;
        let running = port.clone();
        tokio::task::spawn_local(async move { running.run().await });
        let shared = Rc::new(Shared {
            front,
            port,
            address,
            open: Cell::new(0),
            busy: Cell::new(0),
            drain: drain.clone(),
        });
        let mut quiet = None;
        loop {
            let draining = *drain.borrow_and_update();
            if draining && shared.is_done(&mut quiet) {
                return;
            }
            let accepted = tokio::select! {
                _ = drain.changed(), if !draining => continue,
                // While it drains the door stays open, so that whoever asks is told.
                accepted = listener.accept(), if shared.open.get() < connections => accepted,
                // Full: look again whether somebody left.
                () = tokio::time::sleep(ACCEPT_PAUSE), if shared.open.get() >= connections => continue,
                () = tokio::time::sleep(DRAIN_PAUSE), if draining => continue,
            };
            match accepted {
                Ok((stream, peer)) => {
                    shared.open.set(shared.open.get() + 1);
                    let shared = shared.clone();
                    tokio::task::spawn_local(async move {
                        shared.connection(stream, peer).await;
                        shared.open.set(shared.open.get() - 1);
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

/// One request that is being read or answered, also if its connection breaks.
struct Busy<'a>(&'a Cell<usize>);

impl<'a> Busy<'a> {
    fn of(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
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

    async fn connection(self: &Rc<Self>, stream: TcpStream, from: SocketAddr) {
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
        let service = service_fn(|request| self.respond(request, peer));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut drain = self.drain.clone();
        let mut draining = false;
        loop {
            tokio::select! {
                ended = &mut connection => {
                    if let Err(error) = ended {
                        tracing::debug!("a connection ended: {error}");
                    }
                    return;
                }
                _ = drain.wait_for(|draining| *draining), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn respond(
        &self,
        request: hyper::Request<Incoming>,
        peer: Peer,
    ) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
        let _busy = Busy::of(&self.busy);
        Ok(self.answer(request, peer).await)
    }

    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        peer: Peer,
    ) -> hyper::Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(error) => {
                let mut response = self.front.refuse(head, peer, error, &self.port);
                // What is left of the body is not read.
                response.headers_mut().insert(
                    http::header::CONNECTION,
                    http::HeaderValue::from_static("close"),
                );
                return response.map(Full::new);
            }
        };
        let request = Request { head, body, peer };
        self.front.handle(request, &self.port).await.map(Full::new)
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, WireError> {
        let limited = Limited::new(body, self.front.limits().body);
        match tokio::time::timeout(BODY_PATIENCE, limited.collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(self.front.body_too_large()),
            Ok(Err(_)) => Err(WireError::framework(
                Code::MalformedRequest,
                "the body ended before its end",
            )),
            Err(_) => Err(WireError::framework(
                Code::RequestTimeout,
                "the body did not arrive within 30 seconds",
            )),
        }
    }
}

/// A further handle on a listening socket, for another reactor.
pub(super) fn share(listener: &std::net::TcpListener) -> io::Result<TcpListener> {
    TcpListener::from_std(listener.try_clone()?)
}
