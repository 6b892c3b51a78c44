//! The catalogue of errors: every code that an action declares, once, as JSON or as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Selected;
use crate::document::DeclaredError;
use crate::error::Error;

/// An error and the actions that answer it.
struct Row<'m> {
    error: &'m DeclaredError,
    /// `class.action`
    actions: Vec<String>,
}

/// The catalogue as JSON.
pub(super) fn document(selected: &Selected<'_>) -> Result<Value, Error> {
    let rows = rows(selected)?;
    let errors = rows.into_iter().map(|(code, Row { error, actions })| {
        let mut row = Map::new();
        row.insert("code".into(), code.into());
        row.insert("status".into(), error.status.into());
        row.insert("retryable".into(), error.retryable.into());
        row.insert("description".into(), error.description.clone().into());
        if let Some(details) = &error.details {
            row.insert("details".into(), details.clone());
        }
        row.insert("actions".into(), actions.into());
        Value::Object(row)
    });
    let manifest = selected.manifest;
    Ok(json!({
        "app": { "name": manifest.app, "version": manifest.version },
        "errors": errors.collect::<Vec<_>>(),
        "components": { "schemas": manifest.schemas },
    }))
}

/// The catalogue as a page.
pub(super) fn page(selected: &Selected<'_>) -> Result<String, Error> {
    let manifest = selected.manifest;
    let mut page = format!("# Errors of {}\n\n", cell(&manifest.app));
    page.push_str(
        "Tell them apart by `data.code` (JSON-RPC) or `error.code` (REST). Those of the framework are in its `docs/errors.md`.\n\n\
         | Code | HTTP status | Retryable | Details | Meaning | Answered by |\n|---|---|---|---|---|---|\n",
    );
    for (code, Row { error, actions }) in rows(selected)? {
        let retryable = if error.retryable { "yes" } else { "no" };
        let details = error.details.as_ref().map_or_else(String::new, names);
        let actions: Vec<_> = actions
            .iter()
            .map(|name| format!("`{}`", cell(name)))
            .collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {retryable} | {details} | {} | {} |",
            cell(code),
            error.status,
            cell(&error.description),
            actions.join(", ")
        );
    }
    Ok(page)
}

/// Errors by their codes. One code means one thing.
fn rows<'m>(selected: &Selected<'m>) -> Result<BTreeMap<&'m str, Row<'m>>, Error> {
    let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for (path, class) in selected.classes() {
        for (wire, action) in class.exported() {
            for (index, error) in action.errors.iter().enumerate() {
                let row = rows.entry(&error.code).or_insert_with(|| Row {
                    error,
                    actions: Vec::new(),
                });
                let known = row.error;
                if (known.status, known.retryable) != (error.status, error.retryable) {
                    let pointer = format!("{}/errors/{index}", action.pointer);
                    let message = format!(
                        "the code `{}` has another status, or is retryable, elsewhere: give one of the two another code",
                        error.code
                    );
                    return Err(selected.manifest.fault(pointer, message));
                }
                row.actions.push(format!("{path}.{wire}"));
            }
        }
    }
    Ok(rows)
}

/// The members of details, as a list.
fn names(details: &Value) -> String {
    let members = details.get("properties").and_then(Value::as_object);
    let names = members.into_iter().flat_map(Map::keys);
    let names: Vec<_> = names.map(|name| format!("`{}`", cell(name))).collect();
    if names.is_empty() {
        "yes".to_owned()
    } else {
        names.join(", ")
    }
}

/// A text that stays in its cell of a table.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('|', "\\|")
        .replace('`', "'")
        .replace('<', "&lt;")
}
