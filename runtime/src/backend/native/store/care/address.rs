//! Which object a command is about: `CLASS/NAME`, or `CLASS/~ID`.

use std::fmt;
use std::sync::Arc;

use super::CareError;
use crate::app::{App, Class};
use crate::object::{ObjectId, Target};

/// Longest name, in bytes: that of paths.
const MAX_NAME: usize = 512;

/// An object of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The class path.
    pub class: String,
    /// Who it is.
    pub which: Which,
}

/// An object of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one of this name.
    Named(String),
    /// The one of this id.
    Id(ObjectId),
}

impl Address {
    /// Reads `CLASS/NAME` or `CLASS/~ID`. The name is taken as it is, without percent-encoding.
    ///
    /// # Errors
    ///
    /// A text that says what is written instead.
    pub fn parse(text: &str) -> Result<Self, CareError> {
        let form = || {
            CareError::refused(format!(
                "`{text}` is no object: write CLASS/NAME, or CLASS/~ and its id"
            ))
        };
        let (class, name) = text.split_once('/').ok_or_else(form)?;
        if class.is_empty() {
            return Err(form());
        }
        let which = match name.strip_prefix('~') {
            Some(id) => Which::Id(id.parse().map_err(|_| form())?),
            None if name.is_empty() || name == "." || name == ".." => return Err(form()),
            None if name.len() > MAX_NAME => {
                let reason = format!("the object's name is longer than {MAX_NAME} bytes");
                return Err(CareError::refused(reason));
            }
            None => Which::Named(name.to_owned()),
        };
        Ok(Self {
            class: class.to_owned(),
            which,
        })
    }

    /// The object, as far as the app knows its class.
    ///
    /// # Errors
    ///
    /// The app has no such class, or the class no such id.
    pub(super) fn find<'a>(&self, app: &'a App) -> Result<(&'a Arc<Class>, Target), CareError> {
        let class = app.find(&self.class).ok_or_else(|| {
            let known: Vec<&str> = app.classes().iter().map(|class| class.path).collect();
            let known = known.join(", ");
            CareError::refused(format!(
                "the app `{}` has no class `{}`; it has {known}",
                app.name(),
                self.class
            ))
        })?;
        let (id, name) = match &self.which {
            Which::Named(name) => (class.ids.named(name), Some(Arc::from(name.as_str()))),
            Which::Id(id) => {
                let foreign = |_| {
                    CareError::refused(format!("`~{id}` is no id of the class `{}`", class.path))
                };
                (class.ids.check(*id).map_err(foreign)?, None)
            }
        };
        let target = Target {
            class: class.path.into(),
            id,
            name,
        };
        Ok((class, target))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::Named(name) => write!(f, "{}/{name}", self.class),
            Which::Id(id) => write!(f, "{}/~{id}", self.class),
        }
    }
}
