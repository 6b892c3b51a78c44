//! References between schemas, checked once so that nothing after the reader meets one that leads nowhere.

use serde_json::Value;

use super::Manifest;
use crate::error::Error;
use crate::schema;

/// Every reference must lead to a named type.
pub(super) fn check(manifest: &Manifest) -> Result<(), Error> {
    for (name, schema) in &manifest.schemas {
        check_schema(
            manifest,
            schema,
            &format!("/components/schemas/{}", schema::escape(name)),
        )?;
    }
    for (path, class) in &manifest.classes {
        for action in class.actions.values() {
            for (index, param) in action.params.iter().enumerate() {
                let pointer = format!("{}/params/{index}/schema", action.pointer);
                check_schema(manifest, &param.schema, &pointer)?;
            }
            check_schema(
                manifest,
                &action.result,
                &format!("{}/result", action.pointer),
            )?;
            for (index, error) in action.errors.iter().enumerate() {
                if let Some(details) = &error.details {
                    let pointer = format!("{}/errors/{index}/details", action.pointer);
                    check_schema(manifest, details, &pointer)?;
                }
            }
        }
        for (index, param) in class.connect.iter().enumerate() {
            let class = schema::escape(path);
            let pointer = format!("/classes/{class}/connect/{index}/schema");
            check_schema(manifest, &param.schema, &pointer)?;
        }
        for (name, event) in &class.events {
            let pointer = format!(
                "/classes/{}/events/{}/schema",
                schema::escape(path),
                schema::escape(name)
            );
            check_schema(manifest, &event.schema, &pointer)?;
        }
    }
    Ok(())
}

fn check_schema(manifest: &Manifest, schema: &Value, pointer: &str) -> Result<(), Error> {
    if !matches!(schema, Value::Object(_) | Value::Bool(_)) {
        return Err(manifest.fault(pointer, "expected a JSON Schema (an object, true or false)"));
    }
    if let Some(reference) = schema.get("$ref") {
        let target = reference.as_str().and_then(schema::component);
        if !target.is_some_and(|name| manifest.schemas.contains_key(&name)) {
            let message = format!(
                "there is no type {reference} (expected {}Name)",
                schema::COMPONENTS
            );
            return Err(manifest.fault(format!("{pointer}/$ref"), message));
        }
    }
    let mut outcome = Ok(());
    schema::subschemas(schema, |below, schema| {
        if outcome.is_ok() {
            outcome = check_schema(manifest, schema, &format!("{pointer}{below}"));
        }
    });
    outcome
}
