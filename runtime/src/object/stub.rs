//! Typed stubs and calls as values.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

use super::by_name::mode_of;
use super::host::{DESTROY_ACTION, Identity, digest};
use super::region::location_hint;
use super::{
    Context, Mode, Object, ObjectId, Origin, OutgoingCall, Target, Timestamp, Turn, current,
    idempotency_key,
};
use crate::action::ActionParam;
use crate::action::{ErrOf, OkOf, encode};
use crate::backend::LocalFuture;
use crate::error::{ActionError, CallError, Code, Error, Rejection, RetryAfter};
use crate::http::Request;
use crate::http::door::Forward;
use crate::outgoing::Retry;
use crate::remote::Remote;
use crate::rpc::{Reply, WireError, from_utf8, parse_params};
use crate::state::Stateful;
use crate::stream::Pipe;
use crate::time::{self, Backoff, Defers, SendId, StoredCall};

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
    class: &'static str,
    target: Result<Target, Box<WireError>>,
    mount: Option<Rc<str>>,
    near: Option<&'static str>,
    origin: Option<Origin>,
    /// The class, if it is one of another app.
    remote: Option<&'static Remote>,
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
    fn check(&mut self) {
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
    async fn send_again(
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

    fn send(
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

/// A call that has not been made yet.
///
/// It is a value: await it for the answer. The object is called when it is first polled.
#[must_use = "does nothing until awaited, scheduled or sent"]
pub struct Call<T, E, K = AtOnce> {
    core: StubCore,
    action: Arc<str>,
    mode: Mode,
    params: Reply,
    key: Option<Arc<str>>,
    retry: Option<Retry>,
    typed: Typed<T, E, K>,
}

type Typed<T, E, K> = PhantomData<fn() -> (T, E, K)>;

/// The answer of a [`Call`] comes at once.
#[derive(Debug)]
pub enum AtOnce {}

/// The answer of a [`Call`] may also be read item by item: by [`Call::stream`].
#[derive(Debug)]
pub enum ItemByItem {}

/// The call of an action that returns the `Result` `R`.
pub type CallOf<R> = Call<OkOf<R>, ErrOf<R>>;

/// Waits for the answer of a [`Call`].
pub struct Answer<T, E> {
    reply: LocalFuture<'static, Reply>,
    /// On whose behalf stubs and ids in the answer call.
    origin: Option<Origin>,
    typed: PhantomData<fn() -> (T, E)>,
}

impl<T, E, K> fmt::Debug for Call<T, E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}(..)", self.core, self.action)
    }
}

impl<T, E> fmt::Debug for Answer<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}

impl<T, E, K> Call<T, E, K> {
    /// The same call with an idempotency key. Made again with that key by the same caller, within 24 hours, it is not run
    /// again: it answers what it answered then. An error is not kept, so the call may be tried again.
    ///
    /// A key is 1 to 255 visible ASCII characters. The same key with other parameters is refused with `key_reused`; while
    /// a process that was started with it runs, with `key_in_use`. Queries have no use for one.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Till { paid: u64 }
    /// # #[durable_object] impl Till { #[action] fn pay(&mut self, cents: u64) -> u64 { self.paid += cents; self.paid } }
    /// # stayput::app!(Till);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let till = Till::named(t, "front");
    ///     assert_eq!(till.pay(500u64).key("order-7").await.unwrap(), 500);
    ///     assert_eq!(till.pay(500u64).key("order-7").await.unwrap(), 500);
    ///     let error = till.pay(700u64).key("order-7").await.unwrap_err();
    ///     assert_eq!(error.rejection().unwrap().code(), "key_reused");
    /// });
    /// # }
    /// ```
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        match idempotency_key(key.as_ref()) {
            Ok(key) => self.key = Some(key),
            Err(error) => self.params = self.params.and(Err(error)),
        }
        self
    }

    /// The same call, made again where that may help: after errors that say they are retryable, but for `overloaded`, and
    /// only if it cannot have been executed, unless it is a query or has a [`key`](Self::key). By default three tries, after
    /// waits of up to 100 and 200 ms; longer if the error asks for it, which no wait of more than the cap is. A command waits
    /// with its object locked.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Till { paid: u64 }
    /// # #[durable_object] impl Till { #[action] fn pay(&mut self, cents: u64) -> u64 { self.paid += cents; self.paid } }
    /// # stayput::app!(Till);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let till = Till::named(t, "front");
    ///     let paid = till.pay(500u64).key("order-7").retry(Retry::default().tries(5)).await;
    ///     assert_eq!(paid.unwrap(), 500);
    /// });
    /// # }
    /// ```
    ///
    /// Of items that were read one by one nobody can say whether they are to be read again, so the answer comes at once.
    pub fn retry(self, retry: Retry) -> Call<T, E> {
        Call {
            core: self.core,
            action: self.action,
            mode: self.mode,
            params: self.params,
            key: self.key,
            retry: Some(retry),
            typed: PhantomData,
        }
    }
}

impl<T, E, K> Call<T, E, K> {
    /// Makes the call later, once, so long from now: it is kept with the commit of the method that runs, and made at least
    /// once; a command exactly once in effect. Whoever waits for it is nobody: the answer is dropped, and an error tried
    /// again as [`Backoff`] says. The answer here is the name by which it may be
    /// [cancelled](crate::time::SchedulesMut::cancel).
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object(defers)] struct Room { said: Vec<String> }
    /// # #[durable_object] impl Room {
    /// #[action]
    /// fn remind(&mut self, cx: &mut Context<Self>, room: String, text: String) {
    ///     Room::named(cx, &room).say(text).after(cx, minutes(5));
    /// }
    ///
    /// #[action]
    /// fn say(&mut self, text: String) { self.said.push(text); }
    /// # #[action] fn said(&self) -> Vec<String> { self.said.clone() }
    /// # }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     Room::named(t, "office").remind("kitchen", "tea").await.unwrap();
    ///     t.advance(minutes(5)).await;
    ///     assert_eq!(Room::named(t, "kitchen").said().await.unwrap(), ["tea"]);
    /// });
    /// # }
    /// ```
    pub fn after<S: Defers>(self, cx: &mut Context<S>, delay: Duration) -> String {
        let at = cx.now() + delay;
        self.at(cx, at)
    }

    /// The same, then; at once if that is past.
    pub fn at<S: Defers>(self, cx: &mut Context<S>, time: Timestamp) -> String {
        let raw = cx.raw_context();
        let name = time::unnamed(raw);
        let records = raw.records();
        match self.at_rest(&raw.turn) {
            Ok(call) => records.settle(time::plan_once(
                &records,
                &name,
                time,
                Backoff::default(),
                call,
            )),
            Err(error) => raw.fail(error),
        }
        let prefix = if raw.mount.is_empty() {
            0
        } else {
            raw.mount.len() + 1
        };
        name.get(prefix..).unwrap_or_default().to_owned()
    }

    /// Hands the call over to be made surely: it is kept with the commit of the method that runs, and made as soon as that
    /// is on disk, again and again until the other object takes it, in the order of sending. A command is made exactly once in effect: it
    /// notes in its own commit that it was. Of other actions it is at least once. The answer is dropped; an error is tried again as
    /// [`Backoff`] says, while the later sends to the same object wait.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object(defers)] struct Account { cents: i64 }
    /// # #[durable_object] impl Account {
    /// #[action]
    /// fn pay(&mut self, cx: &mut Context<Self>, to: String, cents: i64) {
    ///     self.cents -= cents;
    ///     Account::named(cx, &to).receive(cents).send(cx);
    /// }
    ///
    /// #[action(internal)]
    /// fn receive(&mut self, cents: i64) { self.cents += cents; }
    /// # #[action] fn cents(&self) -> i64 { self.cents }
    /// # }
    /// # stayput::app!(Account);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     Account::named(t, "ann").pay("bob", 500).await.unwrap();
    ///     t.settle().await;
    ///     assert_eq!(Account::named(t, "bob").cents().await.unwrap(), 500);
    /// });
    /// # }
    /// ```
    ///
    /// Of one object 10,000 sends may wait; one more fails the method with `overloaded`.
    pub fn send<S: Defers>(self, cx: &mut Context<S>) -> SendId {
        self.send_with(cx, Backoff::default())
    }

    /// The same, tried again as `backoff` says.
    pub fn send_with<S: Defers>(self, cx: &mut Context<S>, backoff: Backoff) -> SendId {
        let raw = cx.raw_context();
        let pushed = self.at_rest(&raw.turn).and_then(|call| {
            time::push(&raw.records(), raw.identity(), raw.turn.now, call, backoff)
        });
        match pushed {
            Ok((lane, id)) => {
                raw.turn.note_send(lane);
                id
            }
            Err(error) => {
                raw.fail(error);
                SendId::default()
            }
        }
    }

    /// Makes the call, with this key if there is one, as often as it is wanted.
    pub(crate) fn repeat(&self, key: Option<&str>) -> LocalFuture<'static, Reply> {
        let params = match &self.params {
            Ok(params) => params.clone(),
            Err(error) => return Box::pin(std::future::ready(Err(error.clone()))),
        };
        let key = key.map(idempotency_key).transpose();
        let (core, action, mode) = (self.core.clone(), self.action.clone(), self.mode);
        match key {
            Ok(key) => core.send(action, params, mode, key.or_else(|| self.key.clone()), None),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// What it calls: the same for the same call of the same object.
    pub(crate) fn describe(&self) -> Result<String, Box<WireError>> {
        let params = self.params.as_ref().map_err(Clone::clone)?;
        Ok(format!(
            "{:?}.{} {}",
            self.core,
            self.action,
            digest(params)
        ))
    }

    /// What is kept of it, to be made later on behalf of who calls now.
    pub(crate) fn at_rest(self, turn: &Turn) -> Result<StoredCall, Box<WireError>> {
        let unfit = |message| {
            Err(Box::new(WireError::framework(
                Code::InvalidRequest,
                message,
            )))
        };
        let params = self.params?;
        let mut core = self.core;
        if core.remote.is_some() {
            return unfit(
                "calls to another app are not made later: defer an action of your own that makes the call",
            );
        }
        if self.retry.is_some() {
            return unfit(
                "how a deferred call is tried again is said by its `Backoff`, not by `retry`",
            );
        }
        core.check();
        let parts = time::Parts {
            target: core.target?,
            near: core.near,
            action: self.action,
            params,
            key: self.key,
            mode: self.mode,
        };
        StoredCall::new(parts, &turn.core.identity, &turn.caller)
    }

    /// Makes the call, whose items go into the pipe; and on whose behalf stubs in them call.
    pub(crate) fn pour(self, pipe: Arc<Pipe>) -> (LocalFuture<'static, Reply>, Option<Origin>) {
        let origin = self.core.origin.clone();
        let Self {
            core,
            action,
            mode,
            params,
            key,
            ..
        } = self;
        let reply = async move { core.send(action, params?, mode, key, Some(pipe)).await };
        (Box::pin(reply), origin)
    }

    /// The answer as it came.
    pub(crate) fn into_reply(self) -> LocalFuture<'static, Reply> {
        match self.params {
            Ok(params) => {
                let (core, action, mode, key) = (self.core, self.action, self.mode, self.key);
                match self.retry {
                    Some(retry) => Box::pin(core.send_again(action, params, mode, key, retry)),
                    None => {
                        Box::pin(async move { core.send(action, params, mode, key, None).await })
                    }
                }
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl<T: DeserializeOwned, E: ActionError, K> IntoFuture for Call<T, E, K> {
    type Output = Result<T, CallError<E>>;
    type IntoFuture = Answer<T, E>;

    fn into_future(self) -> Answer<T, E> {
        let origin = self.core.origin.clone();
        Answer {
            reply: self.into_reply(),
            origin,
            typed: PhantomData,
        }
    }
}

impl<T: DeserializeOwned, E: ActionError> Future for Answer<T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let reply = self.reply.as_mut().poll(cx);
        reply.map(|reply| match self.origin.take() {
            Some(origin) => current::scope(origin, || read_reply(reply)),
            None => read_reply(reply),
        })
    }
}

/// From a reply to the typed answer.
pub(crate) fn read_reply<T: DeserializeOwned, E: ActionError>(
    reply: Reply,
) -> Result<T, CallError<E>> {
    match reply {
        Ok(text) => from_utf8(&text).map_err(|error| {
            let message = format!("the result does not fit the stub's type: {error}");
            CallError::Rejected(Rejection::new(Box::new(
                WireError::framework(Code::BadReply, message).maybe_executed(),
            )))
        }),
        Err(wire) => Err(match E::from_wire(&wire) {
            Some(error) => CallError::Failed(error),
            None => CallError::Rejected(Rejection::new(wire)),
        }),
    }
}

/// What a stub accepts where the action takes a `T`: a `T` itself; for an `Option<T>` also a bare `T`; for a `String`
/// also a `&str`.
#[diagnostic::on_unimplemented(
    message = "the action takes `{T}` here, not `{Self}`",
    label = "expected `{T}`"
)]
pub trait Arg<T> {
    /// The parameter itself.
    fn into_arg(self) -> T;
}

impl<T> Arg<T> for T {
    fn into_arg(self) -> T {
        self
    }
}

impl<T> Arg<Option<T>> for T {
    fn into_arg(self) -> Option<T> {
        Some(self)
    }
}

impl Arg<String> for &str {
    fn into_arg(self) -> String {
        self.to_owned()
    }
}

impl Arg<Option<String>> for &str {
    fn into_arg(self) -> Option<String> {
        Some(self.to_owned())
    }
}

/// The arguments of a call, as a tuple: they travel by position.
pub trait Args {
    /// Their JSON text.
    fn encode(self) -> Reply;
}

impl Args for () {
    fn encode(self) -> Reply {
        Ok(Bytes::new())
    }
}

macro_rules! args {
    ($($arg:ident)+) => {
        impl<$($arg: ActionParam),+> Args for ($($arg,)+) {
            fn encode(self) -> Reply {
                encode(&self)
            }
        }
    };
}

args!(A);
args!(A B);
args!(A B C);
args!(A B C D);
args!(A B C D E);
args!(A B C D E F);
args!(A B C D E F G);
args!(A B C D E F G H);
args!(A B C D E F G H I);
args!(A B C D E F G H I J);
args!(A B C D E F G H I J K);
args!(A B C D E F G H I J K L);

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
