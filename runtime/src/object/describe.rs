//! A class, described for the manifest.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use serde_json::Value;

use super::Mode;
use super::class::{ClassTable, Entry};
use crate::action::{ActionDescriber, Auth};
use crate::manifest::{ActionManifest, AuthManifest, ClassManifest, EventManifest, ParamManifest};
use crate::state::{StateDescriber, Stateful};

impl<T: Stateful> ClassTable<T> {
    /// Describes the class.
    pub fn describe(&self, generator: &mut SchemaGenerator) -> ClassManifest {
        let mut actions = BTreeMap::new();
        for entry in &self.entries {
            actions.insert(entry.name.clone(), entry.describe(generator));
        }
        let mut state = BTreeMap::new();
        T::describe(&mut StateDescriber::new(generator, &mut state));
        let mut handles: Vec<String> = self
            .events
            .iter()
            .map(|entry| entry.event.to_owned())
            .collect();
        handles.extend((!self.starts.is_empty()).then(|| "start".to_owned()));
        handles.extend((!self.alarms.is_empty()).then(|| "alarm".to_owned()));
        handles.sort();
        handles.dedup();
        let mut events = BTreeMap::new();
        collect_events::<T>(generator, &mut events);
        ClassManifest {
            r#type: T::TYPE_NAME.to_owned(),
            description: T::DOCS.to_owned(),
            actions,
            events,
            state,
            mixins: self.mixins.iter().cloned().collect(),
            handles,
        }
    }
}

impl<T: Stateful> Entry<T> {
    fn describe(&self, generator: &mut SchemaGenerator) -> ActionManifest {
        let mut described = ActionDescriber::new(generator);
        (self.describe)(&mut described);
        let ActionDescriber {
            params: types,
            result,
            errors,
            ..
        } = described;
        let mut wide_integers = Vec::new();
        let mut params = Vec::new();
        for (index, (param, (optional, schema))) in self.params.iter().zip(types).enumerate() {
            find_wide(
                &schema,
                &format!("/params/{index}/schema"),
                &mut wide_integers,
            );
            params.push(ParamManifest {
                name: param.name.to_owned(),
                required: !optional && param.default.is_none(),
                schema: param.complete_schema(schema),
            });
        }
        find_wide(&result, "/result", &mut wide_integers);
        let summary = self
            .docs
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .replace('\n', " ")
            .trim()
            .to_owned();
        ActionManifest {
            summary,
            description: self.docs.trim().to_owned(),
            receiver: match self.run.mode() {
                Mode::Read => "query",
                Mode::Write => "command",
                Mode::Free => "process",
            },
            auth: match self.auth {
                Auth::Authenticated => AuthManifest::Authenticated,
                Auth::Public => AuthManifest::Public,
                Auth::Scope(scope) => AuthManifest::Scope {
                    scope: scope.to_owned(),
                },
                Auth::Internal => AuthManifest::Internal,
            },
            params,
            result,
            errors,
            wide_integers,
            mixin: (!self.mount.is_empty()).then(|| self.mount.to_string()),
        }
    }
}

fn collect_events<T: Stateful>(
    generator: &mut SchemaGenerator,
    events: &mut BTreeMap<String, EventManifest>,
) {
    for info in T::EVENTS {
        events.insert(info.name.to_owned(), info.describe(generator));
    }
}

/// Finds 64-bit integers: JSON Pointers of schemas with the formats schemars gives them.
fn find_wide(schema: &Value, path: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if matches!(
                object.get("format").and_then(Value::as_str),
                Some("int64" | "uint64" | "int" | "uint")
            ) {
                found.push(path.to_owned());
            }
            for (key, value) in object {
                find_wide(
                    value,
                    &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                find_wide(value, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}
