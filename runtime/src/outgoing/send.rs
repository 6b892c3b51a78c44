//! Sending: the gate before it, tries, and where an answer sends a request on to.

use std::rc::Rc;

use ::http::header::{AUTHORIZATION, HeaderName, LOCATION};
use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;

use super::address::{Allow, SETTING};
use super::error::{HttpError, HttpErrorKind};
use super::exchange::{Fault, Inbound, Sent, exchange};
use super::request::Draft;
use super::response::Response;
use super::retry::Retry;
use super::url::Url;
use crate::backend::Environment;
use crate::error::Code;
use crate::object::{Timestamp, Turn, race, storage_error};
use crate::rpc::WireError;

/// Sends a request as often as it takes, and may.
pub(super) async fn send(turn: &Rc<Turn>, draft: Draft, url: Url) -> Result<Response, HttpError> {
    let environment = &turn.core.environment;
    let allow = allowed(&**environment)?;
    if turn.is_ended() {
        let message = "the action that made this request has ended";
        return Err(rejected(WireError::framework(Code::ObjectReset, message)));
    }
    // What a faulty action knows is not to be told.
    if let Some(fault) = turn.core.records.fault() {
        return Err(HttpError::rejected(storage_error(&fault)));
    }
    // Nothing leaves before everything it could have seen is durable.
    turn.core.durable().await.map_err(HttpError::rejected)?;
    let retry = draft
        .retry
        .filter(|_| Retry::suits(&draft.method, &draft.headers));
    let first = Sent {
        method: draft.method.clone(),
        url,
        headers: draft.headers.clone(),
        body: draft.body.clone(),
        allow,
        limit: draft.limit,
    };
    let mut tried = 0;
    loop {
        let via = Via {
            environment,
            deadline: turn.deadline,
        };
        let outcome = attempt(&via, &draft, first.clone()).await;
        tried += 1;
        let pause = retry.and_then(|retry| {
            let mut chance = [0; 8];
            environment.random(&mut chance);
            retry.pause(
                tried,
                &outcome,
                environment.now(),
                u64::from_le_bytes(chance),
            )
        });
        // What would come too late is not begun.
        let until = pause.map(|pause| environment.now() + pause);
        match until.filter(|until| *until < turn.deadline) {
            Some(until) => environment.sleep_until(until).await,
            None => return outcome,
        }
    }
}

/// What may be asked besides those that everybody can reach.
pub(super) fn allowed(environment: &dyn Environment) -> Result<Rc<Allow>, HttpError> {
    Allow::of(&|name| environment.variable(name))
        .map_err(|item| rejected(WireError::framework(Code::ConfigInvalid, item.to_string())))
}

/// By what a request is sent.
#[derive(Clone, Copy)]
pub(super) struct Via<'a> {
    pub(super) environment: &'a Rc<dyn Environment>,
    /// When whoever waits for it has to have an answer.
    pub(super) deadline: Timestamp,
}

/// One try, wherever it is sent on to.
pub(super) async fn attempt(
    via: &Via<'_>,
    draft: &Draft,
    sent: Sent,
) -> Result<Response, HttpError> {
    let environment = via.environment;
    let asked = sent.shown();
    let own = environment.now() + draft.timeout;
    let (until, why) = if own < via.deadline {
        (own, format!("within {:?}, its `timeout`", draft.timeout))
    } else {
        (via.deadline, "before the action's deadline".to_owned())
    };
    let late = async {
        environment.sleep_until(until).await;
        let message = format!("{asked} was not answered {why}");
        Err(HttpError::new(HttpErrorKind::Timeout, message))
    };
    race(follow(via, draft.redirects, sent, until), late).await
}

async fn follow(
    via: &Via<'_>,
    redirects: u32,
    mut sent: Sent,
    until: Timestamp,
) -> Result<Response, HttpError> {
    let mut left = redirects;
    loop {
        let shown = sent.shown();
        let answer = reach(via, sent.clone(), until)
            .await
            .map_err(|fault| told(&sent, fault))?;
        let location = answer.headers.get(LOCATION).filter(|_| {
            redirects > 0 && matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308)
        });
        let Some(location) = location else {
            return Ok(Response::new(
                answer.status,
                answer.headers,
                answer.body,
                shown,
            ));
        };
        let wrong = |what: &str| {
            let message = format!("{shown} was sent on to where {what}");
            HttpError::new(HttpErrorKind::Redirect, message)
        };
        if left == 0 {
            let message = format!("{shown} was sent on more than {redirects} times");
            return Err(HttpError::new(HttpErrorKind::Redirect, message));
        }
        left -= 1;
        let location = str::from_utf8(location.as_bytes()).map_err(|_| wrong("no URL leads"))?;
        let next = sent.url.join(location).map_err(|what| {
            let message = format!("{shown} was sent on to an URL that {what}");
            HttpError::new(HttpErrorKind::Redirect, message)
        })?;
        if sent.url.is_encrypted && !next.is_encrypted {
            return Err(wrong("nothing is encrypted"));
        }
        redirect(&mut sent, answer.status, next);
    }
}

/// Turns a request into the one that follows an answer of this status.
fn redirect(sent: &mut Sent, status: StatusCode, next: Url) {
    let is_turned = match status.as_u16() {
        301 | 302 => sent.method == Method::POST,
        303 => !matches!(sent.method, Method::GET | Method::HEAD),
        _ => false,
    };
    if is_turned {
        sent.method = Method::GET;
        sent.body = Bytes::new();
        keep(&mut sent.headers, |name| !name.starts_with("content-"));
    }
    if !sent.url.is_same_origin(&next) {
        // Any header of the program's own may be what proves who it is.
        keep(&mut sent.headers, |name| {
            name.starts_with("accept") || name.starts_with("content-") || name == "user-agent"
        });
        sent.headers.remove(AUTHORIZATION);
    }
    sent.url = next;
}

fn keep(headers: &mut HeaderMap, is_kept: impl Fn(&str) -> bool) {
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    for name in names {
        if !is_kept(name.as_str()) {
            headers.remove(name);
        }
    }
}

/// One request to one server, after its address was looked at.
async fn reach(via: &Via<'_>, sent: Sent, until: Timestamp) -> Result<Inbound, Fault> {
    if !sent.allow.allows_host(&sent.url.host) {
        return Err(Fault::Refused);
    }
    let limit = sent.limit;
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(script) = via.environment.script() {
        if let Some(detained) = via.environment.detain(&|| sent.shown()) {
            detained.await;
        }
        let answer = script(&sent);
        let at = (via.environment.now() + answer.after).min(until);
        via.environment.sleep_until(at).await;
        return match answer.outcome {
            Ok(inbound) if inbound.body.len() > limit => Err(Fault::TooLarge),
            outcome => outcome,
        };
    }
    #[cfg(target_arch = "wasm32")]
    let _ = (via, until);
    let inbound = exchange(sent).await?;
    if inbound.body.len() > limit {
        return Err(Fault::TooLarge);
    }
    Ok(inbound)
}

/// What the sender is told whose request, shown so, may not go to this host.
pub(super) fn refused(shown: &str, host: &str) -> HttpError {
    let message = format!(
        "{shown} leads to this machine or into its network: if that is meant, list `{host}`, or its network, in `{SETTING}`"
    );
    HttpError::new(HttpErrorKind::RefusedAddress, message)
}

/// What the sender is told.
fn told(sent: &Sent, fault: Fault) -> HttpError {
    let shown = sent.shown();
    let new = HttpError::new;
    match fault {
        Fault::Refused => refused(&shown, &sent.url.host),
        Fault::TooLarge => {
            let message = format!(
                "the answer to {shown} has more than {} bytes: `max_response` allows more",
                sent.limit
            );
            new(HttpErrorKind::TooLarge, message)
        }
        Fault::Connect(reason) => {
            let message = format!("{shown} found no connection, or it broke before the answer");
            new(HttpErrorKind::Connect, message).because(reason)
        }
        Fault::Timeout => {
            let message = format!("{shown} was not answered in time");
            new(HttpErrorKind::Timeout, message)
        }
        Fault::Coding(coding) => {
            let message = format!(
                "the answer to {shown} comes in the coding `{coding}`, which nobody asked for"
            );
            new(HttpErrorKind::Decode, message)
        }
        Fault::Impossible(what) => new(HttpErrorKind::InvalidRequest, format!("{shown} {what}")),
    }
}

fn rejected(wire: WireError) -> HttpError {
    HttpError::rejected(Box::new(wire))
}
