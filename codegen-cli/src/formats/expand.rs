//! Schemas as agents understand them best: references put in place, no noise, one type a node.
//!
//! Small types that do not refer to themselves are put where they are used; others stay under `#/$defs/`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::sizes::Sizes;
use super::tidy::tidy;
use crate::document::Manifest;
use crate::schema::{component, reference, subschemas_mut};

/// Where types are that stay types of their own.
const DEFS: &str = "#/$defs/";
/// Puts types in place.
pub(super) struct Expander<'m> {
    manifest: &'m Manifest,
    small: BTreeSet<&'m str>,
}

impl<'m> Expander<'m> {
    pub(super) fn new(manifest: &'m Manifest) -> Self {
        let mut sizes = Sizes::new(manifest);
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
                        *schema = self.node(schema, strip_null, kept);
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
            *schema = self.node(schema, strip_null, kept);
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
    let extends = |name: &String| matches!(name.as_str(), "type" | "properties" | "required");
    let objects = [&merged, &beside]
        .iter()
        .all(|one| one.get("type").is_none_or(|ty| ty == "object"))
        && merged.contains_key("properties");
    let fits = |name: &String| annotation(name) || (objects && extends(name));
    if !beside.keys().all(fits) {
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
