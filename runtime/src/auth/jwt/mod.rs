//! JSON Web Tokens: what is read of them and which are taken is decided here, the same on every backend; only the
//! signature is checked by the backend's own means.

mod claims;
mod jwks;
mod key;
mod token;

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod workers;

#[cfg(not(target_arch = "wasm32"))]
use native as platform;
#[cfg(target_arch = "wasm32")]
use workers as platform;

use std::fmt;
use std::time::Duration;

pub use jwks::Jwks;

use self::claims::Expected;
use self::jwks::Keys;
use self::key::Key;
use self::token::Token;
use super::{AuthError, AuthRequest, Authenticate, Principal, Setting};
use crate::config::{ConfigError, ConfigFaults, EnvReader};

/// How much earlier than this machine's clock an issuer's may be.
const NOT_BEFORE: Duration = Duration::from_secs(30);
/// A secret of less than this could be guessed (RFC 7518, 3.2).
const MIN_SECRET: usize = 32;

/// Callers with a JSON Web Token of one issuer, as `Authorization: Bearer TOKEN`.
///
/// ```
/// use stayput::auth::{Jwks, Jwt, env};
///
/// // Keys that the issuer publishes, and replaces as it likes:
/// let public = Jwt::new("https://id.example", "chat")
///     .keys(Jwks::url("https://id.example/.well-known/jwks.json"));
/// // A secret shared with the issuer; all settings from the environment:
/// let shared = Jwt::new(env("ISSUER"), env("AUDIENCE")).secret(env("JWT_SECRET"));
/// # drop((public, shared));
/// ```
///
/// A token is taken if all of this holds: it is signed by `HS256`, `RS256`, `ES256` or `EdDSA` (Ed25519), by a key of ours that is
/// for that algorithm; `iss` and `aud` are the given ones; `exp` is there and not past; `nbf`, if there, is past (30 s
/// are forgiven); `sub` names somebody. The times are whole numbers. Scopes are those of `scope`, `scp` and
/// `permissions`. Nothing that a token names is ever fetched (`jku`, `x5u`), and none with `crit` is taken.
#[derive(Debug)]
pub struct Jwt {
    issuer: Setting,
    audience: Setting,
    leeway: Duration,
    keys: Source,
}

/// Where keys are from.
enum Source {
    None,
    Secret(Setting),
    Jwks(Jwks),
}

impl Jwt {
    /// Tokens by this issuer for this audience. It needs [`keys`](Self::keys) or a [`secret`](Self::secret).
    pub fn new(issuer: impl Into<Setting>, audience: impl Into<Setting>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            leeway: Duration::ZERO,
            keys: Source::None,
        }
    }

    /// Signed by one of these keys: `RS256`, `ES256` or `EdDSA`, as each key is for.
    #[must_use]
    pub fn keys(self, keys: Jwks) -> Self {
        let keys = Source::Jwks(keys);
        Self { keys, ..self }
    }

    /// Signed by a secret of at least 32 bytes: HS256.
    #[must_use]
    pub fn secret(self, secret: impl Into<Setting>) -> Self {
        let keys = Source::Secret(secret.into());
        Self { keys, ..self }
    }

    /// Takes tokens for so long after they have expired, for clocks that differ; none without it.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway, ..self }
    }

    async fn verify(&self, token: &Token<'_>, keys: &[Key]) -> Result<bool, AuthError> {
        for key in keys.iter().filter(|key| key.fits(token)) {
            if platform::verify(&key.material, token.signed.as_bytes(), &token.signature).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_signed(
        &self,
        token: &Token<'_>,
        request: &AuthRequest<'_>,
    ) -> Result<bool, AuthError> {
        let variable = |name: &str| request.env(name);
        match &self.keys {
            Source::None => Err(no_keys()),
            Source::Secret(secret) => {
                let key = secret_key(secret, &variable)?;
                self.verify(token, std::slice::from_ref(&key)).await
            }
            Source::Jwks(jwks) => {
                let Keys { keys, fresh } = jwks.keys(request).await?;
                if keys.iter().any(|key| key.fits(token)) || fresh {
                    return self.verify(token, &keys).await;
                }
                // A key that the issuer made since.
                let keys = jwks.renewed(request).await?;
                self.verify(token, &keys).await
            }
        }
    }
}

impl Authenticate for Jwt {
    async fn authenticate(
        &self,
        request: &AuthRequest<'_>,
    ) -> Result<Option<Principal>, AuthError> {
        let Some(text) = request.bearer().filter(|text| token::is_compact(text)) else {
            return Ok(None);
        };
        let variable = |name: &str| request.env(name);
        let token = token::read(text)?;
        let expected = Expected {
            issuer: self.issuer.read(&variable)?,
            audience: self.audience.read(&variable)?,
            now: request.now(),
            leeway: self.leeway,
            not_before: NOT_BEFORE.max(self.leeway),
        };
        // First what costs nothing: who sends rubbish has no key looked up, and no issuer asked.
        let principal = claims::check(&token.claims, &expected)?;
        if self.is_signed(&token, request).await? {
            Ok(Some(principal))
        } else {
            Err(AuthError::refused(
                "the token's signature is not by a key known here",
            ))
        }
    }

    fn check(&self, env: &EnvReader<'_>) -> Result<(), ConfigError> {
        let variable = |name: &str| env.text(name);
        let keys = match &self.keys {
            Source::None => Err(no_keys()),
            Source::Secret(secret) => secret_key(secret, &variable).map(drop),
            Source::Jwks(jwks) => jwks.check(&variable),
        };
        let mut faults = ConfigFaults::new();
        for result in [
            self.issuer.read(&variable).map(drop),
            self.audience.read(&variable).map(drop),
            keys,
        ] {
            if let Err(error) = result {
                faults.note(format!("JWT: {error}"));
            }
        }
        faults.into_result()
    }
}

fn secret_key(
    secret: &Setting,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Key, AuthError> {
    let text = secret.read(variable)?;
    if text.len() < MIN_SECRET {
        let name = secret.name();
        let message = format!("`{name}`: a secret has at least {MIN_SECRET} bytes");
        return Err(AuthError::misconfigured(message));
    }
    Ok(Key::secret(text.into_bytes()))
}

fn no_keys() -> AuthError {
    AuthError::misconfigured("`Jwt` needs `.keys(..)` or `.secret(..)`")
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Secret(setting) => f.debug_tuple("Secret").field(setting).finish(),
            Self::Jwks(jwks) => jwks.fmt(f),
        }
    }
}
