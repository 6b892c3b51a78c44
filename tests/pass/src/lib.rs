//! Sources that must compile, one reason a module, natively and for wasm32.

#![allow(
    clippy::many_single_char_names,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    clippy::unused_unit,
    reason = "an action has the signature that its callers need; these have no bodies to speak of"
)]

mod cfg_off;
mod errors;
mod from_macro;
mod keyword_names;
pub mod missing_docs_denied;
mod no_implicit_prelude;
mod receivers;
mod shadowed;
mod split_impls;
mod stubs_as_values;
mod two_objects;
mod visibility;

#[cfg(test)]
mod tests;

use stayput::config::{Config as _, ConfigError, EnvReader};

/// Reads what the derives made readable.
///
/// # Errors
///
/// Names what is missing.
pub fn settings(env: &EnvReader<'_>) -> Result<u16, ConfigError> {
    let plain = cfg_off::Settings::read(env)?;
    let bare = no_implicit_prelude::Settings::read(env)?;
    let given = if bare.maybe.is_none() { bare.given } else { 0 };
    Ok(u16::from(plain.present) + bare.needed + given)
}
