//! A WebSocket: reads its messages, writes what waits for it. The protocol itself is tungstenite's.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Message, Utf8Bytes};

use super::News;
use super::outlet::{Outlet, Place};
use super::wire::Wire;
use crate::auth::Surroundings;
use crate::backend::native::port::Port;
use crate::http::{Asked, Live};
use crate::object::Envelope;
use crate::socket::{CloseCode, Frame, MAX_FRAME, shorten_reason};

/// How much is read at a time; kept for as long as the connection is open.
const READ: usize = 4 << 10;
/// So many messages are read before other connections have their turn.
const TURN: usize = 32;
/// So often items are sent and written before other connections have their turn.
const FILLS: usize = 16;
/// How long the other end may still send after its connection has failed.
const LINGER: Duration = Duration::from_secs(2);

/// `Sec-WebSocket-Accept` of a key.
pub(in crate::backend::native) fn accept_key(key: &[u8]) -> String {
    tungstenite::handshake::derive_accept_key(key)
}

/// Serves a connection until it is gone. `read` is what came with its handshake.
pub(in crate::backend::native) async fn serve(
    stream: Wire,
    read: Vec<u8>,
    place: Place,
    live: Live,
    port: Port,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let context = WebSocketContext::from_partially_read(read, Role::Server, Some(config));
    let mut socket = Socket {
        stream,
        context,
        place,
        live: Rc::new(live),
        port,
        closed: false,
    };
    let failed = poll_fn(|cx| socket.poll(cx)).await;
    if failed {
        // Unread bytes would have the system throw away the close frame on its way.
        let patience = tokio::time::timeout(LINGER, drain(socket.stream.tcp()));
        drop(patience.await);
    }
}

/// Says that nothing more will come, and reads what the other end had sent before it knew.
async fn drain(stream: &TcpStream) {
    if socket2::SockRef::from(stream)
        .shutdown(std::net::Shutdown::Write)
        .is_err()
    {
        return;
    }
    // Not an array: it would be part of every connection's task.
    let mut rest = vec![0; READ];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut rest) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

struct Socket {
    stream: Wire,
    context: WebSocketContext,
    place: Place,
    live: Rc<Live>,
    port: Port,
    /// Whether our close frame waits or was written.
    closed: bool,
}

/// The two ways of a connection, as the protocol sees them: it reads from the socket and writes into the queue.
struct Ends<'a> {
    stream: &'a Wire,
    outlet: &'a Outlet,
}

impl Read for Ends<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }
}

impl Write for Ends<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outlet.queue.borrow_mut().push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why reading ends.
enum End {
    /// Both sides have said good-bye.
    Over,
    /// The other side broke a rule; it is told this code.
    Failed(CloseCode),
}

impl Socket {
    /// Ready when the connection is over; true if the other end may still be sending.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let outlet = self.place.outlet.clone();
        outlet.set_waker(cx.waker());
        if outlet.is_dead() {
            return Poll::Ready(false);
        }
        let end = self.read(cx, &outlet);
        let was_full = outlet.is_full();
        if self.place.is_draining() && !outlet.is_asking() {
            outlet.close(CloseCode::GoingAway.number(), "the server shuts down");
        }
        if let Some(End::Failed(code)) = &end {
            outlet.close(code.number(), "");
            outlet.end_as(code.number(), "", false);
        }
        self.say_close(&outlet);
        for turn in 0.. {
            let filled = outlet.fill(cx);
            if self.write(cx, &outlet).is_err() {
                return Poll::Ready(false);
            }
            if !filled || !outlet.queue.borrow().is_empty() {
                break;
            }
            if turn == FILLS {
                cx.waker().wake_by_ref();
                break;
            }
        }
        if was_full && !outlet.is_full() {
            // Reading goes on.
            cx.waker().wake_by_ref();
        }
        match end {
            // What waits is written first, if the other side takes it.
            Some(_) if !outlet.queue.borrow().is_empty() || self.holds_back() => Poll::Pending,
            Some(End::Over) => Poll::Ready(false),
            Some(End::Failed(_)) => Poll::Ready(true),
            None => Poll::Pending,
        }
    }

    /// Writes our close frame once it is time.
    fn say_close(&mut self, outlet: &Outlet) {
        if self.closed {
            return;
        }
        let Some(closing) = outlet.closing() else {
            return;
        };
        self.closed = true;
        let frame = CloseFrame {
            code: WireCode::from(closing.code),
            reason: Utf8Bytes::from(shorten_reason(&closing.reason)),
        };
        let mut ends = Ends {
            stream: &self.stream,
            outlet,
        };
        // The queue takes it; that the other side was faster is fine.
        drop(self.context.close(&mut ends, Some(frame)));
    }

    fn write(&mut self, cx: &mut Context<'_>, outlet: &Outlet) -> io::Result<()> {
        loop {
            let result = outlet
                .queue
                .borrow_mut()
                .write(|pieces| self.stream.try_write_vectored(pieces))
                .and_then(|()| self.stream.try_flush());
            match result {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            match self.stream.poll_write_ready(cx) {
                Poll::Ready(result) => result?,
                Poll::Pending => return Ok(()),
            }
        }
    }

    /// Whether something is encrypted and not written yet.
    fn holds_back(&self) -> bool {
        let flushed = self.stream.try_flush();
        flushed.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Reads what there is. Answers how the connection ends, if it does.
    fn read(&mut self, cx: &mut Context<'_>, outlet: &Rc<Outlet>) -> Option<End> {
        for _ in 0..TURN {
            if !outlet.may_ask() || outlet.is_full() {
                // The answer to one of them wakes us, and so does that it is written.
                return None;
            }
            let mut ends = Ends {
                stream: &self.stream,
                outlet,
            };
            match self.context.read(&mut ends) {
                Ok(message) => {
                    outlet.hear(Instant::now());
                    if let Some(end) = self.take(message, outlet) {
                        return Some(end);
                    }
                }
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    match self.stream.poll_read_ready(cx) {
                        Poll::Pending => return None,
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => return Some(End::Over),
                    }
                }
                Err(error) => return Some(end_of(&error)),
            }
        }
        cx.waker().wake_by_ref();
        None
    }

    fn take(&mut self, message: Message, outlet: &Rc<Outlet>) -> Option<End> {
        let asks = matches!(message, Message::Text(_) | Message::Binary(_));
        if asks && self.live.is_expired(self.port.now()) {
            let code = CloseCode::Unauthenticated;
            outlet.close(code.number(), code.reason());
        }
        match message {
            Message::Text(_) if self.live.binary().is_some() => {
                return Some(End::Failed(CloseCode::Unsupported));
            }
            Message::Text(text) if outlet.is_closing() => drop(text),
            Message::Text(text) if self.live.is_raw() => {
                self.hand_over(Frame::Text(text.as_str().to_owned()), outlet);
            }
            Message::Text(text) => self.answer(text.into(), outlet),
            Message::Binary(bytes) if let Some(form) = self.live.binary() => {
                if outlet.is_closing() {
                    return None;
                }
                match self.live.decode(form, &bytes, &self.port) {
                    Ok(text) => self.answer(text, outlet),
                    Err(answer) => outlet.send_answer(&answer),
                }
            }
            Message::Binary(bytes) if self.live.takes_bytes() => {
                if !outlet.is_closing() {
                    self.hand_over(Frame::Binary(bytes), outlet);
                }
            }
            Message::Binary(_) => return Some(End::Failed(CloseCode::Unsupported)),
            Message::Close(frame) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.as_str().to_owned())
                });
                outlet.end_as(code, &reason, true);
            }
            // Pings are answered by the protocol itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        None
    }

    fn hand_over(&self, frame: Frame, outlet: &Outlet) {
        self.port
            .tell(self.live.target(), outlet.name.id, News::Frame(frame));
    }

    fn answer(&self, text: Bytes, outlet: &Rc<Outlet>) {
        match self.live.read(&text, &self.port) {
            Asked::Nothing => {}
            Asked::Answer(answer) => outlet.send_answer(&answer),
            Asked::Call(answerable, envelope) => {
                outlet.begin();
                let outlet = outlet.clone();
                let reply = Box::new(move |reply| outlet.answer(&answerable, reply));
                self.port.begin(envelope, reply);
            }
            Asked::Items(_, envelope) => self.begin_items(envelope, outlet),
            Asked::Steer(_, answerable, steer) => {
                outlet.begin();
                outlet.answer(&answerable, outlet.readers.steer(&steer));
            }
            Asked::Subscribe(answerable, subscription) => {
                outlet.begin();
                let outlet = outlet.clone();
                let reply = Box::new(move |reply| outlet.answer(&answerable, reply));
                self.port.ask_to_subscribe(subscription, reply);
            }
            Asked::Batch => {
                outlet.begin();
                let (outlet, live, port) = (outlet.clone(), self.live.clone(), self.port.clone());
                tokio::task::spawn_local(async move {
                    if let Some(answer) = live.answer(&text, &port).await {
                        outlet.send_answer(&answer);
                    }
                    outlet.end();
                });
            }
        }
    }
}

impl Socket {
    /// Makes a call whose items are sent as they are read.
    fn begin_items(&self, envelope: Envelope, outlet: &Outlet) {
        let Some(pipe) = envelope.stream.clone() else {
            return;
        };
        if let Err(error) = outlet.readers.add(pipe.reader()) {
            return outlet.send_answer(&pipe.refusal(&error));
        }
        outlet.begin();
        self.port
            .begin(envelope, Box::new(move |reply| pipe.end(reply)));
    }
}

fn end_of(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::Failed(CloseCode::TooBig),
        Error::Utf8(_) => End::Failed(CloseCode::NotUtf8),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Over,
        Error::Protocol(_) => End::Failed(CloseCode::Protocol),
        // The connection is closed or broken: nobody is there to be told.
        _ => End::Over,
    }
}
