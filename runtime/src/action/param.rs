//! One parameter of an action: name, default and constraints, as data.

use serde_json::{Map, Value, json};

use super::Bound;

/// A parameter, described by `#[param(..)]`.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    pub(crate) name: &'static str,
    pub(crate) docs: &'static str,
    pub(crate) default: Option<&'static str>,
    pub(crate) example: Option<&'static str>,
    pub(crate) bound: Bound,
}

impl Param {
    /// A parameter without constraints.
    pub const fn new(name: &'static str, docs: &'static str) -> Self {
        let bound = Bound {
            min: None,
            max: None,
            exclusive: false,
            min_length: None,
            max_length: None,
            min_items: None,
            max_items: None,
            one_of: &[],
        };
        Self {
            name,
            docs,
            default: None,
            example: None,
            bound,
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

    /// The smallest number.
    #[must_use]
    pub const fn min(mut self, min: f64) -> Self {
        self.bound.min = Some(min);
        self
    }

    /// The largest number.
    #[must_use]
    pub const fn max(mut self, max: f64) -> Self {
        self.bound.max = Some(max);
        self
    }

    /// `min` and `max` themselves are not allowed.
    #[must_use]
    pub const fn exclusive(mut self) -> Self {
        self.bound.exclusive = true;
        self
    }

    /// The least number of characters.
    #[must_use]
    pub const fn min_length(mut self, length: u64) -> Self {
        self.bound.min_length = Some(length);
        self
    }

    /// The greatest number of characters.
    #[must_use]
    pub const fn max_length(mut self, length: u64) -> Self {
        self.bound.max_length = Some(length);
        self
    }

    /// The least number of items.
    #[must_use]
    pub const fn min_items(mut self, items: u64) -> Self {
        self.bound.min_items = Some(items);
        self
    }

    /// The greatest number of items.
    #[must_use]
    pub const fn max_items(mut self, items: u64) -> Self {
        self.bound.max_items = Some(items);
        self
    }

    /// The only values allowed, as JSON texts.
    #[must_use]
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.bound.one_of = values;
        self
    }

    /// Adds description, default, example and constraints to the schema of the parameter's type.
    pub(crate) fn complete_schema(&self, schema: Value) -> Value {
        let mut extra = Map::new();
        let mut add = |key: &str, value: Value| drop(extra.insert(key.to_owned(), value));
        let json_text = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
        if !self.docs.is_empty() {
            add("description", json!(self.docs));
        }
        if let Some(text) = self.default {
            add("default", json_text(text));
        }
        if let Some(text) = self.example {
            add("examples", json!([json_text(text)]));
        }
        let bound = &self.bound;
        let (min, max) = if bound.exclusive {
            ("exclusiveMinimum", "exclusiveMaximum")
        } else {
            ("minimum", "maximum")
        };
        for (key, number) in [(min, bound.min), (max, bound.max)] {
            if let Some(number) = number {
                add(key, number_value(number));
            }
        }
        for (key, number) in [
            ("minLength", bound.min_length),
            ("maxLength", bound.max_length),
            ("minItems", bound.min_items),
            ("maxItems", bound.max_items),
        ] {
            if let Some(number) = number {
                add(key, json!(number));
            }
        }
        if !bound.one_of.is_empty() {
            add(
                "enum",
                bound.one_of.iter().map(|text| json_text(text)).collect(),
            );
        }
        match schema {
            // `true`, the schema of anything, has no place for keywords.
            Value::Bool(true) => Value::Object(extra),
            Value::Object(mut object) => {
                // Keywords beside `$ref` are allowed in 2020-12; a constraint beside one of the same name tightens it.
                object.extend(extra);
                Value::Object(object)
            }
            other => other,
        }
    }
}

/// A whole number as an integer, so that schemas read `1` and not `1.0`.
fn number_value(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within the exact range of f64"
        )]
        return json!(number as i64);
    }
    json!(number)
}
