//! An `OpenRPC` 1.4.1 document. Methods are called on an object, so `x-stayput` says where each is posted to.

use serde_json::{Map, Value, json};

use super::Selected;
use crate::document::{Action, Auth, Receiver};

pub(super) fn document(selected: &Selected<'_>) -> Value {
    let manifest = selected.manifest;
    let mut methods = Vec::new();
    for (path, class) in selected.classes() {
        for (wire, action) in class.exported() {
            // In a document of one class, methods have the names that the object itself knows.
            let name = if selected.class.is_some() {
                wire.clone()
            } else {
                format!("{path}.{wire}")
            };
            methods.push(method(path, wire, name, action));
        }
    }
    json!({
        "openrpc": "1.4.1",
        "info": { "title": manifest.app, "version": manifest.version },
        "methods": methods,
        "components": { "schemas": manifest.schemas },
    })
}

fn method(path: &str, wire: &str, name: String, action: &Action) -> Value {
    let mut params: Vec<_> = action.params.iter().collect();
    // By position only the last ones can be left out.
    let in_order = params
        .windows(2)
        .all(|pair| pair[0].required || !pair[1].required);
    if !in_order {
        params.sort_by_key(|param| !param.required);
    }
    let params: Vec<Value> = params
        .iter()
        .map(|param| descriptor(&param.name, &param.schema, Some(param.required)))
        .collect();
    let errors: Vec<Value> = action
        .errors
        .iter()
        .map(|error| {
            let message = if error.description.is_empty() {
                &error.code
            } else {
                &error.description
            };
            let mut data = Map::new();
            data.insert("code".into(), error.code.clone().into());
            if let Some(details) = &error.details {
                data.insert("details".into(), details.clone());
            }
            json!({ "code": 1, "message": message, "data": data })
        })
        .collect();
    let mut method = Map::new();
    method.insert("name".into(), name.into());
    for (member, text) in [
        ("summary", &action.summary),
        ("description", &action.description),
    ] {
        if !text.is_empty() {
            method.insert(member.into(), text.as_str().into());
        }
    }
    method.insert(
        "paramStructure".into(),
        if in_order { "either" } else { "by-name" }.into(),
    );
    method.insert("params".into(), params.into());
    method.insert(
        "result".into(),
        descriptor("result", &action.answer(), None),
    );
    if !errors.is_empty() {
        method.insert("errors".into(), errors.into());
    }
    let auth = match &action.auth {
        Auth::Public => json!({ "kind": "public" }),
        Auth::Scope(scope) => json!({ "kind": "scope", "scope": scope }),
        Auth::Authenticated | Auth::Internal => json!({ "kind": "authenticated" }),
    };
    let receiver = match action.receiver {
        Receiver::Query => "query",
        Receiver::Command => "command",
        Receiver::Process => "process",
    };
    let place = json!({ "class": path, "method": wire, "path": format!("/{path}/{{name}}"), "receiver": receiver, "auth": auth });
    method.insert("x-stayput".into(), place);
    method.into()
}

fn descriptor(name: &str, schema: &Value, required: Option<bool>) -> Value {
    let mut descriptor = Map::new();
    descriptor.insert("name".into(), name.into());
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        descriptor.insert("description".into(), description.into());
    }
    if let Some(required) = required {
        descriptor.insert("required".into(), required.into());
    }
    descriptor.insert("schema".into(), schema.clone());
    descriptor.into()
}
