//! Typed configuration from the environment: `#[derive(Config)]`.

use std::fmt;
use std::str::FromStr;

/// A struct read from variables of the environment; derive it with `#[derive(Config)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no configuration",
    note = "use `#[derive(Config)]` on it"
)]
pub trait Config: Sized {
    /// Reads all settings.
    ///
    /// # Errors
    ///
    /// Every missing or malformed variable at once, by name; never a value.
    fn read(env: &EnvReader<'_>) -> Result<Self, ConfigError>;
}

/// Where variables are looked up.
pub struct EnvReader<'a> {
    look_up: &'a dyn Fn(&str) -> Option<String>,
}

/// Faults noted while settings are read.
#[derive(Debug, Default)]
pub struct ConfigFaults(Vec<String>);

/// Settings that are missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    faults: Vec<String>,
}

impl<'a> EnvReader<'a> {
    /// A reader over a look-up by name.
    pub fn new(look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { look_up }
    }

    /// A variable as it stands.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        (self.look_up)(name)
    }

    /// A variable that must be there. `None`: a fault was noted.
    pub fn required<T: FromStr>(&self, name: &str, faults: &mut ConfigFaults) -> Option<T> {
        let value = self.optional(name, faults)?;
        if value.is_none() {
            faults.0.push(format!("`{name}` is missing"));
        }
        value
    }

    /// A variable with a default. `None`: a fault was noted.
    pub fn or_else<T: FromStr>(
        &self,
        name: &str,
        default: impl FnOnce() -> T,
        faults: &mut ConfigFaults,
    ) -> Option<T> {
        Some(self.optional(name, faults)?.unwrap_or_else(default))
    }

    /// A variable that may be absent. `None`: a fault was noted.
    pub fn optional<T: FromStr>(&self, name: &str, faults: &mut ConfigFaults) -> Option<Option<T>> {
        let Some(text) = (self.look_up)(name) else {
            return Some(None);
        };
        let value = text.parse().ok();
        if value.is_none() {
            // The value may be a secret: only the name is told.
            faults.0.push(format!(
                "`{name}` is no valid {}",
                std::any::type_name::<T>()
            ));
        }
        value.map(Some)
    }
}

impl ConfigFaults {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one.
    #[cfg(feature = "jwt")]
    pub(crate) fn note(&mut self, fault: String) {
        self.0.push(fault);
    }

    /// The error that lists them, if there are any.
    #[cfg(feature = "jwt")]
    pub(crate) fn into_result(self) -> Result<(), ConfigError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(self.into_error())
    }

    /// The error of one.
    pub(crate) fn one(fault: String) -> ConfigError {
        Self(vec![fault]).into_error()
    }

    /// The error that lists them.
    pub fn into_error(self) -> ConfigError {
        ConfigError { faults: self.0 }
    }
}

impl ConfigError {
    /// What is wrong, one line a variable.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }
}

impl fmt::Debug for EnvReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvReader(..)")
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join(", "))
    }
}

impl std::error::Error for ConfigError {}
