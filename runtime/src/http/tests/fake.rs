//! A backend of three classes that remembers what it was asked.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::super::{
    Asset, Discover, Dispatch, EdgeAction, EdgeAuth, EdgeClass, EdgeEvent, Front, FrontConfig,
    Peer, Readiness, Request, Response,
};
use crate::action::{Param, Route};
use crate::auth::{Guard, Surroundings};
use crate::error::Code;
use crate::object::{Envelope, IdKey, Mode, Timestamp};
use crate::rpc::{Reply, WireError};
use crate::socket::Hooks;

/// Answers at once, by the action's name.
pub(super) struct Fake {
    pub(super) calls: RefCell<Vec<Envelope>>,
    pub(super) readiness: Readiness,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self {
            calls: RefCell::default(),
            readiness: Readiness::Ready,
        }
    }

    /// The calls so far, forgotten afterwards.
    pub(super) fn executed(&self) -> Vec<Envelope> {
        self.calls.take()
    }
}

impl Surroundings for Fake {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000)
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn report(&self, message: &str) {
        panic!("{message}");
    }
}

impl Dispatch for Fake {
    async fn call(&self, envelope: Envelope) -> Reply {
        let reply = answer(&envelope.action, &envelope.params);
        self.calls.borrow_mut().push(envelope);
        reply
    }

    fn random(&self, bytes: &mut [u8]) {
        for (at, byte) in (0..).zip(bytes) {
            *byte = at;
        }
    }

    fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }
}

fn answer(action: &str, params: &Bytes) -> Reply {
    let params = || serde_json::from_slice::<serde_json::Value>(params).unwrap_or_default();
    let number = |at: usize, name: &str| {
        let params = params();
        params
            .get(at)
            .or_else(|| params.get(name))
            .and_then(serde_json::Value::as_i64)
            .unwrap()
    };
    match action {
        "subtract" => Ok((number(0, "minuend") - number(1, "subtrahend"))
            .to_string()
            .into()),
        "sum" => Ok((number(0, "") + number(1, "") + number(2, ""))
            .to_string()
            .into()),
        "get_data" => Ok(Bytes::from_static(b"[\"hello\",5]")),
        "fail" => Err(Box::new(WireError {
            rpc_code: 1,
            status: 409,
            code: "room.full".into(),
            message: "the room holds \"3\"\nand no more".into(),
            details: serde_json::value::to_raw_value(&serde_json::json!({"max": 3})).ok(),
            retryable: false,
            maybe_executed: false,
        })),
        "panic" => {
            let text = "CANARY in the panic's text";
            Err(Box::new(
                WireError::framework(Code::Internal, text).details(text),
            ))
        }
        "slow" => {
            let error = WireError::framework(Code::Timeout, "no answer after 25 s");
            Err(Box::new(error.maybe_executed()))
        }
        "busy" => Err(Box::new(WireError::framework(
            Code::Overloaded,
            "1,000 calls are waiting",
        ))),
        "value" | "peek" => Ok(Bytes::from_static(b"41")),
        "list" | "export" => Ok(Bytes::from_static(br#"[{"id":7}]"#)),
        "create" => Ok(Bytes::from_static(br#"{"id":"a b/c","name":"Ada"}"#)),
        "first" => Ok(Bytes::from_static(b"null")),
        "user" if params()["id"] == 9 => Ok(Bytes::from_static(b"null")),
        "user" => Ok(Bytes::from_static(br#"{"id":7}"#)),
        _ => Ok(Bytes::new()),
    }
}

fn action(name: &str, mode: Mode, auth: EdgeAuth) -> EdgeAction {
    EdgeAction {
        name: name.to_owned(),
        aliases: Vec::new(),
        mode,
        auth,
        route: None,
        raw: None,
        job: None,
        streams: None,
    }
}

/// The classes of the fake: `calc` (all public), `counter` (one action of each kind), `chat-room`.
pub(super) fn classes() -> Vec<EdgeClass> {
    let class = |path: &str, actions: Vec<EdgeAction>| EdgeClass {
        path: path.to_owned(),
        aliases: Vec::new(),
        ids: IdKey::new(&format!("stayput:test:{path}")),
        discover: Discover::Text(format!("{{\"classes\":{{\"{path}\":{{}}}}}}").into()),
        actions,
        events: Vec::new(),
        hooks: Hooks::default(),
        connect: Vec::new(),
        form: None,
    };
    let calc = [
        "update",
        "foobaz",
        "subtract",
        "sum",
        "get_data",
        "notify_hello",
        "notify_sum",
    ];
    let calc = calc
        .iter()
        .map(|name| action(name, Mode::Write, EdgeAuth::Public))
        .collect();
    let mut counter: Vec<_> = ["fail", "panic", "slow", "busy", "reset"]
        .iter()
        .map(|name| action(name, Mode::Write, EdgeAuth::Public))
        .collect();
    counter.push(action("increment", Mode::Write, EdgeAuth::Authenticated));
    counter.push(action("value", Mode::Read, EdgeAuth::Public));
    counter.push(action(
        "peek",
        Mode::Read,
        EdgeAuth::Scope("counter:read".into()),
    ));
    counter.push(action("retitle", Mode::Free, EdgeAuth::Public));
    counter.push(action("close", Mode::Write, EdgeAuth::Internal));
    counter[4].aliases.push("clear".to_owned());
    let mut room = class(
        "chat-room",
        vec![action("presence.list", Mode::Read, EdgeAuth::Public)],
    );
    room.aliases.push("room".to_owned());
    let event = |name: &str, auth| EdgeEvent {
        name: name.into(),
        auth,
        kept: false,
        can_subscribe: None,
    };
    room.events = vec![
        event("said", EdgeAuth::Public),
        event("presence.joined", EdgeAuth::Authenticated),
        event("flagged", EdgeAuth::Scope("room:moderate".into())),
    ];
    let mut pipe = class("pipe", Vec::new());
    pipe.hooks.message = true;
    vec![
        class("calc", calc),
        class("counter", counter),
        room,
        pipe,
        class("users", users()),
    ]
}

/// Actions with routes.
fn users() -> Vec<EdgeAction> {
    let routed = |name: &str, mode, params: &[&'static str], route: Route| {
        let params: Vec<_> = params.iter().map(|name| Param::new(name, "")).collect();
        EdgeAction {
            route: Some(route.under("", &params)),
            ..action(name, mode, EdgeAuth::Public)
        }
    };
    let create = Route::new("POST", "/users").status(201);
    vec![
        routed("list", Mode::Read, &[], Route::new("GET", "/users")),
        routed(
            "user",
            Mode::Read,
            &["id"],
            Route::new("GET", "/users/{id}"),
        ),
        routed(
            "first",
            Mode::Read,
            &[],
            Route::new("GET", "/users/first").null_is_found(),
        ),
        routed(
            "create",
            Mode::Write,
            &["name"],
            create.location("/users/{id}"),
        ),
        routed(
            "rename",
            Mode::Write,
            &["name", "id"],
            Route::new("PUT", "/users/{id}"),
        ),
        routed(
            "remove",
            Mode::Write,
            &["id"],
            Route::new("DELETE", "/users/{id}").status(204),
        ),
        routed("export", Mode::Read, &[], Route::new("GET", "/export")),
        EdgeAction {
            auth: EdgeAuth::Scope("users:write".into()),
            ..routed("clear", Mode::Write, &[], Route::new("DELETE", "/users"))
        },
    ]
}

pub(super) fn config() -> FrontConfig {
    FrontConfig {
        classes: classes(),
        manifest: Some(Bytes::from_static(b"{\"stayput\":{\"manifest\":1}}")),
        assets: vec![
            Asset {
                path: "/",
                bytes: b"<!doctype html>",
            },
            Asset {
                path: "/web/app.js",
                bytes: b"1;",
            },
        ],
        origins: vec!["https://app.example".to_owned()],
        hosts: Vec::new(),
        auth: Guard::default().with_developer(true),
        ..FrontConfig::default()
    }
}

pub(super) fn front() -> Front {
    Front::new(config()).unwrap()
}

/// This machine, connected to port 8787.
pub(super) const LOCAL: Peer = Peer {
    ip: None,
    loopback: true,
    port: Some(8787),
};

/// Drives a future that never has to wait.
pub(super) fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the fake answers at once"),
    }
}

pub(super) fn send(front: &Front, fake: &Fake, request: ::http::Request<Bytes>) -> Response {
    now(front.handle(Request::new(request, LOCAL), fake))
}

/// Sends a JSON-RPC body and gives the status and the body of the response.
pub(super) fn post(path: &str, body: impl Into<Bytes>, fake: &Fake) -> (u16, String) {
    let request = ::http::Request::post(path)
        .header("host", "localhost:8787")
        .header("content-type", "application/json")
        .header("x-request-id", "r1")
        .body(body.into())
        .unwrap();
    let response = send(&front(), fake, request);
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), body)
}
