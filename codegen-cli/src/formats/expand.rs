//! Schemas as agents understand them best: references put in place, no noise, one type a node.
//!
//! Small types that do not refer to themselves are put where they are used; others stay under `#/$defs/`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::Manifest;
use crate::schema::{component, reference, subschemas, subschemas_mut};

/// Where types are that stay types of their own.
const DEFS: &str = "#/$defs/";
/// A type of more nodes stays a type of its own, so that what it is used in does not grow without bound.
const SMALL: usize = 60;
/// Types nested deeper than this stay types of their own.
const DEEP: usize = 8;

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

/// Puts types in place.
pub(super) struct Expander<'m> {
    manifest: &'m Manifest,
    small: BTreeSet<&'m str>,
}

impl<'m> Expander<'m> {
    pub(super) fn new(manifest: &'m Manifest) -> Self {
        let mut sizes = Sizes {
            manifest,
            known: BTreeMap::new(),
            open: Vec::new(),
            recursive: BTreeSet::new(),
        };
        for name in manifest.schemas.keys() {
            sizes.of_type(name);
        }
        let small = manifest
            .schemas
            .keys()
            .map(String::as_str)
            .filter(|name| sizes.is_small(name))
            .collect();
        Self { manifest, small }
    }

    /// Expands a schema of the manifest; types that stay are added as its `$defs`.
    ///
    /// With `strip_null`, a member that may be left out is not also nullable: leaving out says it all.
    pub(super) fn expand(&self, schema: &Value, strip_null: bool) -> Value {
        let mut kept = BTreeSet::new();
        let mut expanded = self.node(schema, strip_null, &mut kept);
        let mut defs = Map::new();
        let mut done = BTreeSet::new();
        while let Some(name) = kept.difference(&done).next().cloned() {
            if let Some(schema) = self.manifest.schemas.get(&name) {
                defs.insert(name.clone(), self.node(schema, strip_null, &mut kept));
            }
            done.insert(name);
        }
        if let Some(members) = expanded.as_object_mut()
            && !defs.is_empty()
        {
            members.insert("$defs".into(), defs.into());
        }
        expanded
    }

    fn node(&self, schema: &Value, strip_null: bool, kept: &mut BTreeSet<String>) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        let mut members = members.clone();
        let target = members
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(component);
        if let Some(name) = target {
            match self.manifest.schemas.get(&name) {
                Some(schema) if self.small.contains(name.as_str()) => {
                    members.remove("$ref");
                    subschemas_mut(&mut members, |schema| {
                        *schema = self.node(schema, strip_null, kept)
                    });
                    let mut merged = merge(self.node(schema, strip_null, kept), members);
                    tidy(&mut merged, strip_null);
                    return merged.into();
                }
                _ => {
                    members.insert("$ref".into(), reference(DEFS, &name).into());
                    kept.insert(name);
                }
            }
        }
        subschemas_mut(&mut members, |schema| {
            *schema = self.node(schema, strip_null, kept)
        });
        tidy(&mut members, strip_null);
        members.into()
    }
}

/// What stood beside a reference, put into the type it led to.
fn merge(target: Value, beside: Map<String, Value>) -> Map<String, Value> {
    let annotation = |name: &str| {
        matches!(
            name,
            "description" | "default" | "deprecated" | "examples" | "title"
        )
    };
    let Value::Object(mut merged) = target else {
        return match target {
            Value::Bool(true) => beside,
            _ => Map::from_iter([("not".to_owned(), Value::Object(Map::new()))]),
        };
    };
    let extends = |name: &String| {
        matches!(name.as_str(), "type" | "properties" | "required") || annotation(name)
    };
    let objects = [&merged, &beside]
        .iter()
        .all(|one| one.get("type").is_none_or(|ty| ty == "object"))
        && merged.contains_key("properties");
    if !beside.keys().all(|name| annotation(name)) && !(objects && beside.keys().all(extends)) {
        return Map::from_iter([(
            "allOf".to_owned(),
            Value::Array(vec![merged.into(), beside.into()]),
        )]);
    }
    for (name, value) in beside {
        match (merged.get_mut(&name), value) {
            (Some(Value::Object(into)), Value::Object(more)) => into.extend(more),
            (Some(Value::Array(into)), Value::Array(more)) => into.extend(more),
            (_, value) => {
                merged.insert(name, value);
            }
        }
    }
    merged
}

fn tidy(members: &mut Map<String, Value>, strip_null: bool) {
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
                docs.push_str(&format!("\n- {names}: {doc}"));
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

/// How large types are with all that is put into them.
struct Sizes<'m> {
    manifest: &'m Manifest,
    known: BTreeMap<&'m str, usize>,
    open: Vec<&'m str>,
    /// Types met again while their own size was being counted.
    recursive: BTreeSet<&'m str>,
}

impl<'m> Sizes<'m> {
    fn is_small(&self, name: &str) -> bool {
        !self.recursive.contains(name) && self.known.get(name).is_some_and(|&size| size <= SMALL)
    }

    fn of_type(&mut self, name: &str) -> usize {
        let Some((name, schema)) = self.manifest.schemas.get_key_value(name) else {
            return 1;
        };
        if self.open.contains(&name.as_str()) {
            self.recursive.insert(name);
            return 1;
        }
        if !self.known.contains_key(name.as_str()) {
            if self.open.len() >= DEEP {
                // Counted another time, from nearer; here it only makes its user too large to be put in place.
                return SMALL + 1;
            }
            self.open.push(name);
            let size = self.of_schema(schema);
            self.open.pop();
            self.known.insert(name, size);
        }
        if self.is_small(name) {
            self.known[name.as_str()]
        } else {
            1
        }
    }

    fn of_schema(&mut self, schema: &'m Value) -> usize {
        let mut size = 1;
        if let Some(name) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(component)
        {
            size += self.of_type(&name);
        }
        let mut below = Vec::new();
        subschemas(schema, |_, schema| below.push(schema));
        for schema in below {
            size += self.of_schema(schema);
        }
        size
    }
}
