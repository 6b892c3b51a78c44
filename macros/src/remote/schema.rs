//! What a JSON Schema says of itself.

use std::collections::BTreeSet;

use super::json::Json;

/// Where named types stand in a manifest.
const NAMED: &str = "#/components/schemas/";

/// Whether it is an object with named members, and nothing else.
pub(super) fn is_record(schema: &Json) -> bool {
    schema.text_of("type") == "object"
        && !properties(schema).is_empty()
        && patterns(schema).is_empty()
        && ["$ref", "oneOf", "anyOf", "allOf"]
            .iter()
            .all(|key| schema.get(key).is_none())
}

pub(super) fn properties(schema: &Json) -> &[(String, Json)] {
    schema.get("properties").map_or(&[], Json::members)
}

pub(super) fn patterns(schema: &Json) -> &[(String, Json)] {
    schema.get("patternProperties").map_or(&[], Json::members)
}

pub(super) fn is_required(schema: &Json, name: &str) -> bool {
    let names = schema.get("required").map_or(&[][..], Json::items);
    names.iter().any(|required| required.text() == Some(name))
}

/// The name of the type that a schema refers to.
pub(super) fn reference(schema: &Json) -> Option<&str> {
    schema.get("$ref")?.text()?.strip_prefix(NAMED)
}

/// Whether `null` is a value of the type.
pub(super) fn is_nullable(schema: &Json) -> bool {
    let listed = |names: &Json| names.items().iter().any(|name| name.text() == Some("null"));
    schema.get("type").is_some_and(listed) || optional(schema).is_some()
}

/// The other one of two alternatives of which one is `null`.
pub(super) fn optional(schema: &Json) -> Option<&Json> {
    let either = schema.get("anyOf").or_else(|| schema.get("oneOf"))?;
    let is_null = |one: &Json| one.text_of("type") == "null";
    match either.items() {
        [inner, null] | [null, inner] if is_null(null) && !is_null(inner) => Some(inner),
        _ => None,
    }
}

/// What a schema refers to without a list or map between.
pub(super) fn bare_references<'s>(schema: &'s Json, found: &mut BTreeSet<&'s str>) {
    found.extend(reference(schema));
    for key in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        for part in schema.get(key).map_or(&[][..], Json::items) {
            bare_references(part, found);
        }
    }
    for (_, property) in properties(schema) {
        bare_references(property, found);
    }
}

/// Everything that a schema refers to.
pub(super) fn references<'s>(schema: &'s Json, found: &mut BTreeSet<&'s str>) {
    found.extend(reference(schema));
    for item in schema.items() {
        references(item, found);
    }
    for (_, member) in schema.members() {
        references(member, found);
    }
}
