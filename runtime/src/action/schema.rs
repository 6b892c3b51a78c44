//! The schema of a parameter: its type's, completed by what `#[param(..)]` says.

use serde_json::{Map, Value, json};

use super::Param;
use super::bound::Limit;
use super::number::Decimal;

impl Param {
    /// Adds description, default, example and constraints to the schema of the parameter's type. `optional`: whether the
    /// type takes a `null`.
    pub(crate) fn complete_schema(&self, schema: Value, optional: bool) -> Value {
        let mut object = match schema {
            // `true`, the schema of anything, has no place for keywords.
            Value::Bool(true) => Map::new(),
            Value::Object(object) => object,
            other => return other,
        };
        let mut add = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
        if !self.docs.is_empty() {
            add("description", json!(self.docs));
        }
        if let Some(text) = self.default {
            add("default", json_text(text));
        }
        if let Some(text) = self.example {
            add("examples", json!([json_text(text)]));
        }
        for bound in self.bounds {
            let mut value = json_text(&bound.limit.to_json());
            if let (true, Limit::Values(_), Value::Array(values)) =
                (optional, bound.limit, &mut value)
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
            constrain(&mut object, bound.keyword, value);
        }
        Value::Object(object)
    }
}

fn json_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// Adds a constraint; beside one of the same name both hold.
fn constrain(schema: &mut Map<String, Value>, keyword: &str, value: Value) {
    let Some(present) = schema.get_mut(keyword) else {
        schema.insert(keyword.to_owned(), value);
        return;
    };
    let (one, other) = (present.to_string(), value.to_string());
    let numbers = Decimal::of(&one).zip(Decimal::of(&other));
    let tighter = numbers.map(|(one, other)| other.compare(&one));
    match (keyword, tighter) {
        ("minimum" | "exclusiveMinimum" | "minLength" | "minItems", Some(order)) => {
            if order.is_gt() {
                *present = value;
            }
        }
        ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems", Some(order)) => {
            if order.is_lt() {
                *present = value;
            }
        }
        _ if *present == value => {}
        _ => {
            let more = schema.entry("allOf").or_insert_with(|| json!([]));
            if let Value::Array(more) = more {
                more.push(json!({ keyword: value }));
            }
        }
    }
}
