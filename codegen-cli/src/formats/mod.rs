//! What the manifest is exported to: schemas for people and programs, tools for agents.

mod access;
mod errors;
mod expand;
mod json_schema;
mod openrpc;
mod sizes;
mod strict;
mod tidy;
mod tools;
mod vendors;

use serde_json::Value;

use crate::args::{Format, SchemaArgs};
use crate::document::{Class, Manifest};
use crate::error::Error;
use crate::{load, term, write};

/// `stayput schema`.
pub(crate) fn run(args: &SchemaArgs) -> Result<(), Error> {
    let manifest = load::load(&args.from)?;
    let text = export(&manifest, args.format, args.class.as_deref())?;
    if let Some(path) = &args.out {
        return write::file(path, &text);
    }
    term::result(text.trim_end());
    Ok(())
}

/// The document, as pretty JSON with a line's end; tables and pages as they are.
pub(crate) fn export(
    manifest: &Manifest,
    format: Format,
    class: Option<&str>,
) -> Result<String, Error> {
    let selected = Selected { manifest, class };
    if let Some(class) = class
        && !manifest.classes.contains_key(class)
    {
        let known = manifest.classes.keys().cloned().collect();
        return Err(Error::NoClass {
            class: class.to_owned(),
            known,
        });
    }
    let document = match format {
        Format::JsonSchema => json_schema::document(&selected),
        Format::Openrpc => openrpc::document(&selected),
        Format::Mcp => vendors::mcp(&selected),
        Format::Openai => vendors::openai(&selected),
        Format::Anthropic => vendors::anthropic(&selected)?,
        Format::Access => access::document(&selected),
        Format::AccessMarkdown => return Ok(access::markdown(&selected)),
        Format::Errors => errors::document(&selected)?,
        Format::ErrorsMarkdown => return errors::page(&selected),
    };
    Ok(format!("{document:#}\n"))
}

/// The part of a manifest that is exported.
struct Selected<'m> {
    manifest: &'m Manifest,
    /// One class, or all.
    class: Option<&'m str>,
}

impl<'m> Selected<'m> {
    fn classes(&self) -> impl Iterator<Item = (&'m String, &'m Class)> + use<'m> {
        let only = self.class;
        self.manifest
            .classes
            .iter()
            .filter(move |(path, _)| only.is_none_or(|only| only == *path))
    }
}

/// An action's params as the schema of one object.
fn params_schema(action: &crate::document::Action) -> serde_json::Map<String, Value> {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for param in &action.params {
        properties.insert(param.name.clone(), param.schema.clone());
        if param.required {
            required.push(Value::String(param.name.clone()));
        }
    }
    let mut schema = serde_json::Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    schema.insert("additionalProperties".into(), false.into());
    schema
}
