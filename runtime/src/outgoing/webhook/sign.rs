//! Signatures of webhooks, as [Standard Webhooks](https://www.standardwebhooks.com) has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How a secret begins.
const PREFIX: &str = "whsec_";

/// Signs what is sent: once with each secret of the setting, so that one can take over from another.
///
/// # Errors
///
/// What is wrong with the setting.
pub(super) fn sign(
    secrets: &str,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> Result<String, &'static str> {
    let mut signatures = String::new();
    for secret in secrets.split_whitespace() {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key(secret)?).map_err(|_| "has a secret too long")?;
        for part in [
            id.as_bytes(),
            b".",
            timestamp.to_string().as_bytes(),
            b".",
            body,
        ] {
            mac.update(part);
        }
        if !signatures.is_empty() {
            signatures.push(' ');
        }
        signatures.push_str("v1,");
        STANDARD.encode_string(mac.finalize().into_bytes(), &mut signatures);
    }
    if signatures.is_empty() {
        return Err("has no secret");
    }
    Ok(signatures)
}

fn key(secret: &str) -> Result<Vec<u8>, &'static str> {
    let text = secret
        .strip_prefix(PREFIX)
        .ok_or("has a secret that does not begin with `whsec_`")?;
    let key = STANDARD
        .decode(text)
        .map_err(|_| "has a secret that is not base64 after `whsec_`")?;
    if (24..=64).contains(&key.len()) {
        Ok(key)
    } else {
        Err("has a secret that is not of 24 to 64 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signed(secrets: &str) -> Result<String, &'static str> {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        sign(secrets, id, 1_614_265_330, br#"{"test": 2432232314}"#)
    }

    /// The vector that the libraries of Standard Webhooks test themselves with.
    #[test]
    fn a_signature_is_what_receivers_expect() {
        assert_eq!(signed(SECRET).as_deref(), Ok(SIGNED));
    }

    #[test]
    fn each_secret_signs() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
        let both = signed(&format!("{SECRET} {other}")).unwrap();
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, SIGNED);
        assert_eq!(second, signed(other).unwrap());
        assert_ne!(first, second);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for secrets in [
            "",
            "  ",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_?",
            "whsec_c2hvcnQ=",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw secret",
        ] {
            assert!(signed(secrets).is_err(), "{secrets}");
        }
    }
}
