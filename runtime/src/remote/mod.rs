//! Objects of other apps: what [`stub!`](crate::stub) makes stubs of, and what their calls share with those of
//! clients.

#[cfg(any(feature = "client", target_arch = "wasm32"))]
mod answer;
mod deliver;
#[cfg(any(feature = "client", target_arch = "wasm32"))]
mod fault;
mod js;
mod js_fetch;
#[cfg(any(feature = "client", target_arch = "wasm32"))]
mod request;

use std::time::Duration;

pub use self::deliver::deliver;
pub use self::js::{JsClass, JsObject};
pub use self::js_fetch::JsRequest;
#[cfg(target_arch = "wasm32")]
pub(crate) use self::js_fetch::REQUEST;

#[cfg(any(feature = "client", target_arch = "wasm32"))]
pub(crate) use self::{
    answer::Message,
    fault::{bad_answer, network},
    request::{path_of, request_body},
};
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub(crate) use self::{answer::answers_to, fault::ours};

use crate::backend::LocalFuture;
use crate::error::Code;
use crate::object::{Envelope, HasOrigin, Mode, ObjectId, StubCore, Target};
use crate::rpc::{Reply, WireError};

/// A JSON value of any shape: what a type of another app becomes that Rust cannot say more precisely.
pub type Json = serde_json::Value;

/// What answers more than this is no app: it is not read into memory. The same as over a WebSocket.
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub(crate) const MAX_ANSWER: usize = 64 << 20;

/// The header in which a caller says how many milliseconds it waits.
pub(crate) const TIMEOUT_HEADER: &str = "x-timeout-ms";

/// A class of another app: what [`stub!`](crate::stub) read in that app's manifest, and how it is reached.
#[derive(Debug)]
pub struct Remote {
    /// The app's name, by which its Worker is called, too.
    pub app: &'static str,
    /// The class path.
    pub class: &'static str,
    /// The name of its JavaScript class.
    pub exported: &'static str,
    /// The setting that holds the app's URL (`STAYPUT_USERS`).
    pub setting: &'static str,
    /// On Workers: the service binding that leads to the app (`USERS`).
    pub service: &'static str,
    /// On Workers: the binding of the class's objects (`USERS_ACCOUNT`).
    pub binding: &'static str,
    /// What brings calls there.
    pub deliver: Deliver,
}

/// Another app, as [`stub!`](crate::stub) describes it to [`app!`](crate::app).
#[derive(Debug)]
pub struct RemoteApp {
    /// The classes that may be called.
    pub classes: &'static [&'static Remote],
}

/// Brings a call to an object of another app. A pointer, so that only a program that has such stubs links it.
pub type Deliver = fn(RemoteCall<'_>) -> LocalFuture<'static, Reply>;

/// A call that leaves the app. The caller's output gate has been passed already.
#[expect(missing_debug_implementations, reason = "holds a function")]
pub struct RemoteCall<'a> {
    /// Where it goes.
    pub remote: &'static Remote,
    /// The call. Its target's id is 32 zeros if it has a name.
    pub envelope: Envelope,
    /// What the action will hold of its object.
    pub mode: Mode,
    /// How long the caller waits.
    pub patience: Duration,
    /// The settings.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// Stands for the id of an object that is known by its name alone: what derives ids is the other app's affair.
pub(crate) const UNKNOWN: ObjectId = ObjectId::from_bytes([0; 32]);

impl Remote {
    /// The object with this name.
    pub fn named(&'static self, cx: &impl HasOrigin, name: &str) -> StubCore {
        let target = Target {
            class: self.class.into(),
            id: UNKNOWN,
            name: Some(name.into()),
        };
        StubCore::remote(cx.origin(), self, target)
    }

    /// The object with this id.
    pub fn by_id(&'static self, cx: &impl HasOrigin, id: ObjectId) -> StubCore {
        let target = Target {
            class: self.class.into(),
            id,
            name: None,
        };
        StubCore::remote(cx.origin(), self, target)
    }

    /// The setting that holds the token which calls over HTTP carry.
    #[cfg(any(feature = "client", target_arch = "wasm32"))]
    pub(crate) fn token_setting(&self) -> String {
        format!("{}_TOKEN", self.setting)
    }

    /// Nothing leads to the app; `what` says what is to be added.
    pub(crate) fn unbound(&self, what: &str) -> Box<WireError> {
        let message = format!("nothing leads to the app `{}`: {what}", self.app);
        Box::new(WireError::framework(Code::ConfigBindingMissing, message))
    }

    /// The setting holds no usable URL or token.
    #[cfg(any(feature = "client", target_arch = "wasm32"))]
    pub(crate) fn misled(&self, setting: &str, why: &str) -> Box<WireError> {
        let message = format!("`{setting}`, which leads to the app `{}`, {why}", self.app);
        Box::new(WireError::framework(Code::ConfigInvalid, message))
    }
}
