//! Actions as tools: one a public action, the object's name among its arguments.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Selected, params_schema};
use crate::document::{Action, Receiver};
use crate::naming::{tool_name, tool_name_digest};

/// An action as agents see it.
pub(super) struct Tool<'m> {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) class: &'m str,
    pub(super) wire: &'m str,
    pub(super) action: &'m Action,
    /// The argument that holds the object's name.
    pub(super) object_param: String,
    /// The arguments, with references as in the manifest.
    pub(super) arguments: Value,
}

/// All tools, in the manifest's order.
pub(super) fn tools<'m>(selected: &Selected<'m>) -> Vec<Tool<'m>> {
    let mut tools = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (class, described) in selected.classes() {
        for (wire, action) in described.exported() {
            let name = tool_name(class, wire);
            *seen.entry(name.clone()).or_default() += 1;
            let object_param = object_param(action);
            tools.push(Tool {
                arguments: arguments(class, action, &object_param),
                description: description(class, wire, action),
                name,
                class,
                wire,
                action,
                object_param,
            });
        }
    }
    // All that share a name get a digest, so that none depends on which came first.
    for tool in &mut tools {
        if seen.get(&tool.name).is_some_and(|&count| count > 1) {
            tool.name = tool_name_digest(tool.class, tool.wire);
        }
    }
    tools
}

/// `object`, or the first of `object_name`, `object_name_2`, .. that is no param of the action.
fn object_param(action: &Action) -> String {
    let is_param = |name: &str| action.params.iter().any(|param| param.name == name);
    if !is_param("object") {
        return "object".into();
    }
    let mut name = String::from("object_name");
    let mut number = 2_u32;
    while is_param(&name) {
        name = format!("object_name_{number}");
        number += 1;
    }
    name
}

fn arguments(class: &str, action: &Action, object_param: &str) -> Value {
    let mut schema = params_schema(action);
    let described = json!({ "type": "string", "minLength": 1, "description": format!("The name of the `{class}` object to call.") });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(object_param.to_owned(), described);
    }
    if let Some(required) = schema
        .entry("required")
        .or_insert_with(|| json!([]))
        .as_array_mut()
    {
        required.insert(0, object_param.into());
    }
    schema.into()
}

fn description(class: &str, wire: &str, action: &Action) -> String {
    let mut text = if action.description.is_empty() {
        &action.summary
    } else {
        &action.description
    }
    .trim()
    .to_owned();
    if text.is_empty() {
        text = format!("Calls `{wire}` of a `{class}` object.");
    }
    if action.receiver == Receiver::Query {
        text.push_str("\n\nReads only: changes nothing.");
    }
    if !action.errors.is_empty() {
        text.push_str("\n\nErrors:");
        for error in &action.errors {
            let _ = write!(text, "\n- {}: {}", error.code, error.description);
        }
    }
    text
}
