//! What the edge knows of the classes: names, who may call what, how ids are derived.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use super::auth::authorize_event;
use super::names::Namer;
use super::path::{Path, decode};
use super::route::{Route, Routes};
use super::{Begins, Raw};
use crate::action::{Fault, RouteInfo, refuse};
use crate::error::Code;
use crate::event::Subscriber;
use crate::object::{Caller, IdKey, LISTEN_ACTION, Mode, Target};
use crate::order::sort_by;
use crate::rpc::{WireError, nearest, shorten};
use crate::socket::{ConnectParams, Hooks, MessageForm};
use crate::stream::Streams;
use crate::transfer::SCOPE;

/// A class, as the edge has to know it.
#[derive(Debug, Clone)]
pub struct EdgeClass {
    /// Class path (`chat-room`).
    pub path: String,
    /// Former class paths that still answer.
    pub aliases: Vec<String>,
    /// Derives and checks ids.
    pub ids: IdKey,
    /// What `rpc.discover` answers.
    pub discover: Discover,
    /// The class's actions.
    pub actions: Vec<EdgeAction>,
    /// The events that clients may subscribe to.
    pub events: Vec<EdgeEvent>,
    /// Which handlers of connections it has.
    pub hooks: Hooks,
    /// What they take of the URL that a client connects by.
    pub connect: Vec<&'static ConnectParams>,
    /// The form of its messages, if it takes messages by type.
    pub form: Option<&'static MessageForm>,
}

/// The class's part of the manifest.
#[derive(Debug, Clone)]
pub enum Discover {
    /// Its JSON text.
    Text(Bytes),
    /// What gives it, asked with the class path.
    Ask(fn(&str) -> Bytes),
}

impl Discover {
    pub(super) fn text(&self, class: &str) -> Bytes {
        match self {
            Self::Text(text) => text.clone(),
            Self::Ask(ask) => ask(class),
        }
    }
}

/// An event, as the edge has to know it.
#[derive(Debug, Clone)]
pub struct EdgeEvent {
    /// Wire name (`said`, `presence.joined`).
    pub name: Arc<str>,
    /// Who may subscribe.
    pub auth: EdgeAuth,
    /// Whether something is kept of it for those who come later.
    pub kept: bool,
    /// Decides who may subscribe, of those whom `auth` lets through.
    pub can_subscribe: Option<fn(&Subscriber<'_>) -> bool>,
}

/// An action, as the edge has to know it.
#[derive(Debug, Clone)]
pub struct EdgeAction {
    /// Wire name (`say`, `presence.list`).
    pub name: String,
    /// Former wire names that still answer.
    pub aliases: Vec<String>,
    /// Query ([`Mode::Read`]: may be a `GET`), command or process ([`Mode::Free`]: longer deadline).
    pub mode: Mode,
    /// Who may call.
    pub auth: EdgeAuth,
    /// Its path below the object, if it has one of its own.
    pub route: Option<RouteInfo>,
    /// How requests are brought to it, if it is the handler of those that nothing else takes.
    pub raw: Option<&'static Raw>,
    /// How its calls are answered, if they only begin a job.
    pub job: Option<&'static Begins>,
    /// What it takes to send its result item by item, if it is such a one.
    pub streams: Option<&'static Streams>,
}

/// Who may call an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeAuth {
    /// Anybody.
    Public,
    /// Any authenticated caller.
    Authenticated,
    /// An authenticated caller with this scope.
    Scope(Arc<str>),
    /// Objects and deferred work only: at the edge the action does not exist.
    Internal,
}

/// Words that are paths of the server's own and therefore no class paths.
pub(super) const RESERVED: [&str; 9] = [
    "_inspect",
    "asyncapi.json",
    "healthz",
    "manifest.json",
    "mcp",
    "metrics",
    "openapi.json",
    "openrpc.json",
    "readyz",
];

/// A class, arranged for look-up.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) path: Arc<str>,
    pub(super) ids: Namer,
    pub(super) discover: Discover,
    actions: HashMap<Box<str>, Action>,
    pub(super) routes: Routes,
    /// What takes the requests that nothing else takes.
    pub(super) fetch: Option<Route>,
    /// The names that may be called, sorted.
    listed: Vec<Arc<str>>,
    /// By name.
    events: Vec<EdgeEvent>,
    pub(super) hooks: Hooks,
    pub(super) connect: Vec<&'static ConnectParams>,
    pub(super) form: Option<&'static MessageForm>,
    /// What it takes to send results item by item, if any action does.
    pub(super) streams: Option<&'static Streams>,
}

/// An action, found.
#[derive(Debug, Clone)]
pub(super) struct Action {
    pub(super) name: Arc<str>,
    pub(super) mode: Mode,
    pub(super) auth: EdgeAuth,
    /// How its calls are answered, if they only begin a job.
    pub(super) job: Option<&'static Begins>,
    /// What it takes to send its result item by item, if it is such a one.
    pub(super) streams: Option<&'static Streams>,
}

impl Action {
    /// What has a connection listen, to what it was found that the caller may hear.
    pub(super) fn of_listening() -> Self {
        Self {
            name: LISTEN_ACTION.into(),
            mode: Mode::Read,
            auth: EdgeAuth::Public,
            job: None,
            streams: None,
        }
    }

    /// What moves whole objects. It has the object to itself, and may take as long as a process.
    pub(super) fn of_whole(name: &str) -> Self {
        Self {
            name: name.into(),
            mode: Mode::Free,
            auth: EdgeAuth::Scope(SCOPE.into()),
            job: None,
            streams: None,
        }
    }
}

impl Class {
    fn new(class: EdgeClass) -> Result<Self, WireError> {
        let mut actions = HashMap::new();
        let mut listed = Vec::new();
        let mut routes = Routes::default();
        let mut fetch = None;
        let mut any_streams = None;
        for EdgeAction {
            name,
            aliases,
            mode,
            auth,
            route,
            raw,
            job,
            streams,
        } in class.actions
        {
            if let Some(raw) = raw {
                let name = name.into();
                let action = Action {
                    name,
                    mode,
                    auth,
                    job,
                    streams,
                };
                if fetch.replace(Route::raw(action, raw)).is_some() {
                    let message = format!("class `{}` has two `fetch` handlers", class.path);
                    return Err(WireError::framework(Code::ConfigInvalid, message));
                }
                continue;
            }
            // An internal action is left out: what is not there cannot be told from what never was.
            if auth == EdgeAuth::Internal {
                continue;
            }
            any_streams = any_streams.or(streams);
            let name: Arc<str> = name.into();
            listed.push(Arc::clone(&name));
            if let Some(route) = route {
                let action = Action {
                    name: Arc::clone(&name),
                    mode,
                    auth: auth.clone(),
                    job,
                    streams,
                };
                routes.add(&route, action);
            }
            for called in std::iter::once(&*name).chain(aliases.iter().map(String::as_str)) {
                let action = Action {
                    name: Arc::clone(&name),
                    mode,
                    auth: auth.clone(),
                    job,
                    streams,
                };
                if actions.insert(called.into(), action).is_some() {
                    let message =
                        format!("class `{}` has two actions named `{called}`", class.path);
                    return Err(WireError::framework(Code::ConfigInvalid, message));
                }
            }
        }
        routes.check(&class.path, |called| actions.get(called))?;
        sort_by(&mut listed, Ord::cmp);
        let EdgeClass {
            path,
            ids,
            discover,
            mut events,
            hooks,
            connect,
            form,
            ..
        } = class;
        sort_by(&mut events, |one, other| one.name.cmp(&other.name));
        Ok(Self {
            path: path.into(),
            ids: Namer::new(ids),
            discover,
            actions,
            routes,
            fetch,
            listed,
            events,
            hooks,
            connect,
            form,
            streams: any_streams,
        })
    }

    /// Whether there is anything here for a caller without credentials.
    pub(super) fn is_public(&self) -> bool {
        let actions = self.actions.values().map(|action| &action.auth);
        let actions = actions.chain(self.fetch.iter().map(|route| &route.action.auth));
        let mut all = actions.chain(self.events.iter().map(|event| &event.auth));
        all.any(|auth| *auth == EdgeAuth::Public)
    }

    /// The events that a client asks for, sorted, if it may hear them; all that it may, if it asks for none by name.
    pub(super) fn events<'n>(
        &self,
        asked: Option<impl IntoIterator<Item = &'n str>>,
        caller: &Caller,
        target: &Target,
    ) -> Result<Vec<Arc<str>>, Box<WireError>> {
        let subscriber = Subscriber {
            caller,
            name: target.name.as_deref(),
            id: target.id,
            object: None,
        };
        let Some(asked) = asked else {
            let heard = self
                .events
                .iter()
                .filter(|event| authorize_event(event, &subscriber).is_ok());
            return Ok(heard.map(|event| event.name.clone()).collect());
        };
        let mut names = Vec::new();
        let mut unknown = Vec::new();
        for (index, name) in asked.into_iter().enumerate() {
            match self
                .events
                .binary_search_by(|event| (*event.name).cmp(name))
            {
                Ok(at) => {
                    let event = &self.events[at];
                    authorize_event(event, &subscriber)?;
                    names.push(event.name.clone());
                }
                Err(_) => unknown.push((index, name)),
            }
        }
        if !unknown.is_empty() {
            return Err(self.unknown_events(&unknown));
        }
        sort_by(&mut names, Ord::cmp);
        names.dedup();
        Ok(names)
    }

    /// Whether something is kept of any of these events for those who come later.
    pub(super) fn keeps(&self, names: &[Arc<str>]) -> bool {
        let mut kept = self.events.iter().filter(|event| event.kept);
        kept.any(|event| names.contains(&event.name))
    }

    fn unknown_events(&self, unknown: &[(usize, &str)]) -> Box<WireError> {
        let allowed: Vec<&str> = self.events.iter().map(|event| &*event.name).collect();
        let expected = if allowed.is_empty() {
            format!("none: class `{}` has no events", self.path)
        } else {
            format!("one of {}", allowed.join(", "))
        };
        let fault = |(index, name): &(usize, &str)| {
            Fault::new(format!("/events/{index}"), "one_of", expected.clone()).received(name)
        };
        refuse(unknown.iter().map(fault).collect())
    }

    /// The action of this name that may be called from outside.
    pub(super) fn action(&self, name: &str) -> Result<&Action, Box<WireError>> {
        self.actions
            .get(name)
            .ok_or_else(|| Box::new(self.unknown(name, false)))
    }

    /// The same for what may be the path of a route as well.
    pub(super) fn action_or_route(&self, name: &str) -> Result<&Action, Box<WireError>> {
        self.actions
            .get(name)
            .ok_or_else(|| Box::new(self.unknown(name, !self.routes.is_empty())))
    }

    /// Whether anything but actions and the server's own paths is below its objects.
    pub(super) fn has_routes(&self) -> bool {
        self.fetch.is_some() || !self.routes.is_empty()
    }

    /// What takes a request to this path, if nothing else does.
    pub(super) fn fetch(&self, path: Path<'_>) -> Option<&Route> {
        let fetch = self.fetch.as_ref()?;
        let (_, _, below) = path.below()?;
        // Those are the server's own.
        if below.starts_with('~') || self.routes.methods(below).next().is_some() {
            return None;
        }
        match path {
            Path::Action { action, .. } if self.actions.contains_key(&*decode(action)?) => None,
            _ => Some(fetch),
        }
    }

    fn unknown(&self, name: &str, with_routes: bool) -> WireError {
        let nearest = nearest(name, self.listed.iter().map(|listed| &**listed));
        let shown = shorten(name);
        let mut message = format!("class `{}` has no action `{shown}`", self.path);
        if let Some(nearest) = nearest {
            let _ = write!(message, "; did you mean `{nearest}`?");
        }
        let actions: Vec<&str> = self.listed.iter().map(|listed| &**listed).collect();
        let mut details = json!({ "actions": actions, "nearest": nearest });
        if with_routes && let Some(details) = details.as_object_mut() {
            details.insert("routes".to_owned(), self.routes.listed().into());
        }
        WireError::framework(Code::MethodNotFound, message).details(&details)
    }
}

/// All classes by path and by former path.
#[derive(Debug, Default)]
pub(super) struct Classes {
    by_path: HashMap<Box<str>, Arc<Class>>,
    /// Present paths, sorted.
    paths: Vec<Arc<str>>,
    /// Whether any handler reads bodies as they come.
    pub(super) take_bodies: bool,
}

impl Classes {
    pub(super) fn new(classes: Vec<EdgeClass>) -> Result<Self, WireError> {
        let mut all = Self::default();
        for mut class in classes {
            let aliases = std::mem::take(&mut class.aliases);
            let class = Arc::new(Class::new(class)?);
            all.take_bodies |= class.fetch.as_ref().is_some_and(Route::takes_body);
            all.paths.push(Arc::clone(&class.path));
            for path in std::iter::once(&*class.path).chain(aliases.iter().map(String::as_str)) {
                check_path(path)?;
                if all
                    .by_path
                    .insert(path.into(), Arc::clone(&class))
                    .is_some()
                {
                    let message = format!("two classes have the path `{path}`");
                    return Err(WireError::framework(Code::ConfigInvalid, message));
                }
            }
        }
        sort_by(&mut all.paths, Ord::cmp);
        Ok(all)
    }

    pub(super) fn get(&self, path: &str) -> Result<&Class, Box<WireError>> {
        self.by_path
            .get(path)
            .map(|class| &**class)
            .ok_or_else(|| Box::new(self.unknown(path)))
    }

    /// Whether a class has this path, or had it.
    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The same, to be kept.
    pub(super) fn shared(&self, path: &str) -> Result<Arc<Class>, Box<WireError>> {
        let class = self.by_path.get(path).cloned();
        class.ok_or_else(|| Box::new(self.unknown(path)))
    }

    fn unknown(&self, path: &str) -> WireError {
        let nearest = nearest(path, self.paths.iter().map(|path| &**path));
        let mut message = format!("there is no class `{}`", shorten(path));
        if let Some(nearest) = nearest {
            let _ = write!(message, "; did you mean `{nearest}`?");
        }
        WireError::framework(Code::NotFound, message).details(&json!({ "nearest": nearest }))
    }
}

fn check_path(path: &str) -> Result<(), WireError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let sound = !path.is_empty() && path.bytes().all(allowed) && path != "." && path != "..";
    if sound && !RESERVED.contains(&path) {
        return Ok(());
    }
    let message =
        format!("`{path}` cannot be a class path: use letters, digits, `-`, and no reserved word");
    Err(WireError::framework(Code::ConfigInvalid, message))
}
