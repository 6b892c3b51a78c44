//! The host of one object: what `shell.js` makes in the object's own wasm instance.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::environment::{Run, WorkersEnvironment};
use super::externs::{Bridge, answer, deliver};
use super::instance::{app, forget_call, note_call, watch_panics};
use super::store::{WorkersStore, millis};
use super::wire;
use crate::backend::{Environment, ObjectStore, Seq};
use crate::error::Code;
use crate::object::{Delivery, IncomingCall, Live, ObjectId, Seed, Target, earliest_alarm};
use crate::rpc::{Reply, WireError};
use crate::state::{META_KEY, Meta};

/// One object in its wasm instance.
#[wasm_bindgen]
pub struct ObjectHost {
    class: Arc<str>,
    id: ObjectId,
    store: Rc<WorkersStore>,
    environment: Rc<WorkersEnvironment>,
    live: OnceCell<Live>,
}

#[wasm_bindgen]
impl ObjectHost {
    /// The object with this class path and id (64 hex digits).
    #[wasm_bindgen(constructor)]
    pub fn new(bridge: Bridge, class: &str, id: &str) -> Result<Self, JsError> {
        watch_panics(&bridge);
        Ok(Self {
            class: class.into(),
            id: id.parse()?,
            store: Rc::new(WorkersStore::new(bridge.clone())),
            environment: Rc::new(WorkersEnvironment::new(bridge)),
            live: OnceCell::new(),
        })
    }

    /// Runs a call; `done` gets its answer. `call` is the number that a trap is blamed on.
    pub fn submit(&self, call: u32, header: &str, params: Vec<u8>, done: Function) {
        let begun = wire::decode_envelope(header, params).and_then(|envelope| {
            let live = self.live(envelope.target.name.clone())?;
            Ok((live, envelope))
        });
        match begun {
            Ok((live, envelope)) => {
                let run = Run {
                    call,
                    request_id: envelope.request_id.clone(),
                };
                let delivery = Delivery::new(envelope);
                note_call(call, &delivery);
                let reply = Box::new(move |reply: Reply| {
                    forget_call(call);
                    deliver(&done, &answer_of(reply));
                });
                WorkersEnvironment::attribute(run, || {
                    live.submit(IncomingCall { delivery, reply });
                });
            }
            Err(fault) => {
                self.environment.report(&fault);
                deliver(
                    &done,
                    &answer_of(Err(Box::new(WireError::framework(
                        Code::ObjectReset,
                        fault,
                    )))),
                );
            }
        }
    }

    /// Runs the alarm items that are due; `done` gets `{next}`, when the earliest of those that are left is due.
    pub fn alarm(&self, call: u32, done: Function) {
        match self.live(None) {
            Ok(live) => {
                let store = self.store.clone();
                // Whether it could be begun or not, what is left to do is among the records.
                let done =
                    Box::new(move |_begun| deliver(&done, &answer("next", &next_alarm(&store))));
                let run = Run {
                    call,
                    request_id: "alarm".into(),
                };
                WorkersEnvironment::attribute(run, || live.alarm(done));
            }
            Err(fault) => {
                self.environment.report(&fault);
                deliver(&done, &answer("next", &JsValue::from_f64(0.0)));
            }
        }
    }
}

impl ObjectHost {
    /// The live object. Whether it was born, and under which name, is among its records; before, the first call says.
    fn live(&self, called: Option<Arc<str>>) -> Result<Live, String> {
        if let Some(live) = self.live.get() {
            return Ok(live.clone());
        }
        let app = app().ok_or("the app is not there")?;
        let class = app
            .find(&self.class)
            .ok_or_else(|| format!("the app has no class `{}`", self.class))?;
        let meta = self
            .store
            .get(META_KEY)
            .map_err(|fault| fault.to_string())?;
        let name = match &meta {
            Some(meta) => Meta::name(meta)
                .map_err(|fault| fault.to_string())?
                .map(Arc::from),
            None => called,
        };
        let seq = Seq::from(meta.is_some());
        self.store.count_from(seq);
        let seed = Seed {
            target: Target {
                class: self.class.clone(),
                id: self.id,
                name,
            },
            store: self.store.clone(),
            seq,
            environment: self.environment.clone(),
        };
        Ok(self.live.get_or_init(|| class.spawn(seed)).clone())
    }
}

/// Milliseconds, or undefined. What cannot be read is as good as overdue: the other side asks again after a pause.
fn next_alarm(store: &WorkersStore) -> JsValue {
    match earliest_alarm(store) {
        Ok(next) => next.map_or(JsValue::UNDEFINED, |at| JsValue::from_f64(millis(at))),
        Err(_) => JsValue::from_f64(0.0),
    }
}

impl fmt::Debug for ObjectHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectHost({}/~{})", self.class, self.id)
    }
}

fn answer_of(reply: Reply) -> JsValue {
    match reply {
        Ok(result) => answer("ok", &Uint8Array::from(result.as_ref())),
        Err(error) => match wire::encode_error(&error) {
            Ok(text) => answer("error", &JsValue::from_str(&text)),
            Err(_) => answer("fault", &JsValue::from_str("panicked")),
        },
    }
}
