//! The parameters of a call as one JSON object, whatever way they came.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Invocation;
use crate::action::{Fault, pointer, refuse};
use crate::rpc::WireError;

/// The parameters by their names.
pub(super) struct Reading {
    values: Map<String, Value>,
    /// Those that came in a URL, and the text there of what is read as something else than a string.
    open: Vec<(&'static str, Option<String>)>,
}

impl Reading {
    /// Refuses those that cannot be read as a whole: each by itself may be nested deeply enough for the action alone, and what
    /// was not checked must not reach it.
    pub(super) fn of(call: &Invocation) -> Result<Self, Box<WireError>> {
        let not_json = |error: serde_json::Error| {
            refuse(vec![Fault::new(String::new(), "json", error.to_string())])
        };
        let name = |index: usize| match call.known.get(index) {
            Some(param) => param.name.to_owned(),
            // The action knows no such, and will say so.
            None => index.to_string(),
        };
        let text = call.params();
        let values: Map<String, Value> = match text.trim_start() {
            "" => Map::new(),
            _ => match serde_json::from_str(text).map_err(not_json)? {
                Value::Object(values) => values,
                Value::Array(values) => {
                    let named = values.into_iter().enumerate();
                    named.map(|(index, value)| (name(index), value)).collect()
                }
                other => {
                    let expected = "an object or an array of parameters";
                    let fault = Fault::new(String::new(), "type", expected);
                    return Err(refuse(vec![fault.received(&other.to_string())]));
                }
            },
        };
        let mut open = Vec::new();
        for (index, param) in call.known.iter().enumerate() {
            let Some(value) = values.get(param.name).filter(|_| call.in_url().has(index)) else {
                continue;
            };
            // As it was sent: `1.0` is not `1` where a string is wanted.
            let sent: HashMap<String, Box<RawValue>> = match value {
                Value::String(_) => HashMap::new(),
                _ => serde_json::from_str(text).unwrap_or_default(),
            };
            let text = sent.get(param.name).map(|raw| raw.get().to_owned());
            open.push((param.name, text));
        }
        Ok(Self { values, open })
    }

    /// Decides what texts of a URL mean: the first reading that the schema has nothing against.
    pub(super) fn settle(&mut self, schema: &Validator) {
        for (name, text) in self.open.clone() {
            let Some(first) = self.values.get(name).cloned() else {
                continue;
            };
            if self.fits(schema, name) {
                continue;
            }
            let text = text.map(Value::from);
            let mut others = Vec::from_iter(text.clone());
            match &first {
                Value::Array(items) => {
                    let as_text = |item: &Value| match item {
                        Value::String(_) => item.clone(),
                        other => Value::from(other.to_string()),
                    };
                    others.push(items.iter().map(as_text).collect());
                }
                single => {
                    others.push(json!([single]));
                    others.extend(text.map(|text| json!([text])));
                }
            }
            let fitting = others.into_iter().any(|other| {
                self.values.insert(name.to_owned(), other);
                self.fits(schema, name)
            });
            if !fitting {
                self.values.insert(name.to_owned(), first);
            }
        }
    }

    /// Whether nothing of this parameter is at fault.
    fn fits(&self, schema: &Validator, name: &str) -> bool {
        let path = pointer(name);
        let params = self.params();
        let mut errors = schema.iter_errors(&params);
        !errors.any(|error| {
            let at = error.instance_path().as_str();
            at.strip_prefix(&path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// All of them, for the validator.
    pub(super) fn params(&self) -> Value {
        Value::Object(self.values.clone())
    }

    /// Lets the action read a URL's parameters as they were checked.
    pub(super) fn keep(self, call: &mut Invocation) -> Result<(), Box<WireError>> {
        if !self.open.is_empty() {
            call.set_params(&self.values)?;
        }
        Ok(())
    }
}
