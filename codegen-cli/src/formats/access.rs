//! Who may call what: the whole of an app's permissions, to be read, reviewed and tested against.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Selected;
use crate::document::{Auth, Receiver};

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
        classes.insert(path.clone(), entry);
    }
    json!({ "stayput": { "access": VERSION }, "app": selected.manifest.app, "classes": classes })
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
        if !class.events.is_empty() {
            text.push_str("\n| event | who hears it |\n|---|---|\n");
        }
        for (name, event) in &class.events {
            let _ = writeln!(text, "| `{name}` | {} |", who(&event.auth));
        }
    }
    text
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
