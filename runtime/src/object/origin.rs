//! Where calls come from: a running action, a test, a client program.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{IdKey, Mode, Target};
use crate::backend::LocalFuture;
use crate::remote::Remote;
use crate::rpc::Reply;
use crate::stream::Pipe;

/// A call that is about to leave.
#[derive(Debug)]
pub struct OutgoingCall {
    /// Whom it is for.
    pub target: Target,
    /// Where that is to live, if nobody called it before.
    pub near: Option<&'static str>,
    /// The action's wire name.
    pub action: Arc<str>,
    /// JSON text of the parameters.
    pub params: Bytes,
    /// What the action will hold of its object.
    pub mode: Mode,
    /// The class of another app that it is for.
    pub remote: Option<&'static Remote>,
    /// The idempotency key.
    pub key: Option<Arc<str>>,
    /// Where items go, if whoever calls reads them one by one. Who cannot bring them so answers them all at once.
    pub stream: Option<Arc<Pipe>>,
}

/// Something on whose behalf objects are called.
pub trait Originate {
    /// What derives the ids of a class; `None` if the app has no such class.
    fn id_key(&self, class: &str) -> Option<IdKey>;
    /// Randomness for new ids.
    fn random(&self, bytes: &mut [u8]);
    /// Waits so long.
    fn pause(&self, time: Duration) -> LocalFuture<'static, ()>;
    /// Whether it outlives any action, so that stubs in answers may keep it.
    fn is_lasting(&self) -> bool {
        false
    }
    /// Whether it has ended: stubs that were kept then call on behalf of the code that uses them.
    fn is_over(&self) -> bool {
        false
    }
    /// Makes a call.
    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply>;
}

/// A shared [`Originate`].
#[derive(Clone)]
pub struct Origin(pub(crate) Rc<dyn Originate>);

impl Origin {
    /// Wraps an origin.
    pub fn new(origin: Rc<impl Originate + 'static>) -> Self {
        Self(origin)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin(..)")
    }
}

/// What `ChatRoom::named(cx, ..)` accepts as `cx`: any context, or the test harness.
#[diagnostic::on_unimplemented(
    message = "objects cannot be called on behalf of `{Self}`",
    note = "pass the `cx` of the action, or the harness in a test"
)]
pub trait HasOrigin {
    /// The origin of calls made with it.
    fn origin(&self) -> Origin;
}

impl HasOrigin for Origin {
    fn origin(&self) -> Origin {
        self.clone()
    }
}
