//! Who may call what: the whole of an app's permissions, to be read, reviewed and tested against.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Selected;
use crate::document::{Auth, FrontWay, Manifest, Receiver};

/// The document's version.
const VERSION: u32 = 1;

/// As one JSON document.
pub(super) fn document(selected: &Selected<'_>) -> Value {
    let mut classes = Map::new();
    for (path, class) in selected.classes() {
        let mut actions = Map::new();
        for (name, action) in &class.actions {
            let mut entry = auth_of(&action.auth);
            entry.insert("receiver".into(), receiver_of(action.receiver).into());
            actions.insert(name.clone(), entry.into());
        }
        let events = class.events.iter();
        let events = events.map(|(name, event)| (name.clone(), auth_of(&event.auth).into()));
        let events: Map<String, Value> = events.collect();
        let mut entry = json!({ "actions": actions, "events": events });
        if let Some(scope) = &class.create {
            entry["create"] = scope.as_str().into();
        }
        if let Some(auth) = &class.fetch {
            entry["fetch"] = auth_of(auth).into();
        }
        classes.insert(path.clone(), entry);
    }
    let app = &selected.manifest.app;
    let mut document = json!({ "stayput": { "access": VERSION }, "app": app, "classes": classes });
    // What is no class's is left out where one was asked for.
    let manifest = selected.manifest;
    if selected.class.is_none() && !manifest.rpc.is_empty() {
        let methods = manifest.rpc.iter();
        let methods = methods.map(|(name, auth)| (name.clone(), auth_of(auth).into()));
        document["rpc"] = Value::Object(methods.collect());
    }
    if selected.class.is_none() && !manifest.routes.is_empty() {
        let routes = manifest.routes.iter().map(|route| {
            let mut entry = match &route.way {
                FrontWay::Run(auth) => auth_of(auth),
                FrontWay::To(class) => Map::from_iter([("class".into(), class.as_str().into())]),
            };
            if let Some(method) = &route.method {
                entry.insert("method".into(), method.as_str().into());
            }
            entry.insert("path".into(), route.path.as_str().into());
            Value::Object(entry)
        });
        document["routes"] = routes.collect();
    }
    document
}

/// As tables.
pub(super) fn markdown(selected: &Selected<'_>) -> String {
    let mut text = format!("# Who may call what: {}\n", selected.manifest.app);
    // Writing to a String cannot fail.
    for (path, class) in selected.classes() {
        let _ = write!(text, "\n## {path}\n");
        if let Some(scope) = &class.create {
            let _ = write!(text, "\nOnly callers with `{scope}` bring one to life.\n");
        }
        if !class.actions.is_empty() {
            text.push_str("\n| action | does | who |\n|---|---|---|\n");
        }
        for (name, action) in &class.actions {
            let (receiver, who) = (receiver_of(action.receiver), who(&action.auth));
            let _ = writeln!(text, "| `{name}` | {receiver} | {who} |");
        }
        if let Some(auth) = &class.fetch {
            if class.actions.is_empty() {
                text.push_str("\n| action | does | who |\n|---|---|---|\n");
            }
            let _ = writeln!(text, "| any other request | process | {} |", who(auth));
        }
        if !class.events.is_empty() {
            text.push_str("\n| event | who hears it |\n|---|---|\n");
        }
        for (name, event) in &class.events {
            let _ = writeln!(text, "| `{name}` | {} |", who(&event.auth));
        }
    }
    if selected.class.is_none() {
        before_objects(selected.manifest, &mut text);
    }
    text
}

/// What runs before any object.
fn before_objects(manifest: &Manifest, text: &mut String) {
    // Writing to a String cannot fail.
    if !manifest.routes.is_empty() {
        text.push_str("\n## Routes\n\n| route | who |\n|---|---|\n");
    }
    for route in &manifest.routes {
        let method = route.method.as_deref().unwrap_or("any method of");
        let who = match &route.way {
            FrontWay::Run(auth) => who(auth),
            FrontWay::To(class) => format!("as `{class}` says"),
        };
        let _ = writeln!(text, "| {method} `{}` | {who} |", route.path);
    }
    if !manifest.rpc.is_empty() {
        text.push_str("\n## `POST /rpc`\n\n| method | who |\n|---|---|\n");
    }
    for (name, auth) in &manifest.rpc {
        let _ = writeln!(text, "| `{name}` | {} |", who(auth));
    }
}

fn auth_of(auth: &Auth) -> Map<String, Value> {
    let (kind, scope) = match auth {
        Auth::Public => ("public", None),
        Auth::Authenticated => ("authenticated", None),
        Auth::Scope(scope) => ("scope", Some(scope)),
        Auth::Internal => ("internal", None),
    };
    let mut entry = Map::new();
    entry.insert("auth".into(), kind.into());
    if let Some(scope) = scope {
        entry.insert("scope".into(), scope.as_str().into());
    }
    entry
}

fn who(auth: &Auth) -> String {
    match auth {
        Auth::Public => "anybody".to_owned(),
        Auth::Authenticated => "any authenticated caller".to_owned(),
        Auth::Scope(scope) => format!("callers with `{scope}`"),
        Auth::Internal => "objects only".to_owned(),
    }
}

fn receiver_of(receiver: Receiver) -> &'static str {
    match receiver {
        Receiver::Query => "query",
        Receiver::Command => "command",
        Receiver::Process => "process",
    }
}
