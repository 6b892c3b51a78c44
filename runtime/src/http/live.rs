//! Connections that stay open: who may open one, and what is said on it.

use std::sync::Arc;

use ::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use ::http::request::Parts;
use ::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use bytes::Bytes;

use super::binary::{Answers, Binary};
use super::class::Class;
use super::door::DoorWay;
use super::front::{Front, not_draining, segment, target};
use super::gate::Pass;
use super::params::pairs;
use super::path::Path;
use super::request::Trace;
use super::response::{Form, Refusal, finish, refusal};
use super::session::{Session, Step, Subscription, write_answer};
use super::{Dispatch, Limits, Request, Response};
use crate::error::Code;
use crate::object::{Caller, Envelope, Listening, Target, Timestamp};
use crate::rpc::{Call, Id, Incoming, Message, Reply, WireError, parse, write_error};
use crate::socket::{ConnectionId, ConnectionKind, MessageForm, check_query};
use crate::stream::{Steer, Streams};

/// What is spoken on a WebSocket that asks for nothing else, and its name as a subprotocol.
const PROTOCOL: &str = "stayput.v1";
/// What the server itself takes of the URL of a stream.
const LISTING: &[&str] = &["ticket", "events", "after"];
/// How far a browser has come in a stream that it lost.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The system path of an object's events.
const EVENTS: &str = "~events";

/// A request for a connection, checked but not answered.
#[derive(Debug)]
pub struct Opening {
    request: Request,
    pass: Pass,
    trace: Trace,
    class: Arc<Class>,
    target: Target,
    caller: Arc<Caller>,
    limits: Limits,
    speech: Speech,
    /// In which form it is refused.
    answers: Answers,
}

#[derive(Debug)]
enum Speech {
    /// JSON-RPC, by which name it was asked for, and in which form if it is not text.
    JsonRpc {
        named: Option<&'static str>,
        form: Option<Binary>,
    },
    /// Frames for the `message` handler. Of messages by type: their form, and the events that are told so.
    Raw(Option<&'static MessageForm>, Vec<Arc<str>>),
    /// Server-Sent Events.
    Stream(Listed),
}

/// What a stream of Server-Sent Events listens to.
#[derive(Debug)]
struct Listed {
    /// Wire names, sorted.
    events: Vec<Arc<str>>,
    /// How far the reader has come.
    after: Option<String>,
    /// Whether something is kept of any of them: then the object is asked for what was missed.
    kept: bool,
}

/// What is said on an open WebSocket.
#[derive(Debug)]
pub struct Live {
    class: Arc<Class>,
    target: Target,
    caller: Arc<Caller>,
    limits: Limits,
    connection: ConnectionId,
    raw: bool,
    /// The form of messages that are no text.
    binary: Option<Binary>,
}

/// What a message asks for.
#[derive(Debug)]
pub enum Asked {
    /// Nothing.
    Nothing,
    /// To be answered by this.
    Answer(Vec<u8>),
    /// A call.
    Call(Answerable, Envelope),
    /// A call whose result is read item by item, and answered by the envelope's pipe.
    Items(&'static Streams, Envelope),
    /// Something about such a result.
    Steer(&'static Streams, Answerable, Steer),
    /// Other events.
    Subscribe(Answerable, Subscription),
    /// Several things in turn: [`Live::answer`] does them.
    Batch,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Answerable {
    /// JSON text of its id; `None` for a notification.
    id: Option<Bytes>,
    request_id: Arc<str>,
}

impl Front {
    /// Whether a request asks for a connection, and so goes to [`open`](Self::open).
    pub fn asks_for_connection(&self, head: &Parts) -> bool {
        if head.method != Method::GET || self.assets().has(head.uri.path()) {
            return false;
        }
        match self.way(head) {
            DoorWay::Past => is_live(head.uri.path()),
            DoorWay::Object(uri) => is_live(uri.path()),
            DoorWay::Own => false,
        }
    }

    /// Checks a request that asks for a connection; an error is its response.
    pub async fn open(
        &self,
        request: Request,
        dispatch: &impl Dispatch,
    ) -> Result<Opening, Response> {
        let request = self.enter(request, dispatch).await?;
        self.open_at_object(request, dispatch).await
    }

    /// Checks a request for a connection that has passed the app's own routes.
    pub(super) async fn open_at_object(
        &self,
        request: Request,
        dispatch: &impl Dispatch,
    ) -> Result<Opening, Response> {
        let trace = Trace::of(request.headers(), dispatch);
        let (pass, error) = match self.gate().check(&request, false) {
            Err(error) => (Pass::Same, error.into()),
            Ok(pass) => match self.admit_live(&request, dispatch).await {
                Ok((class, target, caller, speech)) => {
                    return Ok(Opening {
                        answers: self.answers(&request),
                        request,
                        pass,
                        trace,
                        class,
                        target,
                        caller,
                        limits: *self.limits(),
                        speech,
                    });
                }
                Err(error) => (pass, error),
            },
        };
        let mut response = refusal(&error, Form::Rest, self.answers(&request), &trace.id);
        finish(&mut response, request.method(), &pass, &trace.id);
        Err(response)
    }

    /// What a client that is no HTTP client says on a connection, if it may have one.
    pub fn live(
        &self,
        target: Target,
        caller: Arc<Caller>,
        connection: ConnectionId,
        dispatch: &impl Dispatch,
    ) -> Result<Live, Box<WireError>> {
        let class = self.classes().shared(&target.class)?;
        not_draining(dispatch)?;
        check_public(&class, &caller)?;
        Ok(Live {
            class,
            target,
            caller,
            limits: *self.limits(),
            connection,
            raw: false,
            binary: None,
        })
    }

    async fn admit_live(
        &self,
        request: &Request,
        dispatch: &impl Dispatch,
    ) -> Result<(Arc<Class>, Target, Arc<Caller>, Speech), Refusal> {
        let (class, name, socket) = match Path::split(request.path()) {
            Path::Object { class, name } => (class, name, true),
            Path::Action { class, name, .. } => (class, name, false),
            Path::Top(_) | Path::Deep { .. } | Path::Other => {
                return Err(super::front::no_path());
            }
        };
        // Before the handshake, so that who mistypes a class is told so.
        let class = self.classes().shared(&segment(class)?)?;
        if socket {
            check_handshake(&request.head)?;
        }
        let target = target(&class, name)?;
        let caller = self.identify_live(request, &target, dispatch).await?;
        not_draining(dispatch)?;
        check_public(&class, &caller)?;
        let speech = if socket {
            match speech(request.headers(), &class, self.binary())? {
                // It cannot subscribe: it hears whatever its caller may.
                Speech::Raw(Some(form), _) => {
                    let none: Option<[&str; 0]> = None;
                    Speech::Raw(Some(form), class.events(none, &caller, &target)?)
                }
                speech => speech,
            }
        } else {
            Speech::Stream(listed(request, &class, &caller, &target)?)
        };
        check_query(
            &class.connect,
            request.query(),
            if socket { &["ticket"] } else { LISTING },
        )?;
        Ok((class, target, caller, speech))
    }
}

/// Whether a `GET` of this path asks for a connection.
pub(super) fn is_live(path: &str) -> bool {
    match Path::split(path) {
        Path::Object { .. } => true,
        Path::Action { action, .. } => action == EVENTS,
        Path::Top(_) | Path::Deep { .. } | Path::Other => false,
    }
}

fn check_public(class: &Class, caller: &Caller) -> Result<(), WireError> {
    if caller.is_authenticated() || class.is_public() {
        return Ok(());
    }
    let message = "nothing here is public and the request carries no credentials";
    Err(WireError::framework(Code::Unauthenticated, message))
}

/// RFC 6455, 4.2.1.
fn check_handshake(head: &Parts) -> Result<(), WireError> {
    let headers = &head.headers;
    if !has_token(headers, UPGRADE, "websocket") {
        let message = "this path is called by `POST`, or opened as a WebSocket";
        return Err(WireError::framework(Code::UpgradeRequired, message));
    }
    let malformed = |message: &'static str| WireError::framework(Code::MalformedRequest, message);
    if head.version < Version::HTTP_11 || !has_token(headers, CONNECTION, "upgrade") {
        return Err(malformed(
            "a WebSocket is opened by HTTP/1.1 with `Connection: Upgrade`",
        ));
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .map(HeaderValue::as_bytes)
        != Some(b"13")
    {
        let message = "only version 13 of the WebSocket protocol is spoken here";
        return Err(WireError::framework(Code::UpgradeRequired, message));
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let sound = keys.next().is_some_and(|key| is_key(key.as_bytes()));
    if !sound || keys.next().is_some() {
        return Err(malformed(
            "`Sec-WebSocket-Key` must be 16 bytes in base64, once",
        ));
    }
    Ok(())
}

/// Whether it is 16 bytes in base64: 22 digits, the last of which holds two bits, and the padding.
fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24
        && key.ends_with(b"==")
        && key[..22].iter().all(digit)
        && matches!(key[21], b'A' | b'Q' | b'g' | b'w')
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|one| one.eq_ignore_ascii_case(token.as_bytes()))
}

fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(name).into_iter();
    let tokens = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.map(<[u8]>::trim_ascii)
}

fn speech(headers: &HeaderMap, class: &Class, binary: Option<Binary>) -> Result<Speech, WireError> {
    // The first that is spoken here: clients name what they like best first.
    for token in tokens(headers, SEC_WEBSOCKET_PROTOCOL) {
        let is = |protocol: &str| token.eq_ignore_ascii_case(protocol.as_bytes());
        if is(PROTOCOL) {
            return Ok(Speech::JsonRpc {
                named: Some(PROTOCOL),
                form: None,
            });
        }
        if let Some(form) = binary.filter(|binary| is(binary.subprotocol())) {
            return Ok(Speech::JsonRpc {
                named: Some(form.subprotocol()),
                form: Some(form),
            });
        }
    }
    if headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        // One that only carries a token is none that could be answered with.
        let only = "of WebSocket subprotocols only `stayput.v1` is spoken here";
        let message = binary.map_or(only, Binary::refused_protocol);
        return Err(WireError::framework(Code::MalformedRequest, message));
    }
    Ok(if class.hooks.message {
        Speech::Raw(class.form, Vec::new())
    } else {
        Speech::JsonRpc {
            named: None,
            form: None,
        }
    })
}

/// The events of a stream.
fn listed(
    request: &Request,
    class: &Class,
    caller: &Caller,
    target: &Target,
) -> Result<Listed, Box<WireError>> {
    let (mut asked, mut after) = (None, None);
    for pair in pairs(request.query()) {
        let (name, value) = pair?;
        let place = match &*name {
            "ticket" => continue,
            "events" => &mut asked,
            "after" => &mut after,
            name if class.connect.iter().any(|params| params.has(name)) => continue,
            _ => return Err(no_listing()),
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(no_listing());
        }
    }
    // A browser that connects again says by itself how far it has come: further than the URL that it began with.
    let last = request.headers().get(LAST_EVENT_ID);
    let last = last
        .and_then(|last| last.to_str().ok())
        .filter(|last| !last.is_empty());
    let names = asked
        .as_ref()
        .map(|text| text.split(',').filter(|name| !name.is_empty()));
    let events = class.events(names, caller, target)?;
    Ok(Listed {
        kept: class.keeps(&events),
        after: last.map(str::to_owned).or(after),
        events,
    })
}

fn no_listing() -> Box<WireError> {
    let message = "a stream of events takes `?events=`, names separated by commas, and `?after=`, a cursor, each once";
    Box::new(WireError::framework(Code::MalformedRequest, message))
}

impl Opening {
    /// The object.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Who asks.
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// What it will be.
    pub fn kind(&self) -> ConnectionKind {
        match self.speech {
            Speech::Stream(_) => ConnectionKind::Sse,
            Speech::JsonRpc { .. } | Speech::Raw(..) => ConnectionKind::WebSocket,
        }
    }

    /// Whether its text will go to the object's `message` handler.
    pub fn is_raw(&self) -> bool {
        matches!(self.speech, Speech::Raw(..))
    }

    /// The form of its messages, if they are no text.
    pub fn binary(&self) -> Option<Binary> {
        match self.speech {
            Speech::JsonRpc { form, .. } => form,
            Speech::Raw(..) | Speech::Stream(_) => None,
        }
    }

    /// The form of its messages, if they are messages by type.
    pub fn form(&self) -> Option<&'static MessageForm> {
        match self.speech {
            Speech::Raw(form, _) => form,
            Speech::JsonRpc { .. } | Speech::Stream(_) => None,
        }
    }

    /// The events that it listens to as soon as it is let in.
    pub fn events(&self) -> &[Arc<str>] {
        match &self.speech {
            Speech::Stream(listed) if !listed.kept => &listed.events,
            Speech::Raw(_, events) => events,
            Speech::Stream(_) | Speech::JsonRpc { .. } => &[],
        }
    }

    /// The query of its URL, if the class's handlers take any of it.
    pub fn query(&self) -> &str {
        if self.class.connect.is_empty() {
            return "";
        }
        self.request.query()
    }

    /// What it listens to once it is let in, after what it missed: where something is kept of the events.
    pub(crate) fn listening(&self) -> Option<Listening> {
        let Speech::Stream(listed) = &self.speech else {
            return None;
        };
        listed.kept.then(|| Listening {
            events: listed.events.clone(),
            after: listed.after.clone(),
        })
    }

    /// The call that has it listen.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn listen(
        &self,
        listening: &Listening,
        connection: ConnectionId,
        dispatch: &impl Dispatch,
    ) -> Result<Envelope, Box<WireError>> {
        let session = Session {
            class: &self.class,
            target: &self.target,
            caller: &self.caller,
            trace: &self.trace,
            limits: &self.limits,
            dispatch,
            connection: Some(connection),
            key: None,
        };
        session.listening(listening)
    }

    /// The key of a WebSocket's handshake.
    pub fn key(&self) -> &[u8] {
        let key = self.request.headers().get(SEC_WEBSOCKET_KEY);
        key.map(HeaderValue::as_bytes).unwrap_or_default()
    }

    /// The response that opens it, but for `Sec-WebSocket-Accept`.
    pub fn accept(&self) -> Response {
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        match self.speech {
            Speech::Stream(_) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                // Proxies that gather what they pass on are asked not to.
                headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            }
            Speech::JsonRpc { named, .. } => {
                switch(&mut response);
                if let Some(named) = named {
                    let protocol = HeaderValue::from_static(named);
                    response
                        .headers_mut()
                        .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
                }
            }
            Speech::Raw(..) => switch(&mut response),
        }
        finish(
            &mut response,
            self.request.method(),
            &self.pass,
            &self.trace.id,
        );
        if self.kind() == ConnectionKind::WebSocket {
            response.headers_mut().remove(CACHE_CONTROL);
        }
        response
    }

    /// The response that refuses it.
    pub fn refuse(&self, error: Box<WireError>) -> Response {
        let mut response = refusal(&error.into(), Form::Rest, self.answers, &self.trace.id);
        finish(
            &mut response,
            self.request.method(),
            &self.pass,
            &self.trace.id,
        );
        response
    }

    /// What is said on it once it is open.
    pub fn live(&self, connection: ConnectionId) -> Live {
        Live {
            class: self.class.clone(),
            target: self.target.clone(),
            caller: self.caller.clone(),
            limits: self.limits,
            connection,
            raw: self.is_raw(),
            binary: self.binary(),
        }
    }
}

fn switch(response: &mut Response) {
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
}

impl Live {
    /// The same, but text goes to the object's `message` handler.
    #[must_use]
    pub fn raw(self, raw: bool) -> Self {
        Self { raw, ..self }
    }

    /// Whether text goes to the object's `message` handler.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// The same, but messages are in this form.
    #[must_use]
    pub fn in_form(self, binary: Option<Binary>) -> Self {
        Self { binary, ..self }
    }

    /// The form of its messages, if they are no text.
    pub fn binary(&self) -> Option<Binary> {
        self.binary
    }

    /// The JSON text of a message in that form; an error is the JSON text it is answered with.
    pub fn decode(
        &self,
        form: Binary,
        bytes: &[u8],
        dispatch: &impl Dispatch,
    ) -> Result<Bytes, Vec<u8>> {
        form.read(bytes).map_err(|error| {
            let trace = Trace::fresh(dispatch);
            self.session(&trace, dispatch).refused(&error)
        })
    }

    /// Whether the credentials it was opened with have expired: then it is closed with
    /// [`CloseCode::Unauthenticated`](crate::socket::CloseCode::Unauthenticated), whatever is said on it.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.caller.is_expired(now)
    }

    /// Whether bytes go to it.
    pub fn takes_bytes(&self) -> bool {
        self.class.hooks.message
    }

    /// The object.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Reads a message.
    pub fn read(&self, text: &Bytes, dispatch: &impl Dispatch) -> Asked {
        let trace = Trace::fresh(dispatch);
        let Call {
            id,
            method,
            params,
            key,
            stream,
        } = match parse(text) {
            Incoming::Single(Message::Call(call)) => call,
            Incoming::Single(Message::Invalid { id, error }) => {
                return refused(id, &error, &trace.id);
            }
            Incoming::Refused(error) => return refused(Id::NULL, &error, &trace.id),
            Incoming::Batch(_) => return Asked::Batch,
        };
        let step = match not_draining(dispatch) {
            Ok(()) => self
                .session(&trace, dispatch)
                .step(&method, params, key.as_deref()),
            Err(error) => Err(Box::new(error)),
        };
        let answerable = Answerable {
            id: id.map(|id| text.slice_ref(id.as_json().as_bytes())),
            request_id: trace.id.clone(),
        };
        match step {
            Ok(Step::Items(streams, mut envelope)) if stream && let Some(id) = id => {
                (streams.frame)(id.as_json(), &mut envelope);
                Asked::Items(streams, envelope)
            }
            Ok(Step::Call(envelope) | Step::Items(_, envelope)) => {
                Asked::Call(answerable, envelope)
            }
            Ok(Step::Steer(streams, steer)) => Asked::Steer(streams, answerable, steer),
            Ok(Step::Subscribe(subscription)) => Asked::Subscribe(answerable, subscription),
            Ok(Step::Done(result)) => answerable.answered(Ok(result)),
            Err(error) => answerable.answered(Err(error)),
        }
    }

    /// Does what a batch asks for, one after the other; `None` if nothing in it wants an answer.
    pub async fn answer(&self, text: &Bytes, dispatch: &impl Dispatch) -> Option<Vec<u8>> {
        let trace = Trace::fresh(dispatch);
        if let Err(error) = not_draining(dispatch) {
            let mut out = Vec::new();
            write_error(&mut out, Id::NULL, &error, &trace.id);
            return Some(out);
        }
        self.session(&trace, dispatch).answer(text).await
    }

    /// Answers everything in a message alike; `None` if nothing in it wants an answer.
    pub fn fail(
        &self,
        text: &Bytes,
        error: &WireError,
        dispatch: &impl Dispatch,
    ) -> Option<Vec<u8>> {
        let trace = Trace::fresh(dispatch);
        let mut out = Vec::new();
        let answer = |message: Message<'_>, out: &mut Vec<u8>| match message {
            Message::Call(Call { id: Some(id), .. }) => write_error(out, id, error, &trace.id),
            Message::Call(Call { id: None, .. }) => {}
            Message::Invalid { id, error } => write_error(out, id, &error, &trace.id),
        };
        match parse(text) {
            Incoming::Single(message) => answer(message, &mut out),
            Incoming::Refused(error) => write_error(&mut out, Id::NULL, &error, &trace.id),
            Incoming::Batch(messages) => {
                for message in messages {
                    let before = out.len();
                    out.push(if before == 0 { b'[' } else { b',' });
                    let begun = out.len();
                    answer(message, &mut out);
                    if out.len() == begun {
                        out.truncate(before);
                    }
                }
                if !out.is_empty() {
                    out.push(b']');
                }
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// Does one thing.
    pub async fn call(
        &self,
        method: &str,
        params: Bytes,
        key: Option<&str>,
        dispatch: &impl Dispatch,
    ) -> Reply {
        not_draining(dispatch)?;
        let trace = Trace::fresh(dispatch);
        self.session(&trace, dispatch)
            .method(method, params, key)
            .await
    }

    /// Whether the class's `connect` handlers take this query.
    pub fn check_query(&self, query: &str) -> Result<(), Box<WireError>> {
        check_query(&self.class.connect, query, &[])
    }

    fn session<'a, D>(&'a self, trace: &'a Trace, dispatch: &'a D) -> Session<'a, D> {
        Session {
            class: &self.class,
            target: &self.target,
            caller: &self.caller,
            trace,
            limits: &self.limits,
            dispatch,
            connection: Some(self.connection),
            key: None,
        }
    }
}

fn refused(id: Id<'_>, error: &WireError, request_id: &str) -> Asked {
    let mut out = Vec::new();
    write_error(&mut out, id, error, request_id);
    Asked::Answer(out)
}

impl Answerable {
    /// Appends the answer, if one is wanted.
    pub fn write(&self, reply: Reply, out: &mut Vec<u8>) {
        // The id was text when it was cut out.
        let id = self.id.as_deref().map(std::str::from_utf8);
        if let Some(Ok(id)) = id {
            write_answer(out, Id::of_json(id), reply, &self.request_id);
        }
    }

    fn answered(&self, reply: Reply) -> Asked {
        if self.id.is_none() {
            return Asked::Nothing;
        }
        let mut out = Vec::new();
        self.write(reply, &mut out);
        Asked::Answer(out)
    }
}
