//! One parameter of an action: name, default and constraints, as data.

use super::Bound;
use super::bound::Limit;

/// A parameter, described by `#[param(..)]`.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    pub(crate) name: &'static str,
    pub(crate) docs: &'static str,
    pub(crate) default: Option<&'static str>,
    pub(crate) example: Option<&'static str>,
    pub(crate) bounds: &'static [Bound],
}

impl Param {
    /// A parameter without constraints.
    pub const fn new(name: &'static str, docs: &'static str) -> Self {
        Self {
            name,
            docs,
            default: None,
            example: None,
            bounds: &[],
        }
    }

    /// The value when it is left out, as JSON text.
    #[must_use]
    pub const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    /// An example, as JSON text.
    #[must_use]
    pub const fn example(mut self, json: &'static str) -> Self {
        self.example = Some(json);
        self
    }

    /// What its values have to keep to, in the order in which faults are told.
    #[must_use]
    pub const fn bounds(mut self, bounds: &'static [Bound]) -> Self {
        self.bounds = bounds;
        self
    }

    /// A value that would be right, as JSON text, as far as one is known.
    pub(super) fn right_value(&self) -> Option<String> {
        let given = self.example.or(self.default).map(str::to_owned);
        let found = || {
            self.bounds.iter().find_map(|bound| match bound.limit {
                Limit::Values(values) => values.first().map(|&value| value.to_owned()),
                Limit::Format(format) => serde_json::to_string(format.example).ok(),
                _ => None,
            })
        };
        given.or_else(found)
    }
}
