//! The host of one object: what `shell.js` makes in the object's own wasm instance.

use std::fmt;
use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::environment::{Run, WorkersEnvironment};
use super::externs::{Bridge, Flow, Source, answer, deliver};
use super::home::Home;
use super::instance::{forget_call, note_call, streams, watch_panics};
use super::packed::{as_text, unpack};
use super::talk::{self, Parting};
use super::wire;
use crate::backend::Environment;
use crate::error::Code;
use crate::object::{Delivery, Envelope, IncomingCall};
use crate::rpc::{Reply, WireError};

/// One object in its wasm instance. Each method gets the number that a trap is blamed on, and what to call when it is
/// done.
#[wasm_bindgen]
pub struct ObjectHost {
    pub(super) home: Rc<Home>,
}

#[wasm_bindgen]
impl ObjectHost {
    /// The object with this class path and id (64 hex digits), and its name if the platform knows it.
    #[wasm_bindgen(constructor)]
    pub fn new(
        bridge: Bridge,
        class: &str,
        id: &str,
        name: Option<String>,
    ) -> Result<Self, JsError> {
        watch_panics(&bridge);
        let name = name.map(Into::into);
        Ok(Self {
            home: Rc::new(Home::new(bridge, class, id.parse()?, name)),
        })
    }

    /// Runs a call; `done` gets its answer.
    pub fn submit(&self, call: u32, text: String, params: Option<Vec<u8>>, done: Function) {
        match unpack(self.home.place(), text, params) {
            Ok(envelope) => self.run(call, envelope, done),
            Err(fault) => self.refuse(&fault, &done),
        }
    }

    /// Runs a call whose items go into `flow` as they come, in the form of this number; `done` gets its answer when all have
    /// gone, which counts only if none has. `body`: that of the request, if it is read as it comes.
    pub fn stream(
        &self,
        call: u32,
        text: String,
        params: Option<Vec<u8>>,
        form: u8,
        flow: Flow,
        body: Option<Source>,
        done: Function,
    ) {
        let envelope = match unpack(self.home.place(), text, params) {
            Ok(envelope) => envelope,
            Err(fault) => return self.refuse(&fault, &done),
        };
        match streams(&envelope) {
            Some(streams) => (streams.workers.pour)(self, call, envelope, (form, flow, body), done),
            None => self.run(call, envelope, done),
        }
    }

    /// What stands behind the items of a call that ended with the instance before this one; undefined where that can only
    /// be told by breaking off.
    pub fn tail(&self, text: String, form: u8, fault: &str) -> Option<Vec<u8>> {
        let call = unpack(self.home.place(), text, None).ok()?;
        (streams(&call)?.workers.tail)(form, &call.request_id, fault)
    }

    /// Runs a call by JavaScript code of this account: parameters by position.
    pub fn rpc(&self, call: u32, action: &str, params: Vec<u8>, done: Function) {
        self.run(call, self.home.envelope(action, params), done);
    }

    /// Runs the alarm items that are due; `done` gets `{next}`, when the earliest of those that are left is due.
    pub fn alarm(&self, call: u32, done: Function) {
        match self.home.live(None) {
            Ok(live) => {
                let home = self.home.clone();
                // Whether it could be begun or not, what is left to do is among the records.
                let done =
                    Box::new(move |_begun| deliver(&done, &answer("next", &home.next_alarm())));
                let run = Run {
                    call,
                    request_id: "alarm".into(),
                };
                WorkersEnvironment::attribute(run, || live.alarm(done));
            }
            Err(fault) => {
                self.home.environment.report(&fault);
                deliver(&done, &answer("next", &JsValue::from_f64(0.0)));
            }
        }
    }

    /// Lets a connection in, whose socket is there already; `done` gets the answer, an error if it is refused.
    pub fn open(&self, call: u32, header: &str, done: Function) {
        let run = named(call, "connect");
        let done = move |reply| deliver(&done, &answer_of(reply));
        WorkersEnvironment::attribute(run, || talk::open(&self.home, header, done));
    }

    /// Takes a message: text or an `ArrayBuffer`.
    pub fn message(&self, call: u32, id: &str, message: &JsValue, done: Function) {
        let run = named(call, "message");
        let done = move || deliver(&done, &answer_of(Ok(bytes::Bytes::new())));
        WorkersEnvironment::attribute(run, || talk::message(&self.home, call, id, message, done));
    }

    /// Answers the requests of a message that ended the instance before this one. True if it is a frame for the object's
    /// own handler that another call's panic cut short: it is to be taken again.
    pub fn unanswered(&self, id: &str, message: &JsValue, fault: &str) -> bool {
        talk::unanswered(&self.home, id, message, fault)
    }

    /// Knows a connection no more whose `disconnect` handler ended the instance before this one.
    pub fn forget(&self, id: &str) {
        if let Ok(id) = id.parse() {
            self.home.connections().roster.remove(id);
        }
    }

    /// A connection is gone.
    pub fn gone(
        &self,
        call: u32,
        id: &str,
        code: u16,
        reason: String,
        clean: bool,
        done: Function,
    ) {
        let run = named(call, "disconnect");
        let done = move || deliver(&done, &answer_of(Ok(bytes::Bytes::new())));
        let parting = Parting {
            code,
            reason,
            clean,
        };
        WorkersEnvironment::attribute(run, || talk::gone(&self.home, id, parting, done));
    }
}

impl ObjectHost {
    fn run(&self, call: u32, envelope: Envelope, done: Function) {
        let reply = move |reply: Reply| deliver(&done, &answer_of(reply));
        self.submit_to(call, envelope, Box::new(reply));
    }

    pub(super) fn submit_to(&self, call: u32, envelope: Envelope, done: Box<dyn FnOnce(Reply)>) {
        let live = match self.home.live(envelope.target.name.clone()) {
            Ok(live) => live,
            Err(fault) => return done(Err(self.report(&fault))),
        };
        let run = Run {
            call,
            request_id: envelope.request_id.clone(),
        };
        let delivery = Delivery::new(envelope);
        note_call(call, &delivery);
        let reply = Box::new(move |reply: Reply| {
            forget_call(call);
            done(reply);
        });
        WorkersEnvironment::attribute(run, || {
            live.submit(IncomingCall { delivery, reply });
        });
    }

    fn refuse(&self, fault: &str, done: &Function) {
        deliver(done, &answer_of(Err(self.report(fault))));
    }

    fn report(&self, fault: &str) -> Box<WireError> {
        self.home.environment.report(fault);
        Box::new(WireError::framework(Code::ObjectReset, fault.to_owned()))
    }
}

fn named(call: u32, what: &str) -> Run {
    Run {
        call,
        request_id: what.into(),
    }
}

impl fmt::Debug for ObjectHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectHost({}/~{})", self.home.class, self.home.id)
    }
}

/// A [`super::externs::Answer`] for the other side.
pub(super) fn answer_of(reply: Reply) -> JsValue {
    match reply {
        Ok(result) => match as_text(&result) {
            Some(text) => JsValue::from_str(text),
            None => answer("ok", &Uint8Array::from(result.as_ref())),
        },
        Err(error) => match wire::encode_error(&error) {
            Ok(text) => answer("error", &JsValue::from_str(&text)),
            Err(_) => answer("fault", &JsValue::from_str("panicked")),
        },
    }
}
