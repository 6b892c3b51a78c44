//! Walking JSON Schema: where subschemas are, and what a reference points at.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Where the manifest keeps its named types.
pub(crate) const COMPONENTS: &str = "#/components/schemas/";

/// Keywords that hold one schema.
const ONE: &[&str] = &[
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold an array of schemas.
const MANY: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords that hold schemas by name.
const NAMED: &[&str] = &[
    "$defs",
    "definitions",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// Calls `visit` with each direct subschema and its pointer below `schema`; data (`const`, `enum`, `default`,
/// `examples`) is not walked.
pub(crate) fn subschemas<'v>(schema: &'v Value, mut visit: impl FnMut(String, &'v Value)) {
    let Some(members) = schema.as_object() else {
        return;
    };
    for (keyword, value) in members {
        match value {
            Value::Object(named) if NAMED.contains(&keyword.as_str()) => {
                for (name, schema) in named {
                    visit(format!("/{}/{}", escape(keyword), escape(name)), schema);
                }
            }
            Value::Array(many) if MANY.contains(&keyword.as_str()) => {
                for (index, schema) in many.iter().enumerate() {
                    visit(format!("/{keyword}/{index}"), schema);
                }
            }
            Value::Object(_) | Value::Bool(_) if ONE.contains(&keyword.as_str()) => {
                visit(format!("/{keyword}"), value);
            }
            _ => {}
        }
    }
}

/// The same, to change them.
pub(crate) fn subschemas_mut(schema: &mut Map<String, Value>, mut visit: impl FnMut(&mut Value)) {
    for (keyword, value) in schema {
        match value {
            Value::Object(named) if NAMED.contains(&keyword.as_str()) => {
                named.values_mut().for_each(&mut visit);
            }
            Value::Array(many) if MANY.contains(&keyword.as_str()) => {
                many.iter_mut().for_each(&mut visit);
            }
            Value::Object(_) | Value::Bool(_) if ONE.contains(&keyword.as_str()) => visit(value),
            _ => {}
        }
    }
}

/// Escapes one segment of a JSON Pointer.
pub(crate) fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// The name a reference of the manifest points at; `None` if it points anywhere but at a named type.
pub(crate) fn component(reference: &str) -> Option<String> {
    let segment = reference.strip_prefix(COMPONENTS)?;
    if segment.contains('/') {
        return None;
    }
    Some(
        percent_decode(segment)?
            .replace("~1", "/")
            .replace("~0", "~"),
    )
}

/// A reference to `name` below `base`, as a URI fragment holding a JSON Pointer.
pub(crate) fn reference(base: &str, name: &str) -> String {
    let mut text = String::from(base);
    for byte in escape(name).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Rewrites every reference to a named type to one below `base`.
pub(crate) fn rebase(schema: &Value, base: &str) -> Value {
    let mut copy = schema.clone();
    rebase_in_place(&mut copy, base);
    copy
}

fn rebase_in_place(schema: &mut Value, base: &str) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::String(target)) = members.get_mut("$ref")
        && let Some(name) = component(target)
    {
        *target = reference(base, &name);
    }
    subschemas_mut(members, |schema| rebase_in_place(schema, base));
}
