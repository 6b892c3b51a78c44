//! A step of a workflow.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::entry::{Entry, Kind, failure, fault, key, rejection};
use super::{Inner, Pause};
use crate::backend::LocalFuture;
use crate::error::{Code, Rejection};
use crate::object::{Call, race};
use crate::rpc::{Reply, WireError, from_utf8};
use crate::time::Backoff;

/// How often a step is tried again if nothing is said.
const RETRIES: u32 = 3;
/// The longest answer that is kept, in bytes of JSON.
const MAX_RESULT: usize = 1_000_000;

/// A step that has not been taken yet: await it.
#[must_use = "does nothing until awaited"]
pub struct Step<T> {
    made: Made,
    typed: PhantomData<fn() -> T>,
}

/// A step without its type.
pub(super) struct Made {
    pub(super) inner: Rc<Inner>,
    pub(super) pause: Rc<Pause>,
    pub(super) name: String,
    pub(super) call: Box<dyn Fn() -> LocalFuture<'static, Reply>>,
    /// What it calls, to tell it from others.
    pub(super) what: Result<String, Box<WireError>>,
    pub(super) backoff: Backoff,
    pub(super) timeout: Option<Duration>,
    /// Whether it takes something back: then it is made although the workflow has failed.
    pub(super) is_undo: bool,
}

impl<T> Step<T> {
    pub(super) fn new<A: 'static, E: 'static, K: 'static>(
        inner: Rc<Inner>,
        pause: Rc<Pause>,
        name: &str,
        call: Call<A, E, K>,
    ) -> Self {
        let key = key(&inner.id, name);
        let what = call.describe();
        Self {
            made: Made {
                inner,
                pause,
                name: name.to_owned(),
                call: Box::new(move || call.repeat(Some(&key))),
                what,
                backoff: Backoff::default().retries(RETRIES),
                timeout: None,
                is_undo: false,
            },
            typed: PhantomData,
        }
    }

    /// How it is tried again after an error that says it is retryable.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.made.backoff = backoff;
        self
    }

    /// How long one attempt may take, if that is less than the call's own deadline. Then it counts as `timeout`, which is
    /// retryable.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.made.timeout = Some(timeout);
        self
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Step<T> {
    type Output = Result<T, Rejection>;
    type IntoFuture = LocalFuture<'static, Result<T, Rejection>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let name = self.made.name.clone();
            let value = self.made.make().await.map_err(Rejection::new)?;
            from_utf8(&value).map_err(|reason| {
                fault(
                    "workflow.diverged",
                    format!("what step `{name}` answered is not what is asked of it now: {reason}"),
                )
            })
        })
    }
}

impl<T> std::fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Step").field(&self.made.name).finish()
    }
}

impl Made {
    /// Makes the step, or answers what it answered.
    pub(super) async fn make(self) -> Reply {
        let inner = self.inner.clone();
        let wire = |error: Rejection| Box::new(error.wire().clone());
        inner.claim(&self.name).map_err(wire)?;
        let what = self.what.clone()?;
        if let Some(entry) = inner
            .find(&self.name, Kind::Step, Some(&what))
            .map_err(wire)?
        {
            inner.pass(&entry);
            return replay(&entry);
        }
        if !self.is_undo {
            inner.halt_if_cancelled().map_err(wire)?;
        }
        let reply = inner.work(self.attempts()).await;
        let at = (inner.clock)();
        let entry = Entry::new(Kind::Step, at).of(what);
        let entry = match reply {
            Ok(value) if value.len() > MAX_RESULT => {
                let error = WireError::framework(
                    Code::TooLarge,
                    "a step's answer is kept, and may have 1,000,000 bytes: store it, and answer where it is",
                );
                entry.failed(failure(&error))
            }
            Ok(value) if value.is_empty() => entry,
            Ok(value) => match from_utf8::<Value>(&value) {
                Ok(value) => entry.with(value),
                Err(reason) => entry.failed(failure(&WireError::framework(
                    Code::BadReply,
                    reason.to_string(),
                ))),
            },
            Err(error) => entry.failed(failure(&error)),
        };
        inner
            .record(&self.name, entry.clone())
            .await
            .map_err(wire)?;
        replay(&entry)
    }

    async fn attempts(&self) -> Reply {
        let mut attempt = 1;
        loop {
            let reply = match self.timeout {
                Some(timeout) => {
                    let late = async {
                        (self.pause)(timeout).await;
                        let message = format!("step `{}` took too long", self.name);
                        Err(Box::new(
                            WireError::framework(Code::Timeout, message).maybe_executed(),
                        ))
                    };
                    race((self.call)(), late).await
                }
                None => (self.call)().await,
            };
            let again = reply.as_ref().is_err_and(|error| error.retryable);
            if !again || self.backoff.is_spent(attempt) {
                return reply;
            }
            let random = super::entry::number(&self.name, u64::from(attempt));
            (self.pause)(self.backoff.pause(attempt, random)).await;
            attempt += 1;
        }
    }
}

/// What a kept step answers.
fn replay(entry: &Entry) -> Reply {
    match (&entry.error, &entry.result) {
        (Some(error), _) => Err(Box::new(rejection(error).wire().clone())),
        (None, Some(result)) => crate::action::encode(result),
        (None, None) => Ok(bytes::Bytes::from_static(b"null")),
    }
}
