//! Tokens, good and bad, and the keys to sign them with.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use ring::{digest, hmac};
use serde_json::{Value, json};

/// Made for these tests, and of no use anywhere else.
const RSA: &[u8] = include_bytes!("keys/rsa.der");

/// What the app knows.
pub(crate) const AUDIENCE: &str = "vault";
/// The secret of `https://shared.example`.
pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes";

/// The keys of the issuers.
pub(crate) struct Keys {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) ec: EcdsaKeyPair,
    pub(crate) ed: Ed25519KeyPair,
    /// Of nobody that the app knows.
    pub(crate) stranger: Ed25519KeyPair,
    pub(crate) random: SystemRandom,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let ed = || {
            let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
            Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()
        };
        Self {
            rsa: RsaKeyPair::from_pkcs8(RSA).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random)
                .unwrap(),
            ed: ed(),
            stranger: ed(),
            random,
        }
    }

    /// Their public halves, and some that are to be passed over.
    pub(crate) fn set(&self) -> Value {
        let rsa: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        let (n, e) = (encode(&rsa.n), encode(&rsa.e));
        let point = self.ec.public_key().as_ref();
        json!({ "keys": [
            { "kty": "RSA", "kid": "r1", "alg": "RS256", "use": "sig", "n": n, "e": e },
            { "kty": "EC", "kid": "e1", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) },
            ed_key("d1", &self.ed),
            { "kty": "oct", "kid": "o1", "k": encode(SECRET.as_bytes()) },
            { "kty": "RSA", "kid": "enc", "use": "enc", "n": n, "e": e },
            { "kty": "EC", "kid": "other", "crv": "P-521", "x": "AA", "y": "AA" },
            7,
        ] })
    }

    pub(crate) fn rs256(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa
            .sign(
                &RSA_PKCS1_SHA256,
                &self.random,
                signed.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{signed}.{}", encode(&signature))
    }

    pub(crate) fn es256(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.ec.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }

    /// Signed by the key `d1` with plain claims.
    pub(crate) fn good(&self, claims: &Value) -> String {
        eddsa(&self.ed, &json!({ "alg": "EdDSA", "kid": "d1" }), claims)
    }
}

/// A key as sets list it.
pub(crate) fn ed_key(id: &str, key: &Ed25519KeyPair) -> Value {
    let x = encode(key.public_key().as_ref());
    json!({ "kty": "OKP", "kid": id, "crv": "Ed25519", "x": x })
}

pub(crate) fn eddsa(key: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    eddsa_text(key, &header.to_string(), &claims.to_string())
}

/// Of JSON that no library would write.
pub(crate) fn eddsa_text(key: &Ed25519KeyPair, header: &str, claims: &str) -> String {
    let signed = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(claims.as_bytes())
    );
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", encode(signature.as_ref()))
}

pub(crate) fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    format!(
        "{signed}.{}",
        encode(hmac::sign(&key, signed.as_bytes()).as_ref())
    )
}

pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims of Ann that the app takes for an hour.
pub(crate) fn claims() -> Value {
    json!({ "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ann", "exp": now() + 3_600 })
}

/// The same with other members; `null` takes one away.
pub(crate) fn with(changes: Value) -> Value {
    let mut claims = claims();
    let Value::Object(changes) = changes else {
        panic!("{changes} are no members");
    };
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    claims
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

/// An entry of `API_KEYS`.
pub(crate) fn entry(name: &str, key: &str, scopes: &str) -> String {
    let hash = digest::digest(&digest::SHA256, key.as_bytes());
    let mut text = String::new();
    for byte in hash.as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    format!("{name}=sha256:{text} {scopes}")
}
