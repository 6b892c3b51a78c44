//! Whether what was stored by one schema can be read by another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::schema::COMPONENTS;

/// The named types of two manifests.
pub(super) struct Types<'m> {
    pub(super) old: &'m BTreeMap<String, Value>,
    pub(super) new: &'m BTreeMap<String, Value>,
}

/// A walk through both schemas.
struct Walk<'m> {
    types: &'m Types<'m>,
    /// Pairs of named types that are being compared, or have been.
    seen: BTreeSet<(String, String)>,
    faults: Vec<String>,
}

/// What of the old values the new type does not read; nothing, if it reads them all.
pub(super) fn unread(types: &Types<'_>, old: &Value, new: &Value) -> Vec<String> {
    let mut walk = Walk {
        types,
        seen: BTreeSet::new(),
        faults: Vec::new(),
    };
    walk.compare("", old, new);
    walk.faults
}

impl<'m> Walk<'m> {
    fn fault(&mut self, path: &str, what: impl AsRef<str>) {
        let place = if path.is_empty() {
            String::new()
        } else {
            format!("`{path}` ")
        };
        self.faults.push(format!("{place}{}", what.as_ref()));
    }

    fn compare(&mut self, path: &str, old: &'m Value, new: &'m Value) {
        let (old_name, old) = resolve(self.types.old, old);
        let (new_name, new) = resolve(self.types.new, new);
        if let (Some(old), Some(new)) = (old_name, new_name)
            && !self.seen.insert((old.to_owned(), new.to_owned()))
        {
            return;
        }
        let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
            // `true` takes everything.
            return;
        };
        if let Some(variants) = variants(old) {
            for variant in variants {
                self.compare_any(path, variant, new);
            }
            return;
        }
        if variants(new).is_some() {
            let old: &'m Map<String, Value> = old;
            return self.any_of(path, old, new);
        }
        self.plain(path, old, new);
    }

    /// One form that old values have, against all that new ones may have.
    fn compare_any(&mut self, path: &str, old: &'m Value, new: &'m Map<String, Value>) {
        let (_, old) = resolve(self.types.old, old);
        if let Some(old) = old.as_object() {
            self.any_of(path, old, new);
        }
    }

    fn any_of(&mut self, path: &str, old: &'m Map<String, Value>, new: &'m Map<String, Value>) {
        let Some(variants) = variants(new) else {
            return self.plain(path, old, new);
        };
        let fits = variants.iter().any(|variant| {
            let mut attempt = Walk {
                types: self.types,
                seen: self.seen.clone(),
                faults: Vec::new(),
            };
            let (_, variant) = resolve(self.types.new, variant);
            match variant.as_object() {
                Some(variant) => attempt.any_of("", old, variant),
                None => return true,
            }
            attempt.faults.is_empty()
        });
        if !fits {
            self.fault(path, format!("has no form for {} any more", shown(old)));
        }
    }

    fn plain(&mut self, path: &str, old: &'m Map<String, Value>, new: &'m Map<String, Value>) {
        let (was, is) = (names(old), names(new));
        let reads = |name: &&str| {
            is.is_empty() || is.contains(name) || (*name == "integer" && is.contains("number"))
        };
        if !was.iter().all(reads) || (was.is_empty() && !is.is_empty() && consts(old).is_none()) {
            return self.fault(path, format!("was {}, is {}", shown(old), shown(new)));
        }
        if let Some(known) = consts(new) {
            match consts(old) {
                Some(before) => {
                    for gone in before.iter().filter(|value| !known.contains(value)) {
                        self.fault(path, format!("does not know {gone} any more"));
                    }
                }
                None => self.fault(path, "takes fewer values than it did"),
            }
        }
        if let (Some(before), Some(after)) = (range(old), range(new))
            && (after.0 > before.0 || after.1 < before.1)
        {
            self.fault(path, format!("was {}, is {}", shown(old), shown(new)));
        }
        self.members(path, old, new);
        self.elements(path, old, new);
    }

    fn members(&mut self, path: &str, old: &'m Map<String, Value>, new: &'m Map<String, Value>) {
        let required = |schema: &'m Map<String, Value>| -> BTreeSet<&'m str> {
            let list = schema.get("required").and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect()
        };
        if was_object(old) {
            for name in required(new).difference(&required(old)) {
                let at = join(path, name);
                self.fault(
                    &at,
                    "is asked for, and stored values may lack it: give it `#[serde(default)]`",
                );
            }
        }
        let properties =
            |schema: &'m Map<String, Value>| schema.get("properties").and_then(Value::as_object);
        let rest = new.get("additionalProperties");
        for (name, schema) in properties(old).into_iter().flatten() {
            let at = join(path, name);
            match properties(new).and_then(|properties| properties.get(name)) {
                Some(now) => self.compare(&at, schema, now),
                None if rest == Some(&Value::Bool(false)) => {
                    self.fault(&at, "is refused as unknown, and stored values have it");
                }
                None => {}
            }
        }
        if let (Some(before), Some(after)) = (old.get("additionalProperties"), rest)
            && before.is_object()
        {
            self.compare(&join(path, "*"), before, after);
        }
    }

    fn elements(&mut self, path: &str, old: &'m Map<String, Value>, new: &'m Map<String, Value>) {
        let list =
            |schema: &'m Map<String, Value>| schema.get("prefixItems").and_then(Value::as_array);
        match (list(old), list(new)) {
            (Some(before), Some(after)) if before.len() == after.len() => {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    self.compare(&join(path, &index.to_string()), before, after);
                }
            }
            (Some(_), Some(_)) => self.fault(path, "has another number of members"),
            _ => {
                if let (Some(before), Some(after)) = (old.get("items"), new.get("items")) {
                    self.compare(&join(path, "[]"), before, after);
                }
            }
        }
    }
}

/// What a reference stands for, and its name.
fn resolve<'m>(
    types: &'m BTreeMap<String, Value>,
    schema: &'m Value,
) -> (Option<&'m str>, &'m Value) {
    let name = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.strip_prefix(COMPONENTS));
    match name.and_then(|name| types.get_key_value(name)) {
        Some((name, found)) => (Some(name), found),
        None => (None, schema),
    }
}

fn variants(schema: &Map<String, Value>) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| schema.get(*keyword)?.as_array())
}

fn names(schema: &Map<String, Value>) -> BTreeSet<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => BTreeSet::from([name.as_str()]),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

fn was_object(schema: &Map<String, Value>) -> bool {
    names(schema).contains("object") || schema.contains_key("properties")
}

/// The only values that there may be.
fn consts(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

/// What an integer's type holds.
fn range(schema: &Map<String, Value>) -> Option<(i128, i128)> {
    let format = schema.get("format")?.as_str()?;
    let (signed, bits) = match format.strip_prefix('u') {
        Some(rest) => (false, rest.strip_prefix("int")?),
        None => (true, format.strip_prefix("int")?),
    };
    let bits: u32 = if bits.is_empty() {
        64
    } else {
        bits.parse().ok()?
    };
    let high = 1_i128.checked_shl(bits.checked_sub(u32::from(signed))?)?;
    Some(if signed {
        (-high, high - 1)
    } else {
        (0, high - 1)
    })
}

/// A type, for people.
fn shown(schema: &Map<String, Value>) -> String {
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        return format!("`{format}`");
    }
    if let Some(values) = consts(schema) {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        return values.join(" or ");
    }
    let tag = schema.get("properties").and_then(Value::as_object);
    let tag = tag.and_then(|properties| {
        properties
            .iter()
            .find_map(|(name, member)| Some(format!("{{{name}: {}}}", member.get("const")?)))
    });
    if let Some(tag) = tag {
        return tag;
    }
    let names: Vec<&str> = names(schema).into_iter().collect();
    match names.as_slice() {
        [] => "another type".to_owned(),
        names => format!("`{}`", names.join(" or ")),
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
