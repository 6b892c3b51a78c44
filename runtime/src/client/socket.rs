//! The WebSocket under a connection: a task that writes, reads, and notices when nobody is there any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as Frame, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::address::Address;
use super::error;
use super::http::reason;
use super::tls::Trust;
use crate::error::Code;
use crate::http::Binary;
use crate::object::{Mode, Target};
use crate::remote::{Message, answers_to, request_body};
use crate::rpc::{Reply, WireError};
use crate::socket::{CloseCode, shorten_reason};

/// After so long without a word the server is asked whether it is there. It asks us just as often.
const SILENCE: Duration = Duration::from_secs(25);

/// So long it may take to answer that.
const PATIENCE: Duration = Duration::from_secs(8);

/// The server takes no longer message.
const MAX_MESSAGE: usize = 1 << 20;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection ended.
pub(super) type End = (u16, String);

/// What the users of a connection and its task share.
pub(super) struct Shared {
    /// What messages are written in, if it is not JSON.
    form: Option<Binary>,
    state: Mutex<State>,
    orders: mpsc::UnboundedSender<Frame>,
    end: watch::Sender<Option<End>>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    calls: HashMap<u64, PendingCall>,
    listeners: HashMap<String, Vec<Listener>>,
}

struct PendingCall {
    mode: Mode,
    answer: oneshot::Sender<Reply>,
}

struct Listener {
    id: u64,
    events: mpsc::Sender<Heard>,
    overflowed: Arc<AtomicBool>,
}

/// An event that came.
#[derive(Clone)]
pub(super) struct Heard {
    /// JSON text.
    pub(super) data: Bytes,
    /// Its place in the object's log, if it is kept there.
    pub(super) cursor: Option<Arc<str>>,
    /// The rooms that it was sent to; none if it was sent everywhere.
    pub(super) rooms: Arc<[String]>,
}

/// The reading end of a [`Listener`].
pub(super) struct Queue {
    pub(super) id: u64,
    pub(super) events: mpsc::Receiver<Heard>,
    pub(super) overflowed: Arc<AtomicBool>,
}

impl Shared {
    /// Connects, and starts the task, which ends when the connection does or the last user is gone.
    pub(super) async fn open(
        address: &Address,
        target: &Target,
        trust: &Trust,
    ) -> Result<Arc<Self>, Box<WireError>> {
        let stream = dial(address, target, trust).await?;
        let (orders, written) = mpsc::unbounded_channel();
        let shared = Arc::new(Self {
            form: address.form,
            state: Mutex::default(),
            orders,
            end: watch::Sender::new(None),
        });
        // The task holds it weakly: its orders end with the last user.
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            let (sink, stream) = stream.split();
            let end = tokio::select! {
                () = write(sink, written) => (CloseCode::Normal.number(), String::new()),
                end = read(stream, || weak.upgrade()) => end,
            };
            if let Some(shared) = weak.upgrade() {
                shared.finish(end);
            }
        });
        Ok(shared)
    }

    /// Calls an action and waits for the answer.
    pub(super) async fn call(
        &self,
        action: &str,
        params: &[u8],
        mode: Mode,
        key: Option<&str>,
    ) -> Reply {
        let answered = self.send(action, params, mode, key)?;
        // The sender is dropped only with an answer, or with everything else.
        answered
            .await
            .unwrap_or_else(|_| Err(error::network(&"the connection is gone", Some(mode))))
    }

    fn send(
        &self,
        action: &str,
        params: &[u8],
        mode: Mode,
        key: Option<&str>,
    ) -> Result<oneshot::Receiver<Reply>, Box<WireError>> {
        let mut state = self.state();
        if let Some(end) = &*self.end.borrow() {
            return Err(lost(end, None));
        }
        let id = state.new_id();
        let body = request_body(id, action, params, key);
        let Some(frame) = self.frame(body) else {
            let message = "the parameters are no UTF-8";
            return Err(Box::new(WireError::framework(Code::ParseError, message)));
        };
        if frame.len() > MAX_MESSAGE {
            let message = "a message over a WebSocket has at most 1 MiB: call over HTTP";
            return Err(Box::new(WireError::framework(Code::TooLarge, message)));
        }
        let (answer, answered) = oneshot::channel();
        state.calls.insert(id, PendingCall { mode, answer });
        // The task is there as long as there is no end, which is set with the lock held.
        let _ = self.orders.send(frame);
        Ok(answered)
    }

    /// A message of a JSON text.
    fn frame(&self, text: Bytes) -> Option<Frame> {
        match self.form {
            None => Utf8Bytes::try_from(text).ok().map(Frame::Text),
            Some(form) => Some(Frame::Binary(form.write(&text).into())),
        }
    }

    /// Takes a message in the form that was agreed upon; others are of a protocol of the object's own.
    fn take(&self, message: &Frame) {
        match (message, self.form) {
            (Frame::Text(text), None) => self.receive(text.as_bytes()),
            (Frame::Binary(bytes), Some(form)) => {
                if let Ok(text) = form.read(bytes) {
                    self.receive(&text);
                }
            }
            _ => {}
        }
    }

    /// A queue of the events of this name.
    pub(super) fn listen(&self, event: &str, limit: usize) -> Queue {
        let (sender, events) = mpsc::channel(limit);
        let overflowed = Arc::new(AtomicBool::new(false));
        let mut state = self.state();
        let id = state.new_id();
        let listener = Listener {
            id,
            events: sender,
            overflowed: Arc::clone(&overflowed),
        };
        if self.end.borrow().is_none() {
            state
                .listeners
                .entry(event.to_owned())
                .or_default()
                .push(listener);
        }
        Queue {
            id,
            events,
            overflowed,
        }
    }

    /// Ends a queue; the server is told when it was the last of its event.
    pub(super) fn unlisten(&self, event: &str, id: u64) {
        let mut state = self.state();
        let Some(listeners) = state.listeners.get_mut(event) else {
            return;
        };
        listeners.retain(|listener| listener.id != id);
        if listeners.is_empty() {
            state.listeners.remove(event);
            let id = state.new_id();
            let params = serde_json::json!({ "events": [event] }).to_string();
            let body = request_body(id, "rpc.unsubscribe", params.as_bytes(), None);
            if let Some(frame) = self.frame(body) {
                let _ = self.orders.send(frame);
            }
        }
    }

    /// Says good-bye.
    pub(super) fn close(&self, code: u16, reason: &str) {
        let _ = self.orders.send(Frame::Close(Some(CloseFrame {
            code: code.into(),
            reason: shorten_reason(reason).into(),
        })));
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) -> End {
        let mut end = self.end.subscribe();
        match end.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(end)) => end.clone(),
            // The sender is ours: it is not dropped meanwhile.
            _ => (CloseCode::Abnormal.number(), String::new()),
        }
    }

    fn receive(&self, text: &[u8]) {
        let Some(message) = Message::read(text) else {
            // A frame of a protocol of the object's own, unless somebody waits for an answer of this number.
            if let Some(id) = answers_to(text) {
                self.settle(id, None);
            }
            return;
        };
        if let Some(id) = message.id {
            return self.settle(id, message.reply(500));
        }
        let mut state = self.state();
        if let Some(params) = message.params {
            let Some(listeners) = state.listeners.get_mut(&*params.event) else {
                return;
            };
            let heard = Heard {
                data: Bytes::copy_from_slice(params.data.get().as_bytes()),
                cursor: params.cursor.as_deref().map(Arc::from),
                rooms: params.rooms.into(),
            };
            listeners.retain(|listener| match listener.events.try_send(heard.clone()) {
                Ok(()) => true,
                Err(fault) => {
                    let full = matches!(fault, mpsc::error::TrySendError::Full(_));
                    listener.overflowed.store(full, Ordering::Release);
                    false
                }
            });
        }
    }

    /// Gives a call its answer; `None` for one that says nothing.
    fn settle(&self, id: u64, reply: Option<Reply>) {
        let Some(call) = self.state().calls.remove(&id) else {
            return;
        };
        let reply = reply.unwrap_or_else(|| Err(error::bad_message(call.mode)));
        // Who does not wait any more does not miss it.
        let _ = call.answer.send(reply);
    }

    /// Tells everyone who waits.
    fn finish(&self, end: End) {
        let mut state = self.state();
        state.listeners.clear();
        for (_, call) in state.calls.drain() {
            let _ = call.answer.send(Err(lost(&end, Some(call.mode))));
        }
        self.end.send_replace(Some(end));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is done with the lock held cannot panic half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

/// What a call gets whose connection is over.
fn lost((code, reason): &End, sent: Option<Mode>) -> Box<WireError> {
    let refused = [
        CloseCode::Refused.number(),
        CloseCode::RefusedForNow.number(),
    ];
    if refused.contains(code) && !reason.is_empty() {
        return error::refused(*code, reason);
    }
    let space = if reason.is_empty() { "" } else { " " };
    error::network(
        &format!("the connection is closed ({code}{space}{reason})"),
        sent,
    )
}

async fn dial(address: &Address, target: &Target, trust: &Trust) -> Result<Stream, Box<WireError>> {
    let uri = address.socket_of(target)?;
    let mut request = uri.into_client_request().map_err(|fault| refusal(&fault))?;
    let headers = request.headers_mut();
    let protocol = address.form.map_or("stayput.v1", Binary::subprotocol);
    let protocol = HeaderValue::from_static(protocol);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    if let Some(token) = &address.authorization {
        headers.insert(AUTHORIZATION, token.clone());
    }
    let config = Some(WebSocketConfig::default());
    #[cfg(feature = "client-tls")]
    let dialled = tokio_tungstenite::connect_async_tls_with_config(
        request,
        config,
        true,
        Some(trust.socket()),
    );
    #[cfg(not(feature = "client-tls"))]
    let dialled = {
        let _ = trust;
        tokio_tungstenite::connect_async_with_config(request, config, true)
    };
    let (stream, _) = dialled.await.map_err(|fault| refusal(&fault))?;
    Ok(stream)
}

/// Why there is no connection.
fn refusal(fault: &tungstenite::Error) -> Box<WireError> {
    let tungstenite::Error::Http(response) = fault else {
        return error::network(&reason(fault), None);
    };
    let status = response.status().as_u16();
    let body = response.body().as_deref().unwrap_or_default();
    match Message::read(body).and_then(|message| message.reply(status)) {
        Some(Err(error)) => error,
        _ => error::bad_answer(status, None),
    }
}

/// Writes what is ordered, until nobody can order any more.
async fn write(mut sink: SplitSink<Stream, Frame>, mut orders: mpsc::UnboundedReceiver<Frame>) {
    while let Some(frame) = orders.recv().await {
        let is_last = matches!(frame, Frame::Close(_));
        // What is ordered together is written together.
        let mut sent = sink.feed(frame).await;
        if orders.is_empty() || is_last {
            sent = sent.and(sink.flush().await);
        }
        if sent.is_err() || is_last {
            // The reader finds out why, or sees the answer to the good-bye.
            std::future::pending::<()>().await;
        }
    }
    // Everyone is gone; whether the good-bye arrives does not matter to anyone.
    let _ = tokio::time::timeout(PATIENCE, sink.close()).await;
}

/// Reads until the connection ends; answers why it did.
async fn read(mut stream: SplitStream<Stream>, shared: impl Fn() -> Option<Arc<Shared>>) -> End {
    let mut asked = false;
    loop {
        let patience = if asked { PATIENCE } else { SILENCE };
        let Ok(frame) = tokio::time::timeout(patience, stream.next()).await else {
            if asked {
                return (CloseCode::Abnormal.number(), "no answer".to_owned());
            }
            asked = true;
            if let Some(shared) = shared() {
                let _ = shared.orders.send(Frame::Ping(Bytes::new()));
            }
            continue;
        };
        asked = false;
        match frame {
            Some(Ok(message @ (Frame::Text(_) | Frame::Binary(_)))) => {
                if let Some(shared) = shared() {
                    shared.take(&message);
                }
            }
            Some(Ok(Frame::Close(frame))) => {
                // The answer to it leaves with the next read, which tells the end.
                let end = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                let _ = tokio::time::timeout(PATIENCE, stream.next()).await;
                return end.unwrap_or((CloseCode::NoCode.number(), String::new()));
            }
            Some(Ok(_)) => {}
            Some(Err(fault)) => return (CloseCode::Abnormal.number(), reason(&fault)),
            None => return (CloseCode::Abnormal.number(), String::new()),
        }
    }
}
