//! Requests that are kept and sent surely: as they are stored, and one attempt at one.

mod sign;

use std::rc::Rc;
use std::time::Duration;

use ::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use ::http::{HeaderMap, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::error::{HttpError, HttpErrorKind};
use super::exchange::Sent;
use super::request::{Draft, Request, defaults};
use super::retry::{self, IDEMPOTENCY_KEY};
use super::send::{Via, allowed, attempt, refused};
use super::url::Url;
use super::{Response, SETTING};
use crate::backend::Environment;
use crate::error::{ActionError as _, Code};
use crate::object::{hours, seconds};
use crate::rpc::WireError;
use crate::time::Failed;

/// The longest that a receiver is left alone because it says so.
const LONGEST_REST: Duration = hours(24);

/// A request at rest. What is secret of it is read from the settings when it is sent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredRequest {
    /// By which receivers know it, however often it comes.
    pub(crate) id: String,
    url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    /// Headers whose values are settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    settings: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
    /// A body that is no text, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// The setting whose secrets sign it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<String>,
    /// How long an attempt may take, in milliseconds.
    timeout: u64,
}

/// Where a request at rest goes.
#[derive(Debug)]
pub(crate) struct Whither {
    pub(crate) method: Method,
    pub(crate) origin: String,
}

/// Checks an URL that somebody wants to be told at: encrypted, and not this machine or its network. Programs that are let near
/// them, for a test, may tell plain servers.
pub(crate) fn target(url: &str, environment: &dyn Environment) -> Result<Url, HttpError> {
    let invalid = |what: &str| {
        let message = format!("the URL of a request {what}");
        HttpError::new(HttpErrorKind::InvalidRequest, message)
    };
    let url = Url::read(url).map_err(invalid)?;
    if !url.is_encrypted && environment.variable(SETTING).is_none() {
        return Err(invalid("does not begin with `https://`"));
    }
    if !allowed(environment)?.allows_host(&url.host) {
        return Err(refused(&format!("`{}`", url.origin()), &url.host));
    }
    Ok(url)
}

impl StoredRequest {
    /// Takes a request to rest, after a look at all that can be seen of it now.
    pub(crate) fn new(
        request: Request,
        id: String,
        settings: Vec<(String, String)>,
        signed: Option<String>,
        environment: &dyn Environment,
    ) -> Result<(Self, Whither), HttpError> {
        let (draft, url) = request.into_parts()?;
        if !matches!(
            draft.method,
            Method::POST | Method::PUT | Method::PATCH | Method::DELETE
        ) {
            let message = format!("`{}` is nothing to be sent surely", draft.method);
            return Err(HttpError::new(HttpErrorKind::InvalidRequest, message));
        }
        let text = url.text();
        let whither = Whither {
            origin: target(&text, environment)?.origin(),
            method: draft.method.clone(),
        };
        let ours = defaults();
        let headers = draft
            .headers
            .iter()
            .filter(|(name, value)| ours.get(*name) != Some(*value));
        let headers = headers.map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let (body, bytes) = match str::from_utf8(&draft.body) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => (String::new(), Some(STANDARD.encode(&draft.body))),
        };
        let stored = Self {
            id,
            url: text,
            headers: headers.collect(),
            settings,
            body,
            bytes,
            signed,
            timeout: u64::try_from(draft.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        // A setting that is missing is told to who sends, not found out by a dead letter.
        stored.headers(environment, &draft.body)?;
        Ok((stored, whither))
    }

    /// Its headers, signed as of now.
    fn headers(&self, environment: &dyn Environment, body: &[u8]) -> Result<HeaderMap, HttpError> {
        let mut headers = defaults();
        for (name, value) in &self.headers {
            insert(&mut headers, name, value)?;
        }
        for (name, setting) in &self.settings {
            insert(&mut headers, name, &read(environment, setting)?)?;
        }
        if !headers.contains_key(IDEMPOTENCY_KEY) {
            insert(&mut headers, IDEMPOTENCY_KEY, &self.id)?;
        }
        let now = seconds_of(environment);
        insert(&mut headers, "webhook-id", &self.id)?;
        insert(&mut headers, "webhook-timestamp", &now.to_string())?;
        if let Some(setting) = &self.signed {
            let secrets = read(environment, setting)?;
            let signature = signature(setting, &secrets, &self.id, now, body)?;
            insert(&mut headers, "webhook-signature", &signature)?;
        }
        Ok(headers)
    }

    fn body(&self) -> Result<Bytes, HttpError> {
        match &self.bytes {
            None => Ok(Bytes::copy_from_slice(self.body.as_bytes())),
            Some(text) => STANDARD.decode(text).map(Bytes::from).map_err(|_| {
                let message = "the stored body of a request is damaged".to_owned();
                HttpError::new(HttpErrorKind::InvalidRequest, message)
            }),
        }
    }

    async fn send(
        &self,
        method: &str,
        environment: &Rc<dyn Environment>,
    ) -> Result<Response, HttpError> {
        // The rules may have changed since it was taken to rest.
        let url = target(&self.url, &**environment)?;
        let body = self.body()?;
        let timeout = Duration::from_millis(self.timeout);
        let headers = self.headers(&**environment, &body)?;
        let draft = Draft {
            method: method.parse().unwrap_or(Method::POST),
            headers: headers.clone(),
            body: body.clone(),
            timeout,
            // One that sends it on would have it come without its body, or to where nobody meant it to go.
            redirects: 0,
            ..Draft::default()
        };
        let sent = Sent {
            method: draft.method.clone(),
            url,
            headers,
            body,
            allow: allowed(&**environment)?,
            limit: draft.limit,
        };
        let via = Via {
            environment,
            deadline: environment.now() + timeout + seconds(1),
        };
        attempt(&via, &draft, sent).await
    }
}

/// The time of an attempt, in seconds since 1970.
pub(crate) fn seconds_of(environment: &dyn Environment) -> i64 {
    environment.now().as_millis().div_euclid(1_000)
}

/// The signature of an attempt by the secrets that a setting has.
pub(crate) fn signature(
    setting: &str,
    secrets: &str,
    id: &str,
    now: i64,
    body: &[u8],
) -> Result<String, HttpError> {
    sign::sign(secrets, id, now, body)
        .map_err(|what| misset(format!("the setting `{setting}` {what}")))
}

/// Makes one attempt at a request at rest. Taken is what is answered with a status of 200 to 299.
pub(crate) async fn deliver(
    method: &str,
    stored: &str,
    environment: &Rc<dyn Environment>,
) -> Result<(), Failed> {
    let stored: StoredRequest = serde_json::from_str(stored).map_err(|fault| Failed {
        error: Box::new(WireError::framework(Code::Internal, fault.to_string())),
        rest: None,
        is_final: true,
    })?;
    let answer = stored
        .send(method, environment)
        .await
        .map_err(|error| Failed {
            error: Box::new(error.to_wire()),
            rest: None,
            is_final: matches!(
                error.kind(),
                HttpErrorKind::InvalidRequest | HttpErrorKind::RefusedAddress
            ),
        })?;
    if answer.is_success() {
        return Ok(());
    }
    let now = environment.now();
    let rest = answer.header(RETRY_AFTER.as_str());
    let rest = rest.and_then(|after| retry::asked(after.trim(), now));
    Err(Failed {
        rest: rest.map(|rest| rest.min(LONGEST_REST)),
        // Nobody is there any more, and nobody will be.
        is_final: answer.status().as_u16() == 410,
        error: Box::new(answer.into_error().to_wire()),
    })
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), HttpError> {
    let parsed = name.parse::<HeaderName>().ok();
    let (Some(parsed), Ok(mut value)) = (parsed, HeaderValue::try_from(value)) else {
        let message = format!("the header `{}` cannot be sent", name.escape_debug());
        return Err(HttpError::new(HttpErrorKind::InvalidRequest, message));
    };
    value.set_sensitive(true);
    headers.insert(parsed, value);
    Ok(())
}

fn read(environment: &dyn Environment, setting: &str) -> Result<String, HttpError> {
    let found = environment.variable(setting);
    found.ok_or_else(|| {
        misset(format!(
            "a request needs the setting `{setting}`, which is not set"
        ))
    })
}

fn misset(message: String) -> HttpError {
    HttpError::rejected(Box::new(WireError::framework(Code::ConfigInvalid, message)))
}
