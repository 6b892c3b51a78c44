//! The host of one object: what `shell.js` makes in the object's own wasm instance.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::environment::WorkersEnvironment;
use super::externs::{Bridge, answer, deliver};
use super::store::WorkersStore;
use super::{app, watch_panics, wire};
use crate::backend::ObjectStore;
use crate::app::{IncomingCall, Live, Seed};
use crate::object::{ObjectId, Target};
use crate::rpc::Reply;

/// One object in its wasm instance.
#[wasm_bindgen]
pub struct ObjectHost {
    class: Arc<str>,
    id: ObjectId,
    store: Rc<dyn ObjectStore>,
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
    pub fn submit(&self, call: u32, header: &str, params: Vec<u8>, done: Function) -> Result<(), JsError> {
        let envelope = wire::decode_envelope(header, params).map_err(|fault| JsError::new(&fault))?;
        let live = self.live(envelope.target.name.clone())?;
        let reply = Box::new(move |reply: Reply| deliver(&done, &answer_of(reply)));
        self.environment.attribute(call, || live.submit(IncomingCall { envelope, reply }));
        Ok(())
    }

    /// Runs the alarm items that are due.
    pub fn alarm(&self, call: u32, done: Function) -> Result<(), JsError> {
        let live = self.live(None)?;
        let done = Box::new(move || deliver(&done, &answer("ok", &Uint8Array::new_with_length(0))));
        self.environment.attribute(call, || live.alarm(done));
        Ok(())
    }

    /// A name that nobody knows yet is that of the first call; later it is among the records.
    fn live(&self, name: Option<Arc<str>>) -> Result<Live, JsError> {
        if let Some(live) = self.live.get() {
            return Ok(live.clone());
        }
        let class = app()?.class(&self.class).ok_or_else(|| JsError::new("the app has no such class"))?;
        let seed = Seed {
            target: Target { class: self.class.clone(), id: self.id, name },
            store: self.store.clone(),
            seq: 0,
            environment: self.environment.clone(),
        };
        Ok(self.live.get_or_init(|| class.spawn(seed)).clone())
    }
}

fn answer_of(reply: Reply) -> JsValue {
    match reply {
        Ok(result) => answer("ok", &Uint8Array::from(result.as_ref())),
        Err(error) => match wire::encode_error(&error) {
            Ok(text) => answer("error", &JsValue::from_str(&text)),
            Err(_) => answer("fault", &JsValue::from_str("internal")),
        },
    }
}
