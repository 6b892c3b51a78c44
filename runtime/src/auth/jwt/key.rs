//! Keys, and which algorithm each is for. An algorithm is a key's property: a token that names another one is not
//! checked by it, so no public key is ever taken for a secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::token::Token;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

/// A key and its name.
#[derive(Clone)]
pub(super) struct Key {
    id: Option<String>,
    pub(super) material: Material,
}

/// What a key is made of.
#[derive(Clone)]
pub(super) enum Material {
    Secret(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256 { x: [u8; 32], y: [u8; 32] },
    Ed25519([u8; 32]),
}

/// RFC 7517, 5: a set of keys.
#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

/// One of its keys.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The most keys of a set that are looked at.
const MAX_KEYS: usize = 64;

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Hs256,
            "RS256" => Self::Rs256,
            "ES256" => Self::Es256,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }
}

impl Key {
    pub(super) fn secret(bytes: Vec<u8>) -> Self {
        Self {
            id: None,
            material: Material::Secret(bytes),
        }
    }

    /// Whether the token may have been signed by it.
    pub(super) fn fits(&self, token: &Token<'_>) -> bool {
        let named = match (&self.id, &token.key_id) {
            (Some(own), Some(wanted)) => own == wanted,
            // A key without a name, or a token that names none: its signature decides.
            _ => true,
        };
        named && self.material.algorithm() == token.algorithm
    }
}

impl Material {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }
}

/// The keys of a set that verify signatures by an algorithm we know; others are passed over, as sets hold keys for
/// other purposes too. Secrets are: what is published is none.
pub(super) fn read_set(text: &[u8]) -> Result<Vec<Key>, &'static str> {
    let set: JwkSet = serde_json::from_slice(text).map_err(|_| "it is no JSON Web Key Set")?;
    let jwks = set.keys.into_iter().take(MAX_KEYS);
    let keys: Vec<Key> = jwks
        .filter_map(|jwk| serde_json::from_value(jwk).ok().and_then(key))
        .collect();
    if keys.is_empty() {
        return Err("it holds no key for RS256 (2,048 bits or more), ES256 or EdDSA (Ed25519)");
    }
    Ok(keys)
}

fn key(jwk: Jwk) -> Option<Key> {
    let purpose = jwk.r#use.as_deref().is_none_or(|purpose| purpose == "sig");
    let ops = jwk.key_ops.as_ref();
    let verifies = ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    let material = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => rsa(bytes(jwk.n)?, bytes(jwk.e)?),
        ("EC", Some("P-256")) => Some(Material::P256 {
            x: bytes(jwk.x)?.try_into().ok()?,
            y: bytes(jwk.y)?.try_into().ok()?,
        }),
        ("OKP", Some("Ed25519")) => Some(Material::Ed25519(bytes(jwk.x)?.try_into().ok()?)),
        _ => None,
    }?;
    let algorithm = jwk.alg.as_deref().map(Algorithm::named);
    let agreed = algorithm.is_none_or(|algorithm| algorithm == Some(material.algorithm()));
    (purpose && verifies && agreed).then_some(Key {
        id: jwk.kid,
        material,
    })
}

fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Material> {
    let n: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
    // 2,048 to 8,192 bits, on both backends; an exponent that fits into four bytes and is not 1.
    let sound = match n.len() {
        256 => n[0] >= 0x80,
        257..=1024 => true,
        _ => false,
    };
    let exponent =
        (1..=4).contains(&e.len()) && e != [1] && e.last().is_some_and(|last| last & 1 == 1);
    (sound && exponent).then_some(Material::Rsa { n, e })
}

fn bytes(text: Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
