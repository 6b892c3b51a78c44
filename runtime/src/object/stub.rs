//! Typed stubs: whom they call, and what they are as values.

use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserializer, Serialize, Serializer};

use super::Context;
use super::by_name::mode_of;
use super::host::{DESTROY_ACTION, Identity};
use super::region::location_hint;
use super::{Args, Call, Mode, Object, ObjectId, Origin, OutgoingCall, Target, current};
use crate::backend::LocalFuture;
use crate::error::{Code, Error, Rejection, RetryAfter};
use crate::event::{self, DeclaredBy, ForObjects, Hears};
use crate::http::Request;
use crate::http::door::Forward;
use crate::outgoing::Retry;
use crate::remote::Remote;
use crate::rpc::{Reply, WireError, parse_params};
use crate::state::Stateful;
use crate::stream::Pipe;
use crate::time::Defers;

/// Names longer than this are refused, in bytes.
pub(crate) const MAX_NAME: usize = 512;

/// A generated stub (`ChatRoomStub`).
pub trait Stub: Sized {
    /// What it calls.
    type Of: Stateful;
    #[doc(hidden)]
    fn from_core(core: StubCore) -> Self;
    #[doc(hidden)]
    fn core(&self) -> &StubCore;

    /// The same object, but if this call is the first ever made to it, it comes to life near there: `"weur"`, `"enam"`, ..
    /// (Cloudflare's location hints). Where an object lives does not change any more. Natively it has one place anyway.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Room { said: u64 }
    /// # #[durable_object] impl Room { #[action] fn say(&mut self) -> u64 { self.said += 1; self.said } }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     assert_eq!(Room::named(t, "lobby").near("weur").say().await.unwrap(), 1);
    ///     let error = Room::named(t, "lobby").near("mars").say().await.unwrap_err();
    ///     assert_eq!(error.rejection().unwrap().code(), "invalid_request");
    /// });
    /// # }
    /// ```
    #[must_use]
    fn near(&self, hint: &str) -> Self {
        Self::from_core(self.core().near(hint))
    }

    /// A call of the action with this wire name (`say`, `presence.list`), with parameters as JSON text: an object, an
    /// array, or nothing. It goes the way of the typed calls; an error that the action declares is a rejection with its code.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Room { said: u64 }
    /// # #[durable_object] impl Room {
    /// #     #[action] fn say(&mut self, #[param(max_length = 9)] text: String) -> u64 { self.said += 1; self.said }
    /// # }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let room = Room::named(t, "lobby");
    ///     assert_eq!(room.call_by_name::<u64>("say", r#"{"text": "hello"}"#).await.unwrap(), 1);
    ///     let error = room.call_by_name::<u64>("say", r#"["far too long"]"#).await.unwrap_err();
    ///     assert_eq!(error.rejection().unwrap().code(), "invalid_params");
    ///     let error = room.call_by_name::<u64>("shout", "").await.unwrap_err();
    ///     assert_eq!(error.rejection().unwrap().code(), "method_not_found");
    /// });
    /// # }
    /// ```
    fn call_by_name<T>(&self, action: &str, params: &str) -> Call<T, Error> {
        let text = Bytes::copy_from_slice(params.as_bytes());
        let mode = mode_of::<Self::Of>(action);
        self.core()
            .call_text(action, mode, parse_params(&text).map_err(Box::new))
    }

    /// Ends the object: everything stored of it goes in one commit, and its connections are closed with 4410. The next call
    /// finds an object of the same name that does not exist yet. It works on one whose state cannot be read any more, too.
    ///
    /// Objects may call it, clients may not: to let them, call [`Context::destroy`] in an action, which can say who may.
    ///
    /// [`Context::destroy`]: super::Context::destroy
    fn destroy(&self) -> Call<(), Error>
    where
        Self::Of: Object,
    {
        self.core().call(DESTROY_ACTION, Mode::Write, ())
    }

    /// Subscribes the object of this context to a durable event of that one: from the commit of this method on its
    /// `#[event(E)]` handlers run for every event that the other logs, in their order, each once in effect. It lasts until
    /// [`unsubscribe`](Self::unsubscribe), through restarts of both; asked for again, it is there once.
    ///
    /// The event says `objects`, and its class `defers`; who subscribes lists the event, `subscribes(E)`. Whose event it is
    /// tells [`Context::event_source`](super::Context::event_source).
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// #[event(durable, objects)]
    /// struct UserRenamed { to: String }
    ///
    /// #[durable_object(defers, events(UserRenamed))]
    /// struct User { name: String }
    ///
    /// #[durable_object]
    /// impl User {
    ///     #[action]
    ///     fn rename(&mut self, cx: &mut Context<Self>, to: String) {
    ///         self.name.clone_from(&to);
    ///         cx.broadcast(UserRenamed { to });
    ///     }
    /// }
    ///
    /// #[durable_object(subscribes(UserRenamed))]
    /// struct Team { names: Map<String, String> }
    ///
    /// #[durable_object]
    /// impl Team {
    ///     #[action]
    ///     fn add(&mut self, cx: &mut Context<Self>, user: String) {
    ///         User::named(cx, &user).subscribe::<UserRenamed>(cx);
    ///     }
    ///
    ///     #[event(UserRenamed)]
    ///     fn renamed(&mut self, cx: &mut Context<Self>, event: UserRenamed) {
    ///         let Some(source) = cx.event_source() else { return };
    ///         self.names.insert(source.name().unwrap_or_default().to_owned(), event.to);
    ///     }
    ///
    ///     #[action]
    ///     fn name_of(&self, user: String) -> Option<String> { self.names.get(&user) }
    /// }
    ///
    /// stayput::app!(User, Team);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     Team::named(t, "blue").add("u1").await.unwrap();
    ///     t.settle().await;
    ///     User::named(t, "u1").rename("Ann").await.unwrap();
    ///     t.settle().await;
    ///     let name = Team::named(t, "blue").name_of("u1").await.unwrap();
    ///     assert_eq!(name.as_deref(), Some("Ann"));
    /// });
    /// # }
    /// ```
    ///
    /// The method fails with `invalid_request` if the object is this very one, or one of another app, and with `overloaded` if 10,000
    /// sends wait. See `docs/events.md`.
    fn subscribe<E>(&self, cx: &mut Context<impl Hears<E>>)
    where
        E: DeclaredBy<Self::Of> + ForObjects,
        Self::Of: Defers,
    {
        event::subscribe(cx.raw_context(), self.core(), E::NAME, None);
    }

    /// The same, beginning with the events behind a place in the other object's log, as [`EventSource::cursor`] gives it:
    /// those that are still kept come first. With a cursor that is not of this log, or `"oldest"`, all that are kept.
    ///
    /// [`EventSource::cursor`]: crate::event::EventSource::cursor
    fn subscribe_after<E>(&self, cx: &mut Context<impl Hears<E>>, cursor: &str)
    where
        E: DeclaredBy<Self::Of> + ForObjects,
        Self::Of: Defers,
    {
        event::subscribe(cx.raw_context(), self.core(), E::NAME, Some(cursor));
    }

    /// Ends a subscription: with the commit of this method no handler runs for it any more, also not for what is on its way.
    /// Whether there was one.
    fn unsubscribe<E>(&self, cx: &mut Context<impl Hears<E>>) -> bool
    where
        E: DeclaredBy<Self::Of> + ForObjects,
        Self::Of: Defers,
    {
        event::unsubscribe(cx.raw_context(), self.core(), E::NAME)
    }

    /// Sends a request on to the object: what a handler of [`front`](mod@crate::front) returns. The object answers it as if
    /// it had come to the object's own path, connections that stay open included, with the caller that the handler was
    /// shown.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// use stayput::front::{Forward, FrontContext, Request, Result, Routes};
    ///
    /// # #[durable_object] struct Room { said: u64 }
    /// # #[durable_object] impl Room { #[action(public)] fn count(&self) -> u64 { self.said } }
    /// async fn room(cx: FrontContext, request: Request) -> Result<Forward> {
    ///     let name: String = cx.value("name")?;
    ///     Ok(Room::named(&cx, &name.to_lowercase()).fetch(request))
    /// }
    ///
    /// fn front(routes: Routes) -> Routes {
    ///     routes.any("/rooms/{name}/*", room)
    /// }
    /// # stayput::app!(Room; routes(front));
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     assert_eq!(t.as_user("ann").get("/rooms/LOBBY/count").await.body(), "0");
    /// });
    /// # }
    /// ```
    fn fetch(&self, request: Request) -> Forward {
        let core = self.core();
        Forward::new(request, core.target().and_then(|target| core.local(target)))
    }

    /// The object's id.
    ///
    /// # Errors
    ///
    /// When the stub was made with a name or id that no object of the class can have.
    fn id(&self) -> Result<ObjectId, Rejection> {
        self.core()
            .target()
            .map(|target| target.id)
            .map_err(Rejection::new)
    }
}

/// Whom a stub calls, and on whose behalf.
#[derive(Clone)]
pub struct StubCore {
    pub(super) class: &'static str,
    pub(super) target: Result<Target, Box<WireError>>,
    pub(super) mount: Option<Rc<str>>,
    pub(super) near: Option<&'static str>,
    pub(super) origin: Option<Origin>,
    /// The class, if it is one of another app.
    pub(super) remote: Option<&'static Remote>,
}

impl StubCore {
    pub(crate) fn named(origin: Origin, class: &'static str, name: &str) -> Self {
        let target = check_name(name).and_then(|()| {
            let key = origin.0.id_key(class).ok_or_else(|| no_class(class))?;
            Ok(Target {
                class: class.into(),
                id: key.named(name),
                name: Some(name.into()),
            })
        });
        Self {
            class,
            target,
            mount: None,
            near: None,
            origin: Some(origin),
            remote: None,
        }
    }

    pub(crate) fn by_id(origin: Option<Origin>, class: &'static str, id: ObjectId) -> Self {
        let target = Ok(Target {
            class: class.into(),
            id,
            name: None,
        });
        let mut core = Self {
            class,
            target,
            mount: None,
            near: None,
            origin,
            remote: None,
        };
        core.check();
        core
    }

    pub(crate) fn unique(origin: Origin, class: &'static str) -> Self {
        let target = origin
            .0
            .id_key(class)
            .ok_or_else(|| no_class(class))
            .map(|key| {
                let mut random = [0; 16];
                origin.0.random(&mut random);
                Target {
                    class: class.into(),
                    id: key.unique(random),
                    name: None,
                }
            });
        Self {
            class,
            target,
            mount: None,
            near: None,
            origin: Some(origin),
            remote: None,
        }
    }

    /// An object of another app.
    pub(crate) fn remote(origin: Origin, remote: &'static Remote, target: Target) -> Self {
        let checked = target.name.as_deref().map_or(Ok(()), check_name);
        Self {
            class: remote.class,
            target: checked.map(|()| target),
            mount: None,
            near: None,
            origin: Some(origin),
            remote: Some(remote),
        }
    }

    /// The object a turn runs in.
    pub(crate) fn myself(origin: Origin, identity: &Identity) -> Self {
        let Identity { class, id, name } = identity;
        let target = Target {
            class: (*class).into(),
            id: *id,
            name: name.clone(),
        };
        Self {
            class,
            target: Ok(target),
            mount: None,
            near: None,
            origin: Some(origin),
            remote: None,
        }
    }

    /// The same object, but a mixin of it.
    #[must_use]
    pub fn mounted(&self, name: &str) -> Self {
        let mount = match &self.mount {
            Some(mount) => format!("{mount}.{name}").into(),
            None => name.into(),
        };
        Self {
            mount: Some(mount),
            ..self.clone()
        }
    }

    /// The whole object, and which mixin of it this is.
    pub(crate) fn whole(&self) -> (Self, Option<Rc<str>>) {
        let mut whole = self.clone();
        let mount = whole.mount.take();
        (whole, mount)
    }

    fn near(&self, hint: &str) -> Self {
        let mut core = self.clone();
        match location_hint(hint) {
            Ok(hint) => core.near = Some(hint),
            Err(error) => core.target = core.target.and(Err(error)),
        }
        core
    }

    /// A call of one of its actions.
    pub fn call<T, E, K, A: Args>(
        &self,
        action: &'static str,
        mode: Mode,
        args: A,
    ) -> Call<T, E, K> {
        self.call_text(action, mode, args.encode())
    }

    /// The same with the parameters as JSON text.
    pub(crate) fn call_text<T, E, K>(
        &self,
        action: &str,
        mode: Mode,
        params: Reply,
    ) -> Call<T, E, K> {
        let action = match &self.mount {
            Some(mount) => format!("{mount}.{action}").into(),
            None => action.into(),
        };
        Call {
            core: self.clone(),
            action,
            mode,
            params,
            key: None,
            retry: None,
            typed: PhantomData,
        }
    }

    pub(crate) fn id(&self) -> Result<ObjectId, Box<WireError>> {
        self.target
            .as_ref()
            .map(|target| target.id)
            .map_err(Clone::clone)
    }

    pub(crate) fn target(&self) -> Result<Target, Box<WireError>> {
        self.target.clone()
    }

    /// The target, if it is one of this app.
    fn local(&self, target: Target) -> Result<Target, Box<WireError>> {
        if self.remote.is_none() {
            return Ok(target);
        }
        let message =
            "requests are sent on to objects of this app only; call the other app's by its actions";
        Err(Box::new(WireError::framework(
            Code::InvalidRequest,
            message,
        )))
    }

    /// An id is checked against its class as soon as there is somebody to ask for the key.
    pub(super) fn check(&mut self) {
        let Some(origin) = self.origin.clone().or_else(current::origin) else {
            return;
        };
        let Ok(target) = &self.target else { return };
        // What derives the ids of another app is known there.
        if self.remote.is_some() {
            return;
        }
        let checked = match origin.0.id_key(self.class) {
            None => Err(no_class(self.class)),
            Some(key) => key.check(target.id).map_err(|error| {
                let message = format!("{error}, not to `{}`", self.class);
                Box::new(WireError::framework(Code::InvalidId, message))
            }),
        };
        if let Err(error) = checked {
            self.target = Err(error);
        }
    }

    /// Sends a call until it brings something that another try would not better.
    pub(super) async fn send_again(
        self,
        action: Arc<str>,
        params: Bytes,
        mode: Mode,
        key: Option<Arc<str>>,
        retry: Retry,
    ) -> Reply {
        let twice = mode == Mode::Read || key.is_some();
        let mut tried = 1;
        loop {
            let origin = self.origin.clone().or_else(current::origin);
            let call = self.clone();
            let reply = call.send(action.clone(), params.clone(), mode, key.clone(), None);
            let error = match reply.await {
                Err(error) if error.retryable && (twice || !error.maybe_executed) => error,
                settled => return settled,
            };
            // Who has too much to do is not helped by more of it.
            let Some(origin) = origin.filter(|_| !error.is(Code::Overloaded)) else {
                return Err(error);
            };
            let mut chance = [0; 8];
            origin.0.random(&mut chance);
            let chance = u64::from_le_bytes(chance);
            let Some(pause) = retry.wait(tried, RetryAfter::of(&error), chance) else {
                return Err(error);
            };
            origin.0.pause(pause).await;
            tried += 1;
        }
    }

    pub(super) fn send(
        mut self,
        action: Arc<str>,
        params: Bytes,
        mode: Mode,
        key: Option<Arc<str>>,
        stream: Option<Arc<Pipe>>,
    ) -> LocalFuture<'static, Reply> {
        self.check();
        // Kept in the state, it outlives the action that made it.
        let made_by = self.origin.take();
        let lives = made_by.clone().filter(|origin| !origin.0.is_over());
        let origin = lives.or_else(current::origin).or(made_by);
        match (self.target, origin) {
            (Err(error), _) => Box::pin(std::future::ready(Err(error))),
            (Ok(_), None) => {
                let message =
                    "this stub was decoded outside of any action: make it with `named` or `by_id`";
                Box::pin(std::future::ready(Err(Box::new(WireError::framework(
                    Code::Internal,
                    message,
                )))))
            }
            (Ok(target), Some(origin)) => origin.0.call(OutgoingCall {
                target,
                near: self.near,
                action,
                params,
                mode,
                remote: self.remote,
                key,
                stream,
            }),
        }
    }
}

impl fmt::Debug for StubCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Ok(Target {
                name: Some(name), ..
            }) => write!(f, "{}/{name}", self.class),
            Ok(target) => write!(f, "{}/~{}", self.class, target.id),
            Err(error) => write!(f, "{}/({})", self.class, error.message),
        }
    }
}

/// Refuses names that URLs or ids cannot carry.
pub(crate) fn check_name(name: &str) -> Result<(), Box<WireError>> {
    let reason = if name.is_empty() {
        "a name is not empty"
    } else if name.len() > MAX_NAME {
        "a name has at most 512 bytes"
    } else if name == "." || name == ".." {
        "`.` and `..` are no names"
    } else if name.starts_with('~') {
        "names do not start with `~`"
    } else {
        return Ok(());
    };
    Err(Box::new(WireError::framework(Code::InvalidName, reason)))
}

fn no_class(class: &str) -> Box<WireError> {
    let message = format!("the app has no class `{class}`: add it to `stayput::app!(..)`");
    Box::new(WireError::framework(Code::NotFound, message))
}

/// A stub travels and is stored as the object's id.
pub fn serialize_stub<S: Serializer>(core: &StubCore, serializer: S) -> Result<S::Ok, S::Error> {
    match &core.target {
        Ok(target) => target.id.serialize(serializer),
        Err(error) => Err(serde::ser::Error::custom(&error.message)),
    }
}

/// The stub of a stored id; an id of another class is refused.
pub fn deserialize_stub<'de, D: Deserializer<'de>>(
    class: &'static str,
    deserializer: D,
) -> Result<StubCore, D::Error> {
    let id = <ObjectId as serde::Deserialize>::deserialize(deserializer)?;
    // A stub in an action's state outlives the action; what answers a test or a program does not outlive those.
    let origin = current::origin().filter(|origin| origin.0.is_lasting());
    let core = StubCore::by_id(origin, class, id);
    match &core.target {
        Ok(_) => Ok(core),
        Err(error) => Err(serde::de::Error::custom(&error.message)),
    }
}

/// The schema of ids of a class.
pub fn id_schema(class: &str) -> schemars::Schema {
    schemars::json_schema!({"type": "string", "format": "object-id", "x-stayput-class": class})
}

/// Makes a class's stub a value: it can be a parameter, a result and a state field.
#[doc(hidden)]
#[macro_export]
macro_rules! __stub_as_value {
    ($stub:ident) => {
        impl $crate::__private::serde::Serialize for $stub {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize_stub($crate::__private::Stub::core(self), serializer)
            }
        }
        impl<'de> $crate::__private::serde::Deserialize<'de> for $stub {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let class =
                    <<$stub as $crate::__private::Stub>::Of as $crate::__private::Object>::CLASS;
                $crate::__private::deserialize_stub(class, deserializer)
                    .map($crate::__private::Stub::from_core)
            }
        }
        impl $crate::__private::schemars::JsonSchema for $stub {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::stringify!($stub))
            }
            fn json_schema(
                _: &mut $crate::__private::schemars::SchemaGenerator,
            ) -> $crate::__private::schemars::Schema {
                $crate::__private::id_schema(
                    <<$stub as $crate::__private::Stub>::Of as $crate::__private::Object>::CLASS,
                )
            }
        }
    };
}
