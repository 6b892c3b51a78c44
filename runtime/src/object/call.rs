//! Calls as values: awaited, made again, kept for later.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use serde::de::DeserializeOwned;

use super::host::digest;
use super::{Mode, Origin, StubCore, Turn, current, idempotency_key};
use crate::action::{ErrOf, OkOf};
use crate::backend::LocalFuture;
use crate::error::{ActionError, CallError, Code, Rejection};
use crate::outgoing::Retry;
use crate::rpc::{Reply, WireError, from_utf8};
use crate::stream::Pipe;
use crate::time::{self, StoredCall};

/// A call that has not been made yet.
///
/// It is a value: await it for the answer. The object is called when it is first polled.
#[must_use = "does nothing until awaited, scheduled or sent"]
pub struct Call<T, E, K = AtOnce> {
    pub(super) core: StubCore,
    pub(super) action: Arc<str>,
    pub(super) mode: Mode,
    pub(super) params: Reply,
    pub(super) key: Option<Arc<str>>,
    pub(super) retry: Option<Retry>,
    pub(super) typed: Typed<T, E, K>,
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
