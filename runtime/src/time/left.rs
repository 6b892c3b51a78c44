//! What stored deferred work would call, for who looks at a data folder from outside.

use serde::Deserialize;

use super::call::StoredCall;
use super::outbox::Sent;
use super::stored::Stored;
use crate::event::method_of;
use crate::object::Timestamp;
use crate::state::Key as _;

/// Where records of deferred work are: from, and up to.
pub(crate) const RANGES: [(&str, &str); 2] = [("!outbox/", "!outbox0"), ("!sched/", "!sched0")];

/// Work that waits for an action.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// What it is, as people call it: ``schedule `remind` ``.
    pub(crate) what: String,
    /// The class that is called; `None`: the object's own.
    pub(crate) class: Option<String>,
    /// The action.
    pub(crate) action: String,
    /// When it is due, if it waits for a time.
    pub(crate) due: Option<Timestamp>,
}

/// A job, as far as it matters here.
#[derive(Deserialize)]
struct StoredJob {
    action: String,
    status: String,
}

/// Reads a record of one of the [`RANGES`]; `None` if it is none, or a request to another server.
pub(crate) fn read(key: &str, value: &[u8]) -> Option<Left> {
    if let Some(name) = key.strip_prefix("!sched/") {
        let stored: Stored = serde_json::from_slice(value).ok()?;
        let what = match name.strip_prefix('~') {
            Some(_) => "a call that was deferred once".to_owned(),
            None => format!("schedule `{name}`"),
        };
        return of_call(&stored.call, what, Some(stored.due));
    }
    let mut rest = key.strip_prefix("!outbox/")?;
    let lane = String::read_key(&mut rest)?;
    let sent: Sent = serde_json::from_slice(value).ok()?;
    let what = match method_of(sent.call.action()) {
        Some(method) => format!("an event for `{method}`"),
        None => format!("a send to {lane}"),
    };
    of_call(&sent.call, what, None)
}

fn of_call(call: &StoredCall, what: String, due: Option<Timestamp>) -> Option<Left> {
    if call.request().is_some() {
        return None;
    }
    Some(Left {
        what,
        class: call.class().map(str::to_owned),
        action: call.action().to_owned(),
        due,
    })
}

/// Reads a record of a mixin `Jobs`; `None` if it is none, or of a job that has ended.
pub(crate) fn read_job(id: &str, value: &[u8]) -> Option<Left> {
    let job: StoredJob = serde_json::from_slice(value).ok()?;
    matches!(&*job.status, "queued" | "running" | "waiting").then(|| Left {
        what: format!("job `{id}`"),
        class: None,
        action: job.action,
        due: None,
    })
}
