//! Who bids. This is a demonstration's authenticator: everybody makes up their own token, and nobody vouches for the name in
//! it. It only sees to it that nobody can be taken for somebody else. An auction in earnest has `ApiKeys` or `Jwt` here.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use stayput::auth::{AuthError, AuthRequest, Principal};

/// How long the secret half of a token is at least, in letters.
const MIN_SECRET: usize = 16;

/// Takes any token `NAME.SECRET`. The same token is always the same subject, and without it nobody can be that subject.
pub(crate) async fn by_own_token(
    request: &AuthRequest<'_>,
) -> Result<Option<Principal>, AuthError> {
    let Some(token) = request.bearer() else {
        return Ok(None);
    };
    match subject_of(token) {
        Some(subject) => Ok(Some(Principal::new(subject))),
        None => Err(AuthError::refused(
            "a token is a name of 1 to 20 letters, digits or hyphens, a full stop, and 16 to 64 letters or digits",
        )),
    }
}

/// The name, and as much of the token's hash as tells apart two who chose the same: `ann~0f3a5c7e9b1d2f4a`.
pub(crate) fn subject_of(token: &str) -> Option<String> {
    let (name, secret) = token.split_once('.')?;
    let plain = |c: char| c.is_ascii_alphanumeric();
    let fits = (1..=20).contains(&name.len())
        && name.chars().all(|c| plain(c) || c == '-')
        && (MIN_SECRET..=64).contains(&secret.len())
        && secret.chars().all(plain);
    let hash = Sha256::digest(token.as_bytes());
    let mut subject = format!("{name}~");
    for byte in hash.iter().take(8) {
        write!(subject, "{byte:02x}").ok()?;
    }
    fits.then_some(subject)
}
