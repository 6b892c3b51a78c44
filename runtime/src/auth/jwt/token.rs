//! Reading a token: three parts in base64url, two of them JSON (RFC 7515, 7.1). Nothing is believed yet.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::key::Algorithm;
use crate::auth::AuthError;

/// A token whose signature is not checked.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) claims: Members,
    /// What is signed.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
}

/// A JSON object in which no name stands twice: who reads the first and who reads the last must read the same.
#[derive(Debug)]
pub(super) struct Members(pub(super) BTreeMap<String, Value>);

/// The longest `kid`.
const MAX_KEY_ID: usize = 256;

/// Whether it has the form of a signed token at all; an API key has not.
pub(super) fn is_compact(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Takes a token apart.
pub(super) fn read(text: &str) -> Result<Token<'_>, AuthError> {
    let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let signature = decode(signature)?;
    let header = members(header)?;
    let (algorithm, key_id) = check_header(&header)?;
    Ok(Token {
        algorithm,
        key_id,
        claims: members(claims)?,
        signed,
        signature,
    })
}

fn check_header(header: &Members) -> Result<(Algorithm, Option<String>), AuthError> {
    let text = |name: &str| header.0.get(name).map(Value::as_str);
    let algorithm = match text("alg") {
        Some(Some(name)) => Algorithm::named(name),
        _ => None,
    };
    let algorithm = algorithm.ok_or_else(|| {
        AuthError::refused("the token is signed by none of HS256, RS256, ES256, EdDSA")
    })?;
    // What must be understood is not; what is encrypted or packed is no signed token.
    if ["crit", "enc", "zip", "b64"]
        .iter()
        .any(|name| header.0.contains_key(*name))
    {
        return Err(AuthError::refused(
            "the token's header asks for more than is known here",
        ));
    }
    // RFC 8725, 3.11: a token made for another purpose is none for this one.
    let is_access = |typ: &str| {
        ["jwt", "at+jwt", "application/at+jwt", "application/jwt"]
            .iter()
            .any(|known| typ.eq_ignore_ascii_case(known))
    };
    match text("typ") {
        None => {}
        Some(Some(typ)) if is_access(typ) => {}
        Some(_) => return Err(AuthError::refused("the token is one for another purpose")),
    }
    let key_id = match text("kid") {
        None => None,
        Some(Some(id)) if id.len() <= MAX_KEY_ID => Some(id.to_owned()),
        Some(_) => return Err(malformed()),
    };
    Ok((algorithm, key_id))
}

fn members(part: &str) -> Result<Members, AuthError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| malformed())
}

/// Strict: one way to write the same bytes, or a token could be changed and still be taken.
fn decode(part: &str) -> Result<Vec<u8>, AuthError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed())
}

fn malformed() -> AuthError {
    AuthError::refused("the token is malformed")
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Once)
    }
}
