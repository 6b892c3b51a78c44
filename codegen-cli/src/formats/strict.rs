//! `OpenAI`'s strict mode: a subset of JSON Schema in which the model's arguments always fit the schema.
//!
//! In strict mode every member is required, and one that may be left out is sent as `null`. Where `null` is not a value
//! of the member, or the schema says what the subset cannot, the tool is not strict.

use serde_json::{Map, Value};

/// Keywords that the subset knows, beside those handled here.
const KEPT: &[&str] = &[
    "$ref",
    "anyOf",
    "const",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
];
/// Keywords that say nothing a model must keep to, or that it is told in words.
const TOLD: &[&str] = &[
    "default",
    "deprecated",
    "examples",
    "maxLength",
    "minLength",
];
/// Formats that the subset knows.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "time",
    "uuid",
];

/// The schema in the subset, or `None` if it cannot be said there.
pub(super) fn strict(schema: &Value) -> Option<Value> {
    let Value::Object(members) = schema else {
        return None;
    };
    let mut strict = Map::new();
    let mut told = Vec::new();
    for (name, value) in members {
        match name.as_str() {
            "properties" | "required" | "additionalProperties" | "$defs" => {}
            "oneOf" | "anyOf" => {
                let choices: Option<Vec<Value>> =
                    value.as_array()?.iter().map(self::strict).collect();
                // Two lists of choices at once would need a third thing to hold them.
                if strict.insert("anyOf".into(), choices?.into()).is_some() {
                    return None;
                }
            }
            "items" => {
                strict.insert("items".into(), self::strict(value)?);
            }
            "format"
                if !value
                    .as_str()
                    .is_some_and(|format| FORMATS.contains(&format)) => {}
            keyword if KEPT.contains(&keyword) => {
                strict.insert(name.clone(), value.clone());
            }
            "maxLength" => told.push(format!("At most {value} characters.")),
            "minLength" => told.push(format!("At least {value} characters.")),
            "default" if !value.is_null() => told.push(format!("Default: {value}.")),
            keyword if TOLD.contains(&keyword) => {}
            _ => return None,
        }
    }
    if !["type", "anyOf", "enum", "const", "$ref"]
        .iter()
        .any(|&keyword| strict.contains_key(keyword))
    {
        return None;
    }
    // A reference may have a description beside it, and nothing else.
    if strict.contains_key("$ref")
        && strict
            .keys()
            .any(|name| name != "$ref" && name != "description")
    {
        return None;
    }
    if has_type(members, "array") && !strict.contains_key("items") {
        return None;
    }
    if has_type(members, "object") {
        object(members, &mut strict)?;
    }
    if let Some(defs) = members.get("$defs").and_then(Value::as_object) {
        let defs: Option<Map<String, Value>> = defs
            .iter()
            .map(|(name, schema)| Some((name.clone(), self::strict(schema)?)))
            .collect();
        strict.insert("$defs".into(), defs?.into());
    }
    if !told.is_empty() {
        let doc = members
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        strict.insert(
            "description".into(),
            format!("{doc} {}", told.join(" ")).trim_start().into(),
        );
    }
    Some(strict.into())
}

fn has_type(members: &Map<String, Value>, name: &str) -> bool {
    match members.get("type") {
        Some(Value::String(ty)) => ty == name,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == name),
        _ => false,
    }
}

fn object(members: &Map<String, Value>, strict: &mut Map<String, Value>) -> Option<()> {
    match members.get("additionalProperties") {
        // An object that says no names is open to any; one that says some is as well without the rest.
        None | Some(Value::Bool(true)) if members.get("properties").is_none() => return None,
        None | Some(Value::Bool(_)) => {}
        Some(_) => return None,
    }
    let none = Map::new();
    let properties = members
        .get("properties")
        .map_or(Some(&none), Value::as_object)?;
    let required = members.get("required").and_then(Value::as_array);
    let mut all = Map::new();
    for (name, schema) in properties {
        let is_required = required.is_some_and(|required| required.iter().any(|one| one == name));
        if !is_required && !is_nullable(schema) {
            return None;
        }
        all.insert(name.clone(), self::strict(schema)?);
    }
    strict.insert(
        "required".into(),
        properties.keys().cloned().collect::<Vec<_>>().into(),
    );
    strict.insert("properties".into(), all.into());
    strict.insert("additionalProperties".into(), false.into());
    Some(())
}

fn is_nullable(schema: &Value) -> bool {
    let Some(members) = schema.as_object() else {
        return false;
    };
    let choice = |keyword: &str| {
        members
            .get(keyword)
            .and_then(Value::as_array)
            .is_some_and(|choices| choices.iter().any(is_nullable))
    };
    has_type(members, "null") || choice("anyOf") || choice("oneOf")
}
