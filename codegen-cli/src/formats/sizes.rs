//! Which types are small enough to be put where they are used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::document::Manifest;
use crate::schema::{component, subschemas};

/// A type of more nodes stays a type of its own, so that what it is used in does not grow without bound.
const SMALL: usize = 60;
/// Types nested deeper than this stay types of their own.
const DEEP: usize = 8;

/// How large types are with all that is put into them.
pub(super) struct Sizes<'m> {
    manifest: &'m Manifest,
    known: BTreeMap<&'m str, usize>,
    open: Vec<&'m str>,
    /// Types met again while their own size was being counted.
    recursive: BTreeSet<&'m str>,
}

impl<'m> Sizes<'m> {
    pub(super) fn new(manifest: &'m Manifest) -> Self {
        Self {
            manifest,
            known: BTreeMap::new(),
            open: Vec::new(),
            recursive: BTreeSet::new(),
        }
    }

    pub(super) fn is_small(&self, name: &str) -> bool {
        !self.recursive.contains(name) && self.known.get(name).is_some_and(|&size| size <= SMALL)
    }

    /// Counts a named type, and all that it uses.
    pub(super) fn of_type(&mut self, name: &str) -> usize {
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
