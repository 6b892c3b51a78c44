//! What clients are generated from: every schema lowered to a small type language, in a fixed order.

mod lower;
mod types;

pub(crate) use types::{Field, Type};

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::document::{Manifest, Receiver};
use crate::error::Error;
use crate::schema;
use lower::lower;

/// An app.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) app: String,
    pub(crate) version: String,
    /// Named types by their name in the manifest.
    pub(crate) types: BTreeMap<String, NamedType>,
    pub(crate) classes: Vec<Class>,
}

#[derive(Debug)]
pub(crate) struct NamedType {
    pub(crate) doc: String,
    pub(crate) ty: Type,
}

#[derive(Debug)]
pub(crate) struct Class {
    /// Its class path.
    pub(crate) path: String,
    pub(crate) type_name: String,
    pub(crate) doc: String,
    /// What clients say when they connect, each name once.
    pub(crate) connect: Vec<Field>,
    pub(crate) members: Members,
}

/// The actions of a class or of a mixin mounted in it.
#[derive(Debug, Default)]
pub(crate) struct Members {
    pub(crate) actions: Vec<Action>,
    pub(crate) events: Vec<Event>,
    /// Mounts by their name within their parent.
    pub(crate) mounts: BTreeMap<String, Mount>,
}

#[derive(Debug, Default)]
pub(crate) struct Mount {
    pub(crate) doc: String,
    pub(crate) members: Members,
}

#[derive(Debug)]
pub(crate) struct Event {
    /// Its name within its mixin.
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) doc: String,
    pub(crate) ty: Type,
}

#[derive(Debug)]
pub(crate) struct Action {
    /// The last segment of the wire name.
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) doc: String,
    pub(crate) receiver: Receiver,
    pub(crate) params: Vec<Field>,
    /// Of an action that streams: the list of all its items.
    pub(crate) result: Type,
    /// Whether the items of its result can be read one by one.
    pub(crate) stream: bool,
    pub(crate) errors: Vec<DeclaredError>,
}

#[derive(Debug)]
pub(crate) struct DeclaredError {
    pub(crate) code: String,
    pub(crate) doc: String,
    pub(crate) details: Option<Type>,
}

/// Mixins are not nested deeper than this.
const MAX_SEGMENTS: usize = 16;

/// Lowers a manifest; actions that nobody outside may call are left out.
pub(crate) fn build(manifest: &Manifest) -> Result<Api, Error> {
    let mut types = BTreeMap::new();
    for (name, value) in &manifest.schemas {
        let pointer = format!("/components/schemas/{}", schema::escape(name));
        let ty = lower(manifest, value, &pointer)?;
        types.insert(
            name.clone(),
            NamedType {
                doc: doc_of(value),
                ty,
            },
        );
    }
    let classes = manifest
        .classes
        .iter()
        .map(|(path, class)| build_class(manifest, path, class));
    Ok(Api {
        app: manifest.app.clone(),
        version: manifest.version.clone(),
        types,
        classes: classes.collect::<Result<_, _>>()?,
    })
}

impl Members {
    /// The members of a mixin by its path; `None` if that is too deep.
    fn mounted(&mut self, class: &crate::document::Class, path: &str) -> Option<&mut Self> {
        let mut place = self;
        if path.is_empty() {
            return Some(place);
        }
        let mut end = 0;
        for (depth, segment) in path.split('.').enumerate() {
            if depth + 1 >= MAX_SEGMENTS {
                return None;
            }
            end += segment.len() + usize::from(depth > 0);
            let mount = place.mounts.entry(segment.to_owned()).or_default();
            mount.doc = class.mixins.get(&path[..end]).cloned().unwrap_or_default();
            place = &mut mount.members;
        }
        Some(place)
    }
}

fn build_class(
    manifest: &Manifest,
    path: &str,
    class: &crate::document::Class,
) -> Result<Class, Error> {
    let mut members = Members::default();
    for (wire, action) in class.exported() {
        let (mount, name) = wire.rsplit_once('.').unwrap_or(("", wire));
        let place = members.mounted(class, mount).ok_or_else(|| {
            let message = format!("the action's name has more than {MAX_SEGMENTS} segments");
            manifest.fault(action.pointer.clone(), message)
        })?;
        let action = build_action(manifest, wire, name, action)?;
        place.actions.push(action);
    }
    for (wire, event) in &class.events {
        // A name may have dots of its own: the mixin is said beside it.
        let mount = event.mixin.as_deref().unwrap_or_default();
        let name = wire
            .strip_prefix(mount)
            .and_then(|rest| rest.strip_prefix('.'));
        let (mount, name) = match name {
            Some(name) if !mount.is_empty() => (mount, name),
            _ => ("", wire.as_str()),
        };
        let place = members.mounted(class, mount).ok_or_else(|| {
            let message = format!("the event's mixin has more than {MAX_SEGMENTS} segments");
            manifest.fault(event.pointer.clone(), message)
        })?;
        place.events.push(Event {
            name: name.to_owned(),
            wire: wire.clone(),
            doc: event.description.clone(),
            ty: lower(
                manifest,
                &event.schema,
                &format!("{}/schema", event.pointer),
            )?,
        });
    }
    Ok(Class {
        path: path.to_owned(),
        type_name: class.type_name.clone(),
        doc: class.description.clone(),
        connect: build_connect(manifest, path, class)?,
        members,
    })
}

fn build_connect(
    manifest: &Manifest,
    path: &str,
    class: &crate::document::Class,
) -> Result<Vec<Field>, Error> {
    let at = format!("/classes/{}/connect", schema::escape(path));
    let mut fields: Vec<Field> = Vec::new();
    for (index, param) in class.connect.iter().enumerate() {
        let field = build_param(manifest, param, &format!("{at}/{index}/schema"))?;
        match fields.iter_mut().find(|known| known.name == field.name) {
            None => fields.push(field),
            // Each handler reads it, so it must suit them all.
            Some(known) => {
                known.required |= field.required;
                let both = vec![std::mem::replace(&mut known.ty, Type::Any), field.ty];
                known.ty = Type::both(both);
            }
        }
    }
    Ok(fields)
}

fn build_param(
    manifest: &Manifest,
    param: &crate::document::Param,
    pointer: &str,
) -> Result<Field, Error> {
    Ok(Field {
        name: param.name.clone(),
        doc: doc_of(&param.schema),
        required: param.required,
        ty: lower(manifest, &param.schema, pointer)?,
    })
}

fn build_action(
    manifest: &Manifest,
    wire: &str,
    name: &str,
    action: &crate::document::Action,
) -> Result<Action, Error> {
    let at = |below: String| format!("{}{below}", action.pointer);
    let mut params = Vec::new();
    for (index, param) in action.params.iter().enumerate() {
        let pointer = at(format!("/params/{index}/schema"));
        params.push(build_param(manifest, param, &pointer)?);
    }
    let mut errors: Vec<DeclaredError> = Vec::new();
    for (index, error) in action.errors.iter().enumerate() {
        let details = error.details.as_ref();
        let details = details
            .map(|details| lower(manifest, details, &at(format!("/errors/{index}/details"))))
            .transpose()?;
        errors.push(DeclaredError {
            code: error.code.clone(),
            doc: error.description.clone(),
            details,
        });
    }
    let result = lower(manifest, &action.result, &at("/result".to_owned()))?;
    Ok(Action {
        name: name.to_owned(),
        wire: wire.to_owned(),
        doc: if action.description.is_empty() {
            &action.summary
        } else {
            &action.description
        }
        .clone(),
        receiver: action.receiver,
        params,
        result: if action.stream {
            Type::List(Box::new(result))
        } else {
            result
        },
        stream: action.stream,
        errors,
    })
}

/// A schema's description, with the default value if there is one.
fn doc_of(schema: &Value) -> String {
    let mut doc = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        if !doc.is_empty() {
            doc.push_str("\n\n");
        }
        let _ = write!(doc, "Default: {default}");
    }
    if schema.get("deprecated").and_then(Value::as_bool) == Some(true) {
        doc.push_str("\n\nDeprecated.");
    }
    doc
}
