//! Hashes: by a crate natively, by the platform's Web Crypto on Workers, so that no cipher is part of the wasm.

use super::AuthError;

/// SHA-256.
#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unused_async, reason = "elsewhere the platform answers later")]
pub(super) async fn sha256(bytes: &[u8]) -> Result<[u8; 32], AuthError> {
    use sha2::{Digest, Sha256};
    Ok(Sha256::digest(bytes).into())
}

/// SHA-256.
#[cfg(target_arch = "wasm32")]
pub(super) async fn sha256(bytes: &[u8]) -> Result<[u8; 32], AuthError> {
    super::web_crypto::sha256(bytes).await
}

/// Whether two hashes are the same, in a time that does not depend on where they differ.
pub(super) fn equal(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let mut differing = 0;
    for (left, right) in one.iter().zip(other) {
        differing |= std::hint::black_box(left ^ right);
    }
    std::hint::black_box(differing) == 0
}
