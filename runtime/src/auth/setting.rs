//! Settings of authenticators: a text of the source, or a variable.

use std::borrow::Cow;
use std::fmt;

use super::AuthError;

/// A setting: a text as it stands, or what [`env()`] names.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    Text(Cow<'static, str>),
    Variable(&'static str),
}

/// The variable of this name, read where it is needed: of the process environment (or `.dev.vars`), or a Worker's.
pub fn env(name: &'static str) -> Setting {
    Setting(Source::Variable(name))
}

impl Setting {
    /// Its value.
    pub(super) fn read(
        &self,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, AuthError> {
        match &self.0 {
            Source::Text(text) => Ok(text.clone().into_owned()),
            Source::Variable(name) => variable(name)
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| AuthError::misconfigured(format!("`{name}` is missing"))),
        }
    }

    /// What to call it in a message; never its value.
    #[cfg(feature = "jwt")]
    pub(super) fn name(&self) -> &str {
        match &self.0 {
            Source::Text(_) => "a setting in the source",
            Source::Variable(name) => name,
        }
    }
}

impl From<&'static str> for Setting {
    fn from(text: &'static str) -> Self {
        Self(Source::Text(Cow::Borrowed(text)))
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self(Source::Text(Cow::Owned(text)))
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // It may be a secret.
            Source::Text(_) => f.write_str("Setting(..)"),
            Source::Variable(name) => write!(f, "env({name})"),
        }
    }
}
