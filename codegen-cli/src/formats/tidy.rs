//! One schema node without noise: no names of Rust types, no formats nobody knows, no choice where a list will do.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Formats that JSON Schema itself defines; others make strict readers complain.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Tidies one node; those below are tidy already.
pub(super) fn tidy(members: &mut Map<String, Value>, strip_null: bool) {
    if members.get("format") == Some(&"object-id".into()) && !members.contains_key("description") {
        let class = members.get("x-stayput-class").and_then(Value::as_str);
        let of = class
            .map(|class| format!(" of a `{class}` object"))
            .unwrap_or_default();
        members.insert(
            "description".into(),
            format!("The id{of}: 64 hex digits.").into(),
        );
    }
    members.retain(|name, _| {
        !matches!(name.as_str(), "$schema" | "$comment" | "title") && !name.starts_with("x-")
    });
    if members
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| !FORMATS.contains(&format))
    {
        members.remove("format");
    }
    constants_to_enum(members);
    if strip_null {
        strip_nulls(members);
    }
}

/// A choice of documented constants is one `enum`; what the docs said goes into the description.
fn constants_to_enum(members: &mut Map<String, Value>) {
    for keyword in ["oneOf", "anyOf"] {
        let Some(choices) = members.get(keyword).and_then(Value::as_array) else {
            continue;
        };
        let mut values = Vec::new();
        let mut docs = String::new();
        for choice in choices {
            let Some(one) = choice.as_object() else { break };
            if one
                .keys()
                .any(|name| !matches!(name.as_str(), "const" | "enum" | "type" | "description"))
            {
                break;
            }
            let allowed = match (one.get("const"), one.get("enum").and_then(Value::as_array)) {
                (Some(value), _) => vec![value.clone()],
                (None, Some(many)) => many.clone(),
                (None, None) => break,
            };
            if let Some(doc) = one.get("description").and_then(Value::as_str) {
                let names = allowed
                    .iter()
                    .map(Value::to_string)
                    .collect::<Vec<_>>()
                    .join(", ");
                let _ = write!(docs, "\n- {names}: {doc}");
            }
            values.push(allowed);
        }
        if values.is_empty() || values.len() < choices.len() {
            continue;
        }
        let values: Vec<Value> = values.concat();
        members.remove(keyword);
        if values.iter().all(Value::is_string) {
            members.insert("type".into(), "string".into());
        }
        members.insert("enum".into(), values.into());
        if !docs.is_empty() {
            let doc = members
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default();
            members.insert(
                "description".into(),
                format!("{doc}{docs}").trim_start().into(),
            );
        }
    }
}

fn strip_nulls(members: &mut Map<String, Value>) {
    let required: Vec<Value> = members
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, schema) in properties {
        if !required.iter().any(|required| required == name)
            && let Some(schema) = schema.as_object_mut()
        {
            strip_null(schema);
        }
    }
}

fn strip_null(schema: &mut Map<String, Value>) {
    let is_null = |choice: &Value| choice.get("type") == Some(&"null".into());
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut)
        && types.len() > 1
    {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.retain(|value| !value.is_null());
        }
    }
    for keyword in ["anyOf", "oneOf"] {
        let Some(choices) = schema.get_mut(keyword).and_then(Value::as_array_mut) else {
            continue;
        };
        choices.retain(|choice| !is_null(choice));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove(keyword);
            for (name, value) in only {
                schema.entry(name).or_insert(value);
            }
        }
    }
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
}
