//! The keys of an issuer, which it replaces from time to time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::key::{Key, read_set};
use super::platform;
use crate::auth::{AuthError, AuthRequest, Setting};
use crate::object::Timestamp;

/// After so long keys are asked for anew; a failure leaves the old ones.
const MAX_AGE: Duration = Duration::from_mins(10);
/// An unknown key has the issuer asked at most so often.
const PAUSE: Duration = Duration::from_mins(1);
/// The pause after a failure, while there are no keys at all.
const RETRY: Duration = Duration::from_secs(5);

/// A JSON Web Key Set.
pub struct Jwks {
    source: Source,
    state: Mutex<State>,
    /// Held by who asks the issuer: one at a time.
    turn: platform::Turn,
}

enum Source {
    Url(Setting),
    Text(Setting),
    File(Setting),
}

#[derive(Default)]
struct State {
    keys: Option<Arc<[Key]>>,
    /// When the keys came.
    since: Timestamp,
    /// When they were last asked for.
    tried: Option<Timestamp>,
    /// When that last failed.
    failed: Option<Timestamp>,
}

/// Keys, and whether they came just now.
pub(super) struct Keys {
    pub(super) keys: Arc<[Key]>,
    pub(super) fresh: bool,
}

impl Jwks {
    /// The set at an address: `https`, or `http` on this machine. It is fetched when the first token comes, kept for
    /// ten minutes, and asked for anew, at most once a minute, when a token names a key that is not in it. While the
    /// issuer does not answer the keys that are known stay.
    pub fn url(url: impl Into<Setting>) -> Self {
        Self::new(Source::Url(url.into()))
    }

    /// The set of this text: `env("JWKS")`, or `include_str!("jwks.json")`.
    pub fn text(text: impl Into<Setting>) -> Self {
        Self::new(Source::Text(text.into()))
    }

    /// The set in a file, which is read anew like an address. Workers have no files.
    pub fn file(path: impl Into<Setting>) -> Self {
        Self::new(Source::File(path.into()))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            state: Mutex::default(),
            turn: platform::Turn::default(),
        }
    }

    /// The keys as they are known, fetched if they are not or have grown old.
    pub(super) async fn keys(&self, request: &AuthRequest<'_>) -> Result<Keys, AuthError> {
        if let Some(keys) = self.young(request.now()) {
            return Ok(Keys { keys, fresh: false });
        }
        let _turn = platform::take(&self.turn).await;
        // Somebody may have been faster.
        if let Some(keys) = self.young(request.now()) {
            return Ok(Keys { keys, fresh: true });
        }
        let keys = self.load(request).await?;
        Ok(Keys { keys, fresh: true })
    }

    /// The keys asked for once more, if that is not too often.
    pub(super) async fn renewed(&self, request: &AuthRequest<'_>) -> Result<Arc<[Key]>, AuthError> {
        let _turn = platform::take(&self.turn).await;
        self.load(request).await
    }

    /// Whether the settings are there; nothing is fetched.
    pub(super) fn check(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), AuthError> {
        match &self.source {
            Source::Url(url) => check_url(&url.read(variable)?, url),
            Source::Text(text) => parse(text.read(variable)?.as_bytes(), text.name()).map(drop),
            Source::File(path) => {
                let path = path.read(variable)?;
                parse(&platform::read_file(&path)?, &path).map(drop)
            }
        }
    }

    fn young(&self, now: Timestamp) -> Option<Arc<[Key]>> {
        let state = self.state();
        let keys = state.keys.clone()?;
        let lasts = matches!(self.source, Source::Text(_)) || now.since(state.since) < MAX_AGE;
        // Old ones are asked for again, but not by every request while the issuer does not answer.
        let tried = state.tried.is_some_and(|tried| now.since(tried) < PAUSE);
        (lasts || tried).then_some(keys)
    }

    async fn load(&self, request: &AuthRequest<'_>) -> Result<Arc<[Key]>, AuthError> {
        let now = request.now();
        let known = {
            let mut state = self.state();
            let lately = |at: Option<Timestamp>, pause| at.is_some_and(|at| now.since(at) < pause);
            match &state.keys {
                Some(keys) if lately(state.tried, PAUSE) => return Ok(keys.clone()),
                None if lately(state.failed, RETRY) => {
                    return Err(AuthError::unavailable("the issuer's keys could not be had"));
                }
                _ => {}
            }
            state.tried = Some(now);
            state.keys.clone()
        };
        match self.read(request).await {
            Ok(keys) => {
                let mut state = self.state();
                state.keys = Some(keys.clone());
                state.since = now;
                Ok(keys)
            }
            Err(error) => {
                let Some(keys) = known else {
                    self.state().failed = Some(now);
                    return Err(error);
                };
                let stay = "the keys that are known stay";
                request.report(&format!("authentication: {error}; {stay}"));
                Ok(keys)
            }
        }
    }

    async fn read(&self, request: &AuthRequest<'_>) -> Result<Arc<[Key]>, AuthError> {
        let variable = |name: &str| request.env(name);
        match &self.source {
            Source::Url(setting) => {
                let url = setting.read(&variable)?;
                check_url(&url, setting)?;
                let text = platform::fetch(&url).await.map_err(|fault| {
                    AuthError::unavailable(format!("no keys from {url}: {fault}"))
                })?;
                parse(&text, &url)
            }
            Source::Text(text) => parse(text.read(&variable)?.as_bytes(), text.name()),
            Source::File(path) => {
                let path = path.read(&variable)?;
                parse(&platform::read_file(&path)?, &path)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(text: &[u8], what: &str) -> Result<Arc<[Key]>, AuthError> {
    let keys = read_set(text);
    keys.map(Into::into)
        .map_err(|fault| AuthError::misconfigured(format!("`{what}`: {fault}")))
}

/// Keys that anybody on the way could replace are none.
fn check_url(url: &str, setting: &Setting) -> Result<(), AuthError> {
    let host = url.strip_prefix("http://").map(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.strip_prefix("[::1]") {
            Some("") => "localhost",
            Some(port) if port.starts_with(':') => "localhost",
            _ => authority
                .rsplit_once(':')
                .map_or(authority, |(host, _)| host),
        }
    });
    let encrypted = url
        .strip_prefix("https://")
        .is_some_and(|rest| !rest.is_empty());
    if encrypted || matches!(host, Some("localhost" | "127.0.0.1")) {
        return Ok(());
    }
    let message = format!("`{}`: keys are fetched by https", setting.name());
    Err(AuthError::misconfigured(message))
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, setting) = match &self.source {
            Source::Url(setting) => ("url", setting),
            Source::Text(setting) => ("text", setting),
            Source::File(setting) => ("file", setting),
        };
        write!(f, "Jwks::{kind}({setting:?})")
    }
}
