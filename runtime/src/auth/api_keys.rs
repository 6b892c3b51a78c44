//! Static keys: long random texts, of which the server knows the hashes.

use std::fmt;
use std::sync::OnceLock;

use super::{AuthError, AuthRequest, Authenticate, Principal, Setting, crypto, env};
use crate::config::{ConfigError, ConfigFaults, EnvReader};

/// Callers with static keys, which they send as `Authorization: Bearer KEY` or `X-API-Key: KEY`.
///
/// The keys are listed with their names, hashes and scopes, never themselves:
///
/// ```text
/// API_KEYS="ann=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 room:read room:write,
///           bot=sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
/// ```
///
/// A key is made by `openssl rand -hex 32`, its hash by `printf %s "$key" | sha256sum`. A name may have several keys, so
/// that one can replace another; keys of less than 16 characters are not taken.
pub struct ApiKeys {
    list: Setting,
    keys: OnceLock<Result<Vec<Key>, AuthError>>,
}

struct Key {
    hash: [u8; 32],
    subject: String,
    scopes: Vec<String>,
}

/// A key of less than this could be guessed.
const MIN_KEY: usize = 16;

impl ApiKeys {
    /// The keys that this variable lists.
    pub fn from_env(name: &'static str) -> Self {
        Self::new(env(name))
    }

    /// The keys of a list.
    pub fn new(list: impl Into<Setting>) -> Self {
        Self {
            list: list.into(),
            keys: OnceLock::new(),
        }
    }

    /// Read once: settings do not change while a program runs.
    fn keys(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<&[Key], AuthError> {
        let keys = self.keys.get_or_init(|| parse(&self.list.read(variable)?));
        keys.as_deref().map_err(Clone::clone)
    }
}

impl Authenticate for ApiKeys {
    async fn authenticate(
        &self,
        request: &AuthRequest<'_>,
    ) -> Result<Option<Principal>, AuthError> {
        let Some(given) = request.api_key().or_else(|| request.bearer()) else {
            return Ok(None);
        };
        let keys = self.keys(&|name| request.env(name))?;
        let hash = crypto::sha256(given.as_bytes()).await?;
        // All are looked at, and each as a whole: how long that takes tells nothing.
        let mut found = None;
        for key in keys {
            if crypto::equal(&key.hash, &hash) {
                found = Some(key);
            }
        }
        let known = found.filter(|_| given.len() >= MIN_KEY);
        Ok(known.map(|key| Principal::new(&key.subject).scopes(&key.scopes)))
    }

    fn check(&self, env: &EnvReader<'_>) -> Result<(), ConfigError> {
        let keys = self.keys(&|name| env.text(name));
        keys.map(drop)
            .map_err(|error| ConfigFaults::one(format!("API keys: {error}")))
    }
}

fn parse(list: &str) -> Result<Vec<Key>, AuthError> {
    let entries = list.split([',', '\n']).map(str::trim);
    let mut keys = Vec::new();
    for entry in entries.filter(|entry| !entry.is_empty()) {
        // The entry may be a key that somebody took for its hash: it is not repeated.
        let malformed = || {
            let place = keys.len() + 1;
            AuthError::misconfigured(format!(
                "entry {place} is not `name=sha256:<64 hex digits> scope scope ..`"
            ))
        };
        let mut words = entry.split_ascii_whitespace();
        let (subject, hash) = words
            .next()
            .and_then(|word| word.split_once("=sha256:"))
            .filter(|(subject, _)| !subject.is_empty())
            .ok_or_else(malformed)?;
        let hash = hash_of(hash).ok_or_else(malformed)?;
        keys.push(Key {
            hash,
            subject: subject.to_owned(),
            scopes: words.map(str::to_owned).collect(),
        });
    }
    Ok(keys)
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiKeys").field(&self.list).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_or_the_wrong_entry_numbered() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let list = format!(
            "ann=sha256:{hash} a b ,\n bot=sha256:{}\n",
            hash.to_uppercase()
        );
        let keys = parse(&list).unwrap_or_default();
        assert_eq!(keys.len(), 2);
        assert_eq!(
            (&*keys[0].subject, &keys[0].scopes[..]),
            ("ann", &["a".to_owned(), "b".to_owned()][..])
        );
        assert_eq!(keys[0].hash, keys[1].hash);
        for wrong in [
            "hunter2",
            "ann=hunter2",
            "=sha256:00",
            "ann=sha256:00",
            "ann=sha256:+f",
        ] {
            let error = parse(&format!("{list},{wrong}")).err().unwrap().to_string();
            assert!(error.starts_with("entry 3 "), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
