//! What a token says of its holder (RFC 7519, 4.1), and whether that is enough.

use std::time::Duration;

use serde_json::Value;

use super::token::Members;
use crate::auth::{AuthError, Principal};
use crate::object::Timestamp;

/// What a token must say.
pub(super) struct Expected {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) now: Timestamp,
    /// How long after its end a token is taken.
    pub(super) leeway: Duration,
    /// How long before its beginning.
    pub(super) not_before: Duration,
}

/// The longest name of a principal, in bytes.
const MAX_SUBJECT: usize = 512;

/// The holder, if the claims are those of a token for us, now.
pub(super) fn check(claims: &Members, expected: &Expected) -> Result<Principal, AuthError> {
    let claim = |name: &str| claims.0.get(name);
    if claim("iss").and_then(Value::as_str) != Some(&expected.issuer) {
        return Err(AuthError::refused("the token is by another issuer"));
    }
    if !is_for(claim("aud"), &expected.audience) {
        return Err(AuthError::refused("the token is for another audience"));
    }
    let expires = time(claim("exp"))?
        .ok_or_else(|| AuthError::refused("the token does not say when it expires"))?;
    let expires = expires + expected.leeway;
    if expires <= expected.now {
        return Err(AuthError::refused("the token has expired"));
    }
    let begins = time(claim("nbf"))?;
    if begins.is_some_and(|begins| begins > expected.now + expected.not_before) {
        return Err(AuthError::refused("the token is not valid yet"));
    }
    time(claim("iat"))?;
    let subject = claim("sub").and_then(Value::as_str).filter(|subject| {
        (1..=MAX_SUBJECT).contains(&subject.len()) && !subject.contains(char::is_control)
    });
    let subject = subject.ok_or_else(|| AuthError::refused("the token names nobody"))?;
    let mut scopes = Vec::new();
    for name in ["scope", "scp", "permissions"] {
        if let Some(value) = claim(name) {
            scopes.extend(words(value)?);
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(Principal::new(subject).scopes(scopes).until(expires))
}

/// One audience, or a list of them.
fn is_for(claim: Option<&Value>, audience: &str) -> bool {
    match claim {
        Some(Value::String(one)) => one == audience,
        // All of them are texts, or it is no list of audiences.
        Some(Value::Array(all)) => {
            all.iter().all(Value::is_string) && all.iter().any(|one| one.as_str() == Some(audience))
        }
        _ => false,
    }
}

/// Seconds since 1970, whole ones: what has a fraction, an exponent or quotes is read differently by different readers.
fn time(claim: Option<&Value>) -> Result<Option<Timestamp>, AuthError> {
    /// The year 9999.
    const LAST: u64 = 253_402_300_799;
    let Some(value) = claim else { return Ok(None) };
    let seconds = value.as_u64().filter(|seconds| *seconds <= LAST);
    let seconds = seconds.ok_or_else(|| AuthError::refused("a time of the token is none"))?;
    Ok(Some(
        Timestamp::from_millis(0) + Duration::from_secs(seconds),
    ))
}

/// `"a b"` or `["a", "b"]`.
fn words(value: &Value) -> Result<Vec<String>, AuthError> {
    let texts = match value {
        Value::String(text) => Some(text.split_ascii_whitespace().map(str::to_owned).collect()),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    };
    texts.ok_or_else(|| AuthError::refused("the scopes of the token are none"))
}
