//! The host of the HTTP front: one wasm instance per isolate, shared by the requests that arrive there. Requests wake
//! no task of one another: the platform would not let a request touch what another one began.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use ::http::header::HOST;
use ::http::{HeaderMap, Method, Request as HttpRequest};
use bytes::Bytes;
use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::body::Pouring;
use super::environment::{Run, WorkersEnvironment, lost, read as read_answer};
use super::externs::Bridge;
use super::instance::{app, watch_panics};
use super::wire::{self, Newcomer};
use crate::auth::{Guard, Surroundings, TICKET_LIFE};
use crate::backend::{Environment, SharedEnvironment};
use crate::error::Code;
use crate::http::{
    Dispatch, Entered, Front, FrontConfig, Opening, Peer, Readiness, Request, Response,
};
use crate::object::{Caller, Envelope, Target, Timestamp};
use crate::rpc::{Reply, WireError};
use crate::socket::ConnectionId;
use crate::stream::Begun;
use crate::transfer::IMPORT;

/// The front in its wasm instance.
#[wasm_bindgen]
pub struct FrontHost {
    front: Rc<Front>,
    environment: Rc<WorkersEnvironment>,
    /// Whether it runs on a developer's machine, as `stayput dev --workers` says by `STAYPUT_DEVELOPER`.
    developing: bool,
}

#[wasm_bindgen]
impl FrontHost {
    /// A front that answers `manifest` as the app's.
    #[wasm_bindgen(constructor)]
    pub fn new(bridge: Bridge, manifest: String) -> Result<Self, JsError> {
        watch_panics(&bridge);
        let environment = Rc::new(WorkersEnvironment::new(bridge));
        let list = |name: &str| -> Vec<String> {
            let value = environment.variable(name).unwrap_or_default();
            value
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let developing = environment.variable("STAYPUT_DEVELOPER").as_deref() == Some("1");
        let app = app().ok_or_else(|| JsError::new("the app is not there"))?;
        let config = FrontConfig {
            classes: app.edge(),
            manifest: Some(Bytes::from(manifest)),
            assets: app.assets().to_vec(),
            origins: list("STAYPUT_ORIGINS"),
            hosts: list("STAYPUT_HOSTS"),
            auth: Guard::of(&app).with_developer(developing),
            routes: app.own_routes(),
            binary: app.binary(),
            transfer: app.transfer(),
            ..FrontConfig::default()
        };
        let front = Front::new(config).map_err(|error| JsError::new(&error.message))?;
        Ok(Self {
            front: Rc::new(front),
            environment,
            developing,
        })
    }

    /// How many bytes of a body to read; one more is enough to refuse it.
    pub fn body_limit(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let limit = self.front.limits().body as f64;
        limit
    }

    /// The same of a body that is a whole object.
    pub fn import_limit(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let limit = self.front.body_limit(IMPORT) as f64;
        limit
    }

    /// Whether any handler reads bodies as they come.
    pub fn takes_bodies(&self) -> bool {
        self.front.takes_bodies()
    }

    /// Whether the handler that a request leads to does.
    pub fn takes_body(&self, method: &str, url: &str) -> bool {
        let Ok(request) = read(method, url, "", Vec::new(), false) else {
            return false;
        };
        self.front.takes_body(&request.head)
    }

    /// Answers a request; `done` gets status, headers and body, and what opens a connection waits under `call`. Headers
    /// are lines of name, colon and value in both directions: one text crosses the border faster than many.
    pub fn handle(
        &self,
        call: u32,
        method: &str,
        url: &str,
        headers: &str,
        body: Vec<u8>,
        done: Function,
    ) {
        let request = read(method, url, headers, body, self.developing);
        let (front, environment) = (self.front.clone(), self.environment.clone());
        let task = Box::pin(async move {
            let dispatch = Edge(environment, call);
            let response = match request {
                Ok(request)
                    if request.body.len() > front.body_limit(request.head.uri.path())
                        && !front.asks_for_connection(&request.head) =>
                {
                    let error = front.body_too_large(request.head.uri.path());
                    front.refuse(request.head, request.peer, error, &dispatch)
                }
                Ok(request) => match front.answer(request, &dispatch).await {
                    Entered::Answered(response) => response,
                    Entered::Opening(opening) => open(&opening, &dispatch, call).await,
                },
                Err(fault) => {
                    dispatch
                        .0
                        .report(&format!("a request that cannot be: {fault}"));
                    let mut response = Response::new(Bytes::new());
                    *response.status_mut() = ::http::StatusCode::BAD_REQUEST;
                    response
                }
            };
            hand_over(&done, response, &dispatch);
        });
        // The request's id is made further in; what the front itself does is found in the log by its time.
        let run = Run {
            call,
            request_id: "at the front".into(),
        };
        self.environment.begin(run, task);
    }
}

impl fmt::Debug for FrontHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrontHost(..)")
    }
}

/// Answers a request for a connection. When its response opens one, `shell.js` has what belongs into it, under the
/// call's number.
async fn open(opening: &Opening, edge: &Edge, call: u32) -> Response {
    let mut random = [0; 16];
    edge.random(&mut random);
    let target = opening.target();
    let mut newcomer = Newcomer::new(
        ConnectionId::from_random(random),
        target.name.clone(),
        opening.caller().clone(),
        opening.kind(),
        opening.is_raw(),
        opening.binary().is_some(),
        opening.events().to_vec(),
    );
    newcomer.query = opening.query().into();
    newcomer.listening = opening.listening();
    let bridge = edge.0.bridge();
    let opened = async {
        let header = newcomer
            .encode()
            .map_err(|fault| JsValue::from_str(&fault))?;
        let id = target.id.to_string();
        let answer = bridge.open(&target.class, &id, target.name.as_deref(), &header, call)?;
        JsFuture::from(answer).await
    };
    let reply = match opened.await {
        Ok(answer) => read_answer(&answer.unchecked_into()),
        Err(thrown) => Err(Box::new(lost(&thrown))),
    };
    match reply {
        Ok(_) => opening.accept(),
        Err(error) => opening.refuse(error),
    }
}

/// The front's calls, on behalf of the request that made them, by the number that `shell.js` gave it.
struct Edge(Rc<WorkersEnvironment>, u32);

impl Surroundings for Edge {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }

    fn report(&self, message: &str) {
        self.0.report(message);
    }
}

impl Dispatch for Edge {
    async fn issue_ticket(
        &self,
        target: &Target,
        caller: &Arc<Caller>,
    ) -> Result<String, Box<WireError>> {
        let made = async {
            let caller = wire::encode_caller(caller).map_err(|fault| JsValue::from_str(&fault))?;
            let (id, name) = (target.id.to_string(), target.name.as_deref());
            let life = TICKET_LIFE.as_secs_f64() * 1_000.0;
            let ticket = self
                .0
                .bridge()
                .ticket(&target.class, &id, name, &caller, life)?;
            JsFuture::from(ticket).await
        };
        let ticket = made.await.map_err(|thrown| Box::new(lost(&thrown)))?;
        ticket.as_string().ok_or_else(|| {
            let message = "too many tickets are out; try again later";
            Box::new(WireError::framework(Code::Overloaded, message))
        })
    }

    async fn redeem_ticket(
        &self,
        target: &Target,
        ticket: &str,
    ) -> Result<Option<Arc<Caller>>, Box<WireError>> {
        let redeemed = async {
            let (id, name) = (target.id.to_string(), target.name.as_deref());
            let caller = self.0.bridge().redeem(&target.class, &id, name, ticket)?;
            JsFuture::from(caller).await
        };
        let caller = redeemed.await.map_err(|thrown| Box::new(lost(&thrown)))?;
        let caller = caller
            .as_string()
            .and_then(|text| wire::decode_caller(&text));
        Ok(caller.map(Arc::new))
    }

    async fn call(&self, envelope: Envelope) -> Reply {
        self.0.call(envelope).await
    }

    async fn stream(&self, envelope: Envelope) -> Result<Begun, Box<WireError>> {
        // `shell.js` has the items, and puts them into the response.
        let form = envelope
            .stream
            .as_ref()
            .map_or(0, |pipe| pipe.form().number());
        let begun = self.0.stream(envelope, form, self.1).await;
        begun.map(Begun::Elsewhere)
    }

    fn random(&self, bytes: &mut [u8]) {
        self.0.random(bytes);
    }

    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn environment(&self) -> Option<SharedEnvironment> {
        Some(self.0.clone())
    }
}

fn read(
    method: &str,
    url: &str,
    headers: &str,
    body: Vec<u8>,
    developing: bool,
) -> Result<Request, ::http::Error> {
    let mut request = HttpRequest::builder()
        .method(Method::from_bytes(method.as_bytes())?)
        .uri(url);
    for (name, value) in headers.lines().filter_map(|line| line.split_once(':')) {
        request = request.header(name, value);
    }
    let request = request.body(Bytes::from(body))?;
    let loopback = developing && is_local(request.headers());
    let peer = Peer {
        loopback,
        ..Peer::default()
    };
    Ok(Request::new(request, peer))
}

/// Whether a request that reached a Worker under development comes from the same machine, as far as can be told. One
/// that came through the platform's network always says so, and no client can take that away: a variable that was
/// deployed by mistake opens nothing.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    matches!(name, Some("localhost" | "127.0.0.1" | "[::1]")) && !headers.contains_key("cf-ray")
}

/// What the other side throws is its own affair: it has been told.
fn hand_over(done: &Function, mut response: Response, edge: &Edge) {
    if let Some(Pouring { reader, pour }) = response.extensions_mut().remove() {
        let _ = pour(&edge.0, edge.1, reader);
    }
    let (head, body) = response.into_parts();
    let mut headers = String::new();
    for (name, value) in &head.headers {
        headers.push_str(name.as_str());
        headers.push(':');
        headers.push_str(&String::from_utf8_lossy(value.as_bytes()));
        headers.push('\n');
    }
    let _ = done.call3(
        &JsValue::UNDEFINED,
        &head.status.as_u16().into(),
        &headers.into(),
        &Uint8Array::from(body.as_ref()).into(),
    );
}
