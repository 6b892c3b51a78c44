//! A call at rest: what is kept of one that is made later.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::Owed;
use crate::action::InUrl;
use crate::backend::Environment;
use crate::error::Code;
use crate::event::is_reaction;
use crate::object::{
    Caller, Chain, Envelope, Identity, Mode, ObjectId, StoredCaller, Target, location_hint,
    minutes, seconds,
};
use crate::outgoing::webhook::{StoredRequest, Whither};
use crate::rpc::{WireError, from_utf8};

/// The longest parameters of a call at rest, in bytes of JSON: a record has 2,000,000, and a dead letter is one, too.
const MAX_PARAMS: usize = 1_000_000;

/// A call at rest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredCall {
    /// Whom it is for; `None`: the very object that keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<StoredTarget>,
    /// The action's wire name.
    pub(super) action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    params: Option<Box<RawValue>>,
    caller: StoredCaller,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    near: Option<String>,
    mode: Mode,
}

/// An object, as it is called in any data folder: ids are those of one backend, names are not. Of a request the class is the
/// origin that it goes to, and the name its lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredTarget {
    class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<ObjectId>,
}

/// What a stub knows of a call.
pub(crate) struct Parts {
    pub(crate) target: Target,
    pub(crate) near: Option<&'static str>,
    pub(crate) action: Arc<str>,
    pub(crate) params: Bytes,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) mode: Mode,
}

impl StoredCall {
    /// The call that `keeper` keeps for this caller.
    pub(crate) fn new(
        parts: Parts,
        keeper: &Identity,
        caller: &Caller,
    ) -> Result<Self, Box<WireError>> {
        let Parts {
            target,
            near,
            action,
            params,
            key,
            mode,
        } = parts;
        if params.len() > MAX_PARAMS {
            let message = format!(
                "the parameters of `{action}` have {} bytes, and a call that is made later may have 1,000,000: \
                 store them, and pass where they are",
                params.len()
            );
            return Err(Box::new(WireError::framework(Code::TooLarge, message)));
        }
        let params = (!params.is_empty()).then(|| from_utf8(&params));
        let params = params
            .transpose()
            .map_err(|fault| Box::new(WireError::framework(Code::Internal, fault.to_string())))?;
        Ok(Self {
            to: (target.id != keeper.id).then(|| StoredTarget {
                class: target.class.to_string(),
                id: target.name.is_none().then_some(target.id),
                name: target.name.map(|name| name.to_string()),
            }),
            action: action.to_string(),
            params,
            caller: StoredCaller::of(caller),
            key: key.map(|key| key.to_string()),
            near: near.map(str::to_owned),
            mode,
        })
    }

    /// A request to another server: its action is the method, its parameters are the rest.
    pub(crate) fn of_request(
        request: &StoredRequest,
        to: Whither,
        lane: Option<String>,
        caller: &Caller,
    ) -> Result<Self, Box<WireError>> {
        let params = to_raw_value(request)
            .map_err(|fault| Box::new(WireError::framework(Code::Internal, fault.to_string())))?;
        let length = params.get().len();
        if length > MAX_PARAMS {
            let message = format!(
                "a request to {} has {length} bytes of JSON, and one that is sent surely may have 1,000,000: store what it \
                 is about, and send where that is",
                to.origin
            );
            return Err(Box::new(WireError::framework(Code::TooLarge, message)));
        }
        Ok(Self {
            to: Some(StoredTarget {
                class: to.origin,
                name: lane,
                id: None,
            }),
            action: to.method.to_string(),
            params: Some(params),
            caller: StoredCaller::of(caller),
            key: None,
            near: None,
            mode: Mode::Free,
        })
    }

    /// An event that the object hands to its own handler, which is that action.
    pub(crate) fn of_event(
        event: &str,
        action: &str,
        handed: Vec<u8>,
        caller: &Caller,
    ) -> Result<Self, Box<WireError>> {
        let refuse = |code, message| Box::new(WireError::framework(code, message));
        if handed.len() > MAX_PARAMS {
            let message = format!(
                "the event `{event}` has {} bytes, and one that is handled after the commit may have 1,000,000: store \
                 what it is about, and say where that is",
                handed.len()
            );
            return Err(refuse(Code::TooLarge, message));
        }
        let text = String::from_utf8(handed).map_err(|fault| fault.to_string());
        let params =
            text.and_then(|text| RawValue::from_string(text).map_err(|fault| fault.to_string()));
        let params = params.map_err(|fault| refuse(Code::Internal, fault))?;
        Ok(Self {
            to: None,
            action: action.to_owned(),
            params: Some(params),
            caller: StoredCaller::of(caller),
            key: None,
            near: None,
            mode: Mode::Free,
        })
    }

    /// A call of another object, in a commit of the one that keeps it.
    pub(crate) fn of_object(
        (class, name, id): (String, Option<String>, Option<ObjectId>),
        action: &str,
        params: Box<RawValue>,
        caller: &Caller,
    ) -> Result<Self, Box<WireError>> {
        let length = params.get().len();
        if length > MAX_PARAMS {
            let message = format!(
                "an event that {class} is told of has {length} bytes with all that is said of it, and may have 1,000,000: \
                 store what it is about, and say where that is"
            );
            return Err(Box::new(WireError::framework(Code::TooLarge, message)));
        }
        Ok(Self {
            to: Some(StoredTarget { class, name, id }),
            action: action.to_owned(),
            params: Some(params),
            caller: StoredCaller::of(caller),
            key: None,
            near: None,
            mode: Mode::Write,
        })
    }

    /// The same of another action.
    pub(crate) fn with(mut self, action: &str, params: Box<RawValue>) -> Self {
        action.clone_into(&mut self.action);
        self.params = Some(params);
        self
    }

    /// Its parameters, JSON text; empty if there are none.
    pub(crate) fn params(&self) -> &str {
        self.params.as_deref().map_or("", RawValue::get)
    }

    /// The lane that it is sent by: one for each target, and for each handler of the object's own events.
    pub(super) fn lane(&self, keeper: &Identity) -> String {
        let target = self.target(keeper);
        if self.is_to_keeper() && is_reaction(&self.action) {
            return format!("{target} {}", self.action);
        }
        target
    }

    /// The rest of it if it is a request, not a call.
    pub(crate) fn request(&self) -> Option<&str> {
        let is_request = (self.to.as_ref()).is_some_and(|to| to.class.contains(':'));
        let params = self.params.as_ref().filter(|_| is_request)?;
        Some(params.get())
    }

    /// The action's wire name.
    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    /// The class that is called; `None`: that of the object that keeps it.
    #[cfg(all(feature = "native", not(target_arch = "wasm32")))]
    pub(super) fn class(&self) -> Option<&str> {
        self.to.as_ref().map(|to| &*to.class)
    }

    pub(crate) fn is_to_keeper(&self) -> bool {
        self.to.is_none()
    }

    /// Class and name of whom it is for.
    pub(crate) fn target(&self, keeper: &Identity) -> String {
        match &self.to {
            None => keeper.to_string(),
            Some(to) => match (&to.name, &to.id) {
                (Some(name), _) => format!("{}/{name}", to.class),
                (None, Some(id)) => format!("{}/~{id}", to.class),
                (None, None) => to.class.clone(),
            },
        }
    }

    /// The call, on its way.
    pub(crate) fn envelope(
        &self,
        keeper: &Identity,
        environment: &dyn Environment,
        owed: Owed,
    ) -> Result<Envelope, Box<WireError>> {
        let mut random = [0; 8];
        environment.random(&mut random);
        let nonce = u64::from_le_bytes(random);
        let now = environment.now();
        Ok(Envelope {
            request_id: format!("{}-{nonce:016x}", owed.kind()).into(),
            target: self.resolve(keeper, environment)?,
            action: self.action.as_str().into(),
            params: self.params.as_ref().map_or_else(Bytes::new, |params| {
                Bytes::copy_from_slice(params.get().as_bytes())
            }),
            in_url: InUrl::NONE,
            deadline: now
                + match self.mode {
                    Mode::Free => minutes(15),
                    Mode::Read | Mode::Write => seconds(25),
                },
            // It is a call of an object, which holds nothing of itself meanwhile.
            chain: Chain::root(now, nonce).with(keeper.id, Mode::Free),
            caller: Arc::new(self.caller.clone().into_caller()),
            read_only: false,
            near: self
                .near
                .as_deref()
                .and_then(|near| location_hint(near).ok()),
            connection: None,
            key: self.key.as_deref().map(Into::into),
            stream: None,
            owed: Some(owed),
        })
    }

    fn resolve(
        &self,
        keeper: &Identity,
        environment: &dyn Environment,
    ) -> Result<Target, Box<WireError>> {
        let Some(to) = &self.to else {
            return Ok(Target {
                class: keeper.class.into(),
                id: keeper.id,
                name: keeper.name.clone(),
            });
        };
        let lost = |message: String| Box::new(WireError::framework(Code::NotFound, message));
        if self.request().is_some() {
            let class = &keeper.class;
            return Err(lost(format!(
                "`{class}` sends no requests any more: say `webhooks` on its struct"
            )));
        }
        let key = environment.id_key(&to.class);
        let key =
            key.ok_or_else(|| lost(format!("the app has no class `{}` any more", to.class)))?;
        let id = match (&to.name, to.id) {
            (Some(name), _) => key.named(name),
            (None, Some(id)) => id,
            (None, None) => return Err(lost("the call does not say whom it is for".to_owned())),
        };
        Ok(Target {
            class: to.class.as_str().into(),
            id,
            name: to.name.as_deref().map(Into::into),
        })
    }
}
