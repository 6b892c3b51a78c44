//! A call, as middleware sees it.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::action::{InUrl, encode};
use crate::backend::{Environment, Seq};
use crate::error::Code;
use crate::object::{Caller, Core, Envelope, Mode, ObjectId, Timestamp};
use crate::rpc::WireError;

/// A call on its way to its action.
pub struct Invocation {
    pub(crate) envelope: Envelope,
    pub(crate) mode: Mode,
    pub(crate) core: Rc<Core>,
    /// The parameters that the action knows.
    #[cfg(all(feature = "jsonschema", not(target_arch = "wasm32")))]
    pub(crate) known: &'static [crate::action::Param],
}

impl Invocation {
    /// The action's wire name, mount included.
    pub fn action(&self) -> &str {
        &self.envelope.action
    }

    /// What the action holds of its object: `Read` for a query, `Write` for a command, `Free` for a process.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Who called first, however many objects the call has passed since.
    pub fn caller(&self) -> &Caller {
        &self.envelope.caller
    }

    /// The request this call belongs to.
    pub fn request_id(&self) -> &str {
        &self.envelope.request_id
    }

    /// The object's class path.
    pub fn class(&self) -> &str {
        self.core.identity.class
    }

    /// The object's id.
    pub fn id(&self) -> ObjectId {
        self.core.identity.id
    }

    /// The object's name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.core.identity.name.as_deref()
    }

    /// Whether the object exists: an object does from the first command on that was kept.
    pub fn exists(&self) -> bool {
        self.core.is_born()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.core.environment.now()
    }

    /// When the caller stops waiting.
    pub fn deadline(&self) -> Timestamp {
        self.envelope.deadline
    }

    /// Gives the rest of the call so much time from now, if it does not have less.
    pub fn limit(&mut self, time: Duration) {
        self.envelope.deadline = self.envelope.deadline.min(self.now() + time);
    }

    /// Waits. The object goes on meanwhile.
    pub async fn sleep(&self, time: Duration) {
        let environment = &self.core.environment;
        environment.sleep_until(environment.now() + time).await;
    }

    /// The parameters as they came, not checked yet: JSON text of an object or an array; empty if there are none.
    pub fn params(&self) -> &str {
        std::str::from_utf8(&self.envelope.params).unwrap_or_default()
    }

    /// Replaces the parameters. They are checked like those that a client sends.
    ///
    /// # Errors
    ///
    /// `internal` if the value is not written as a JSON object or array.
    pub fn set_params<P: Serialize + ?Sized>(&mut self, params: &P) -> Result<(), Box<WireError>> {
        let text = encode(params)?;
        if !matches!(text.first(), Some(b'{' | b'[')) {
            let message = "middleware set parameters that are neither an object nor an array";
            return Err(Box::new(WireError::framework(Code::Internal, message)));
        }
        self.envelope.params = text;
        self.envelope.in_url = InUrl::NONE;
        Ok(())
    }

    pub(super) fn raw_params(&self) -> Bytes {
        self.envelope.params.clone()
    }

    /// Which of the parameters came in a URL.
    pub(super) fn in_url(&self) -> InUrl {
        self.envelope.in_url
    }

    /// Whether a client makes it: neither another object, nor work that an object has deferred.
    pub(super) fn is_from_outside(&self) -> bool {
        self.envelope.chain.is_root()
    }

    /// What delivers calls to other objects.
    pub(super) fn environment(&self) -> &dyn Environment {
        &*self.core.environment
    }

    /// The object's last commit.
    pub(super) fn seq(&self) -> Seq {
        self.core.seq()
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("action", &self.action())
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
