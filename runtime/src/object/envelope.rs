//! What travels with a call from one object (or the edge) to another.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{ObjectId, Timestamp};
use crate::action::InUrl;
use crate::auth::{self, Address};
use crate::socket::ConnectionId;
use crate::stream::Pipe;
use crate::time::Owed;

/// How many calls may be nested in each other.
pub const MAX_DEPTH: usize = 32;

/// One call on its way. Everything in it is shared or small: passing it on copies no payload.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The request this call belongs to; the same for all nested calls, shown in errors and logs.
    pub request_id: Arc<str>,
    /// Whom it is for.
    pub target: Target,
    /// The action's wire name.
    pub action: Arc<str>,
    /// JSON text of the parameters, an object or an array; empty stands for none.
    pub params: Bytes,
    /// Which of `params` were written in a URL.
    pub in_url: InUrl,
    /// When the caller stops waiting.
    pub deadline: Timestamp,
    /// The calls that wait for this one, outermost first.
    pub chain: Chain,
    /// Who asks, at the very beginning of the chain.
    pub caller: Arc<Caller>,
    /// Whether a query stands above: then no command may run below.
    pub read_only: bool,
    /// Where the object is to live, if nobody called it before.
    pub near: Option<&'static str>,
    /// The connection it came by, if it did by one to this very object.
    pub connection: Option<ConnectionId>,
    /// The idempotency key: a command or process that was called with it before is not run again.
    pub key: Option<Arc<str>>,
    /// Where items go, if whoever asked takes them one by one; else an action that sends some answers them all at once.
    pub stream: Option<Arc<Pipe>>,
    /// The debt that the call settles, if it was deferred.
    pub owed: Option<Owed>,
}

/// An object to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Class path.
    pub class: Arc<str>,
    /// Its id.
    pub id: ObjectId,
    /// Its name, unless it has none (made by `unique`) or is known by id only.
    pub name: Option<Arc<str>>,
}

/// The calls above this one.
#[derive(Debug, Clone)]
pub struct Chain {
    /// When and by whom the outermost call began: the older root wins a deadlock.
    pub root: Root,
    /// Objects whose calls wait for this one, outermost first.
    pub links: Arc<[Link]>,
}

/// The age of a chain of calls; ties are broken by a random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Root {
    /// When it began.
    pub started: Timestamp,
    /// Tells roots of the same millisecond apart.
    pub nonce: u64,
}

/// One waiting call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The object it runs in.
    pub object: ObjectId,
    /// What it holds there.
    pub mode: Mode,
}

/// What a call holds of its object while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A query: shares the object with other queries.
    Read,
    /// A command: has the object to itself.
    Write,
    /// A process: holds nothing.
    Free,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Name of the principal; empty for an anonymous one.
    pub subject: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Where it comes from.
    pub kind: CallerKind,
    /// The address it comes from, where the backend knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<Address>,
    /// When its credentials expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// Where a caller comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// Nobody is known.
    Anonymous,
    /// An authenticated principal.
    User,
    /// The developer at the same machine: has every scope.
    Developer,
    /// The runtime itself: alarms and deferred work.
    System,
}

impl Caller {
    /// Nobody.
    pub fn anonymous() -> Self {
        Self::of(String::new(), CallerKind::Anonymous)
    }

    /// Somebody with this name, who is authenticated but has no scope.
    pub fn user(subject: impl Into<String>) -> Self {
        Self::of(subject.into(), CallerKind::User)
    }

    /// The developer.
    pub fn developer() -> Self {
        Self::of("developer".to_owned(), CallerKind::Developer)
    }

    /// The runtime.
    pub fn system() -> Self {
        Self::of("system".to_owned(), CallerKind::System)
    }

    fn of(subject: String, kind: CallerKind) -> Self {
        Self {
            subject,
            scopes: Vec::new(),
            kind,
            ip: None,
            expires: None,
        }
    }

    /// The principal's name; empty for an anonymous caller.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The same, until then: connections that stay open are closed at this time.
    #[must_use]
    pub fn until(mut self, expires: Timestamp) -> Self {
        self.expires = Some(expires);
        self
    }

    /// What it may do, besides what everybody may. The developer and the runtime have every scope and list none.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Where it comes from.
    pub fn kind(&self) -> CallerKind {
        self.kind
    }

    /// The address that the first request came from: that of the connection, or what proxies of
    /// `STAYPUT_TRUSTED_PROXIES` say; on Workers what the platform says. `None` if it is not known, and for what the
    /// runtime does by itself.
    pub fn ip(&self) -> Option<IpAddr> {
        auth::ip(self.ip.as_ref()?)
    }

    /// Whether its credentials have expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether somebody vouched for this caller.
    pub fn is_authenticated(&self) -> bool {
        self.kind != CallerKind::Anonymous
    }

    /// Whether the caller has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        match self.kind {
            CallerKind::Developer | CallerKind::System => true,
            CallerKind::User | CallerKind::Anonymous => {
                self.scopes.iter().any(|have| have == scope)
            }
        }
    }
}

impl Chain {
    /// The chain of a call that nothing waits for but its client.
    pub fn root(started: Timestamp, nonce: u64) -> Self {
        Self {
            root: Root { started, nonce },
            links: Arc::default(),
        }
    }

    /// The chain of a call made by a call that runs in `object`.
    #[must_use]
    pub fn with(&self, object: ObjectId, mode: Mode) -> Self {
        let links = self
            .links
            .iter()
            .cloned()
            .chain([Link { object, mode }])
            .collect();
        Self {
            root: self.root,
            links,
        }
    }

    /// What the chain holds of `object`, if anything.
    pub fn holds(&self, object: ObjectId) -> Option<Mode> {
        let mut held = None;
        for link in self.links.iter().filter(|link| link.object == object) {
            match link.mode {
                Mode::Write => return Some(Mode::Write),
                Mode::Read => held = Some(Mode::Read),
                Mode::Free => {}
            }
        }
        held
    }

    /// Whether no object called.
    pub fn is_root(&self) -> bool {
        self.links.is_empty()
    }

    /// Whether a call above holds any object.
    pub fn holds_any(&self) -> bool {
        self.links.iter().any(|link| link.mode != Mode::Free)
    }
}
