//! Signatures by `ring`, which TLS brings anyway; keys over HTTP by hyper.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ring::{hmac, signature};
use tokio::sync::{Mutex, MutexGuard};

use super::key::Material;
use crate::auth::AuthError;

/// See [`Jwks`](super::Jwks).
pub(super) type Turn = Mutex<()>;

/// How long an issuer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest set of keys.
const MAX_SET: usize = 256 << 10;

/// Waits for one's turn.
pub(super) async fn take(turn: &Turn) -> MutexGuard<'_, ()> {
    turn.lock().await
}

/// Whether a message was signed by a key.
#[expect(clippy::unused_async, reason = "elsewhere the platform answers later")]
pub(super) async fn verify(
    key: &Material,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, AuthError> {
    let public = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        signature::UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .is_ok()
    };
    Ok(match key {
        Material::Secret(secret) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::verify(&key, message, signature).is_ok()
        }
        Material::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }
            .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok(),
        Material::P256 { x, y } => public(
            &signature::ECDSA_P256_SHA256_FIXED,
            &[&[4][..], x, y].concat(),
        ),
        Material::Ed25519(x) => public(&signature::ED25519, x),
    })
}

/// What is at an address: only a plain answer of 200, without redirects.
pub(super) async fn fetch(url: &str) -> Result<Bytes, String> {
    let fetched = tokio::time::timeout(PATIENCE, get(url)).await;
    fetched.map_err(|_| "no answer within 5 s".to_owned())?
}

async fn get(url: &str) -> Result<Bytes, String> {
    let url = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|fault| format!("no certificates are trusted here: {fault}"))?
        .https_or_http()
        .enable_http1()
        .build();
    // It is rarely asked, and by one thread or another: connections are not kept.
    let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector);
    let answer = client.get(url).await.map_err(|fault| chain(&fault))?;
    if answer.status() != ::http::StatusCode::OK {
        return Err(format!("answered {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), MAX_SET).collect().await;
    Ok(body.map_err(|fault| fault.to_string())?.to_bytes())
}

fn chain(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(fault) = cause {
        text.push_str(": ");
        text.push_str(&fault.to_string());
        cause = fault.source();
    }
    text
}

/// A set of keys in a file.
pub(super) fn read_file(path: &str) -> Result<Vec<u8>, AuthError> {
    std::fs::read(path).map_err(|fault| AuthError::misconfigured(format!("{path}: {fault}")))
}
