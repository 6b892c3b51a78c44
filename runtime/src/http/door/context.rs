//! What a handler knows of its request, and on whose behalf it calls objects.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::super::Limits;
use super::super::params::pairs;
use super::super::path::decode;
use super::super::request::Trace;
use crate::action::InUrl;
use crate::backend::{LocalFuture, SharedEnvironment};
use crate::config::{Config, ConfigError, EnvReader};
use crate::error::{Code, Rejection};
use crate::object::{
    Caller, Chain, Envelope, HasOrigin, IdKey, Mode, Origin, Originate, OutgoingCall, Timestamp,
};
use crate::remote::RemoteCall;
use crate::rpc::{Reply, WireError};

/// What a handler knows of its request, and what its stubs are made with: `ChatRoom::named(&cx, "lobby")`.
#[derive(Clone)]
pub struct FrontContext {
    visit: Rc<Visit>,
    place: Rc<Place>,
}

/// Who asks, and where.
pub(super) struct Visit {
    pub(super) environment: SharedEnvironment,
    pub(super) caller: Arc<Caller>,
    pub(super) trace: Trace,
    pub(super) limits: Limits,
}

/// What the URL says.
#[derive(Default)]
pub(super) struct Place {
    /// Names of placeholders, and what stands in their place, still percent-encoded.
    pub(super) values: Vec<(String, String)>,
    pub(super) rest: Option<String>,
    pub(super) query: String,
    /// The idempotency key.
    pub(super) key: Option<String>,
}

impl FrontContext {
    pub(super) fn new(visit: Rc<Visit>, place: Place) -> Self {
        Self {
            visit,
            place: Rc::new(place),
        }
    }

    /// Who calls, as the app's authenticators say.
    pub fn caller(&self) -> &Caller {
        &self.visit.caller
    }

    /// The request's id, as it appears in logs and errors.
    pub fn request_id(&self) -> &str {
        &self.visit.trace.id
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.visit.environment.now()
    }

    /// A variable of the process environment, or a Worker's binding.
    pub fn env(&self, name: &str) -> Option<String> {
        self.visit.environment.variable(name)
    }

    /// Settings from the environment.
    ///
    /// # Errors
    ///
    /// Every missing or malformed variable at once, by name; never a value.
    pub fn config<C: Config>(&self) -> Result<C, ConfigError> {
        C::read(&EnvReader::new(&|name| self.env(name)))
    }

    /// What stands in the path in place of `{name}`.
    ///
    /// # Errors
    ///
    /// `malformed_request` when it is no `T`, or the route has no such placeholder.
    pub fn value<T: FromStr>(&self, name: &str) -> Result<T, Rejection> {
        let known = self.place.values.iter().find(|(known, _)| known == name);
        let text = known.and_then(|(_, segment)| decode(segment));
        read(text.as_deref(), || format!("`{name}` in the path"))
    }

    /// What stands in the path in place of the `/*` at its end, still percent-encoded: `api/v1` has `v1` below `/api/*`.
    pub fn rest(&self) -> &str {
        self.place.rest.as_deref().unwrap_or("")
    }

    /// A parameter of the query; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// `malformed_request` when it is no `T`, or stands there more than once.
    pub fn query<T: FromStr>(&self, name: &str) -> Result<Option<T>, Rejection> {
        let mut found: Option<Cow<'_, str>> = None;
        for pair in pairs(&self.place.query) {
            let (known, value) = pair.map_err(|error| Rejection::new(Box::new(error)))?;
            if known == name && found.replace(value).is_some() {
                return Err(malformed(format!("`?{name}=` stands more than once")));
            }
        }
        match found {
            Some(text) => read(Some(&text), || format!("`?{name}=`")).map(Some),
            None => Ok(None),
        }
    }

    /// The idempotency key that came with the request. The front keeps no answers: hand it on to the call that it is for,
    /// `.key(key)`.
    pub fn key(&self) -> Option<&str> {
        self.place.key.as_deref()
    }
}

fn read<T: FromStr>(text: Option<&str>, what: impl Fn() -> String) -> Result<T, Rejection> {
    let Some(text) = text else {
        return Err(malformed(format!("{} is not there", what())));
    };
    text.parse().map_err(|_| {
        let name = std::any::type_name::<T>();
        malformed(format!("{} is no {name}", what()))
    })
}

fn malformed(message: String) -> Rejection {
    Rejection::new(Box::new(WireError::framework(
        Code::MalformedRequest,
        message,
    )))
}

impl HasOrigin for FrontContext {
    fn origin(&self) -> Origin {
        Origin::new(self.visit.clone())
    }
}

impl Originate for Visit {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        self.environment.id_key(class)
    }

    fn random(&self, bytes: &mut [u8]) {
        self.environment.random(bytes);
    }

    fn pause(&self, time: Duration) -> LocalFuture<'static, ()> {
        let environment = &self.environment;
        environment.sleep_until(environment.now() + time)
    }

    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply> {
        let now = self.environment.now();
        let most = if call.mode == Mode::Free {
            self.limits.process
        } else {
            self.limits.call
        };
        let patience = self.trace.patience.map_or(most, |given| given.min(most));
        let envelope = Envelope {
            request_id: self.trace.id.clone(),
            target: call.target,
            action: call.action,
            params: call.params,
            in_url: InUrl::NONE,
            deadline: now + patience,
            chain: Chain::root(now, self.trace.nonce),
            caller: self.caller.clone(),
            read_only: false,
            near: call.near,
            connection: None,
            key: call.key,
            stream: call.stream,
            owed: None,
        };
        match call.remote {
            None => self.environment.call(envelope),
            Some(remote) => (remote.deliver)(RemoteCall {
                remote,
                patience,
                envelope,
                mode: call.mode,
                variable: &|name| self.environment.variable(name),
            }),
        }
    }
}

impl fmt::Debug for FrontContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontContext")
            .field("request_id", &self.request_id())
            .field("caller", self.caller())
            .finish_non_exhaustive()
    }
}
