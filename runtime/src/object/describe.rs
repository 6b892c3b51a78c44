//! A class, described for the manifest.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use serde_json::Value;

use super::Mode;
use super::class::{ClassTable, DeclaredEvent, Entry};
use super::mount::version_after;
use crate::action::{ActionDescriber, Param};
use crate::event::{is_reaction, method_of};
use crate::manifest::{
    ActionManifest, AuthManifest, ClassManifest, ConnectParamManifest, HandlerManifest,
    ParamManifest, RouteManifest,
};
use crate::socket::ConnectParams;
use crate::state::{StateDescriber, Stateful};

impl<T: Stateful> ClassTable<T> {
    /// Describes the class.
    pub fn describe(&self, generator: &mut SchemaGenerator) -> ClassManifest {
        let mut actions = BTreeMap::new();
        let is_action = |entry: &&Entry<T>| entry.raw.is_none() && !is_reaction(&entry.name);
        for entry in self.entries.iter().filter(is_action) {
            actions.insert(entry.name.clone(), entry.describe(generator));
        }
        let mut state = BTreeMap::new();
        T::describe(&mut StateDescriber::new(generator, &mut state));
        let mut handles: Vec<String> = self
            .events
            .iter()
            .map(|entry| entry.event.to_owned())
            .collect();
        handles.extend(self.reactions.iter().map(|entry| entry.event.to_owned()));
        let reactions = (self.reactions.iter())
            .filter_map(|entry| Some((method_of(&entry.action)?, entry.event.to_owned())))
            .collect();
        let mut subscribes: Vec<String> = (self.heard.iter())
            .map(|event| event.name.to_owned())
            .collect();
        subscribes.sort();
        subscribes.dedup();
        let hooks = self.hooks();
        let fetch = self.entries.iter().find(|entry| entry.raw.is_some());
        let fetch = fetch.map(|entry| HandlerManifest {
            auth: AuthManifest::of(entry.auth),
        });
        let others = [
            ("start", !self.starts.is_empty()),
            ("alarm", !self.alarms.is_empty()),
            ("connect", hooks.connect),
            ("message", hooks.message),
            ("disconnect", hooks.disconnect),
            ("fetch", fetch.is_some()),
        ];
        let others = others.into_iter().filter(|(_, handled)| *handled);
        handles.extend(others.map(|(name, _)| name.to_owned()));
        handles.sort();
        handles.dedup();
        let event = |declared: &DeclaredEvent| {
            let mut event = declared.info.describe(generator);
            event.mixin = (!declared.mount.is_empty()).then(|| declared.mount.to_string());
            (declared.name.to_string(), event)
        };
        let events = self.declared.iter().map(event).collect();
        let mut connect = Vec::new();
        for entry in &self.hooks {
            if let Some(params) = entry.params {
                let described = describe_connect(params, &entry.mount, generator);
                connect.extend(described);
            }
        }
        ClassManifest {
            version: version_after(T::UPGRADES),
            r#type: T::TYPE_NAME.to_owned(),
            // The class's affairs, not its table's: `App::manifest` adds them.
            was: Vec::new(),
            jurisdiction: None,
            create: None,
            binding: None,
            description: T::DOCS.to_owned(),
            actions,
            fetch,
            connect,
            events,
            state,
            mixins: self.mixins.iter().cloned().collect(),
            handles,
            reactions,
            subscribes,
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
            job,
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
            params.push(described_param(param, optional, schema));
        }
        find_wide(&result, "/result", &mut wide_integers);
        if let Some(job) = &job {
            find_wide(&job.result, "/job/result", &mut wide_integers);
        }
        let summary = self
            .docs
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .replace('\n', " ")
            .trim()
            .to_owned();
        ActionManifest {
            was: self.was.clone(),
            summary,
            description: self.docs.trim().to_owned(),
            receiver: match self
                .job
                .as_ref()
                .map_or_else(|| self.run.mode(), |_| Mode::Free)
            {
                Mode::Read => "query",
                Mode::Write => "command",
                Mode::Free => "process",
            },
            auth: AuthManifest::of(self.auth),
            params,
            result,
            stream: self.streams.is_some(),
            errors,
            wide_integers,
            job,
            route: self.route.as_ref().map(RouteManifest::of),
            mixin: (!self.mount.is_empty()).then(|| self.mount.to_string()),
        }
    }
}

/// What a `connect` handler takes of the URL.
fn describe_connect(
    params: &ConnectParams,
    mount: &str,
    generator: &mut SchemaGenerator,
) -> Vec<ConnectParamManifest> {
    let mut described = ActionDescriber::new(generator);
    (params.describe)(&mut described);
    let params = params.table.iter().zip(described.params);
    let param = |(param, (optional, schema))| ConnectParamManifest {
        param: described_param(param, optional, schema),
        mixin: (!mount.is_empty()).then(|| mount.to_owned()),
    };
    params.map(param).collect()
}

fn described_param(param: &Param, optional: bool, schema: Value) -> ParamManifest {
    ParamManifest {
        name: param.name.to_owned(),
        required: !optional && param.default.is_none(),
        schema: param.complete_schema(schema, optional),
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
