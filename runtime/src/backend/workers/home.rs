//! What one object's wasm instance holds, and how the object comes to life in it.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use wasm_bindgen::JsValue;

use super::connections::WorkersConnections;
use super::environment::WorkersEnvironment;
use super::externs::Bridge;
use super::instance::{app, is_process};
use super::store::{WorkersStore, millis};
use crate::action::InUrl;
use crate::backend::{Environment, ObjectStore, Seq};
use crate::hex::hex;
use crate::http::{Front, FrontConfig, Limits};
use crate::object::{Caller, Chain, Envelope, Live, ObjectId, Seed, Target, earliest_alarm};
use crate::socket::Hooks;
use crate::state::{META_KEY, Meta};

/// One object, loaded or not.
pub(super) struct Home {
    pub(super) class: Arc<str>,
    pub(super) id: ObjectId,
    /// As the platform knows it: not when the object was reached by its id.
    name: Option<Arc<str>>,
    store: Rc<WorkersStore>,
    pub(super) environment: Rc<WorkersEnvironment>,
    live: OnceCell<Live>,
    front: OnceCell<Rc<Front>>,
}

impl Home {
    pub(super) fn new(bridge: Bridge, class: &str, id: ObjectId, name: Option<Arc<str>>) -> Self {
        let environment = Rc::new(WorkersEnvironment::new(bridge.clone()));
        environment.speak(app().and_then(|app| app.find(class)?.form));
        Self {
            class: class.into(),
            id,
            name,
            store: Rc::new(WorkersStore::new(bridge)),
            environment,
            live: OnceCell::new(),
            front: OnceCell::new(),
        }
    }

    /// The live object. Whether it was born, and under which name, is among its records; before, the first call says.
    pub(super) fn live(&self, called: Option<Arc<str>>) -> Result<Live, String> {
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
            None => self.name.clone().or(called),
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
            sql: class
                .sql
                .map(|sql| (sql.workers)(self.environment.bridge())),
            seq,
            environment: self.environment.clone(),
        };
        Ok(self.live.get_or_init(|| class.spawn(seed)).clone())
    }

    /// The class path and id.
    pub(super) fn place(&self) -> (&Arc<str>, ObjectId) {
        (&self.class, self.id)
    }

    /// A call by code of this account, which is trusted like the runtime itself.
    pub(super) fn envelope(&self, action: &str, params: Vec<u8>) -> Envelope {
        let environment = &self.environment;
        let limits = Limits::default();
        let patience = if is_process(&self.class, action) {
            limits.process
        } else {
            limits.call
        };
        let mut random = [0; 24];
        environment.random(&mut random);
        let (id, nonce) = random.split_at(16);
        let mut eight = [0; 8];
        eight.copy_from_slice(nonce);
        let now = environment.now();
        Envelope {
            request_id: hex(id).into(),
            target: Target {
                class: self.class.clone(),
                id: self.id,
                name: self.name.clone(),
            },
            action: action.into(),
            params: params.into(),
            in_url: InUrl::NONE,
            deadline: now + patience,
            chain: Chain::root(now, u64::from_be_bytes(eight)),
            caller: Caller::system().into(),
            read_only: false,
            near: None,
            connection: None,
            key: None,
            stream: None,
            owed: None,
        }
    }

    /// Milliseconds, or undefined. What cannot be read is as good as overdue: the other side asks again after a pause.
    pub(super) fn next_alarm(&self) -> JsValue {
        match earliest_alarm(&*self.store) {
            Ok(next) => next.map_or(JsValue::UNDEFINED, |at| JsValue::from_f64(millis(at))),
            Err(_) => JsValue::from_f64(0.0),
        }
    }

    /// Who is connected.
    pub(super) fn connections(&self) -> &Rc<WorkersConnections> {
        self.environment.sockets()
    }

    pub(super) fn hooks(&self) -> Hooks {
        let class = app().and_then(|app| Some(app.find(&self.class)?.hooks));
        class.unwrap_or_default()
    }

    /// What reads messages: few objects have connections, and only they pay for it.
    pub(super) fn front(&self) -> Result<Rc<Front>, String> {
        if let Some(front) = self.front.get() {
            return Ok(front.clone());
        }
        let app = app().ok_or("the app is not there")?;
        let config = FrontConfig {
            classes: app.edge(),
            binary: app.binary(),
            ..FrontConfig::default()
        };
        let front = Front::new(config).map_err(|error| error.message.into_owned())?;
        Ok(self.front.get_or_init(|| Rc::new(front)).clone())
    }
}
