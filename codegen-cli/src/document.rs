//! The manifest as it is read: members this command does not know are ignored, another major version is refused, and
//! every fault is named by its JSON Pointer.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::schema;

/// The major version of the manifest that this command reads.
const MAJOR: u64 = 1;

/// An app, as its manifest describes it.
#[derive(Debug)]
pub struct Manifest {
    /// The file, URL or package it was read from; for messages.
    pub(crate) origin: String,
    pub(crate) app: String,
    pub(crate) version: String,
    pub(crate) classes: BTreeMap<String, Class>,
    pub(crate) schemas: BTreeMap<String, Value>,
}

/// A class of objects.
#[derive(Debug)]
pub(crate) struct Class {
    /// The Rust type's name.
    pub(crate) type_name: String,
    pub(crate) description: String,
    /// By wire name.
    pub(crate) actions: BTreeMap<String, Action>,
    pub(crate) events: BTreeMap<String, Event>,
    /// Mount path to the mixin's description.
    pub(crate) mixins: BTreeMap<String, String>,
}

/// An action.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) receiver: Receiver,
    pub(crate) auth: Auth,
    pub(crate) params: Vec<Param>,
    pub(crate) result: Value,
    pub(crate) errors: Vec<DeclaredError>,
    /// Where the action stands in the manifest.
    pub(crate) pointer: String,
}

/// What an action does to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Query,
    Command,
    Process,
}

/// Who may call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    Public,
    Authenticated,
    Scope(String),
    Internal,
}

#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

#[derive(Debug)]
pub(crate) struct DeclaredError {
    pub(crate) code: String,
    pub(crate) description: String,
    pub(crate) details: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) description: String,
    pub(crate) schema: Value,
}

impl Class {
    /// The actions that somebody outside may call.
    pub(crate) fn exported(&self) -> impl Iterator<Item = (&String, &Action)> {
        self.actions
            .iter()
            .filter(|(_, action)| action.auth != Auth::Internal)
    }
}

impl Manifest {
    /// The error that names a place in this manifest.
    pub(crate) fn fault(&self, pointer: impl Into<String>, message: impl Into<String>) -> Error {
        Error::Manifest {
            origin: self.origin.clone(),
            pointer: pointer.into(),
            message: message.into(),
        }
    }
}

/// Reads and checks a manifest.
pub(crate) fn read(text: &str, origin: &str) -> Result<Manifest, Error> {
    let document: Value = serde_json::from_str(text).map_err(|error| Error::Syntax {
        origin: origin.to_owned(),
        line: error.line(),
        column: error.column(),
        message: error
            .to_string()
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned(),
    })?;
    let root = Node {
        value: &document,
        pointer: String::new(),
        origin,
    };
    let major = root.member("stayput")?.member("manifest")?;
    match major.value.as_u64() {
        Some(MAJOR) => {}
        Some(found) => {
            return Err(Error::Major {
                origin: origin.to_owned(),
                found,
            });
        }
        None => return Err(major.fault("expected the number of the manifest's version")),
    }
    let app = root.member("app")?;
    let manifest = Manifest {
        origin: origin.to_owned(),
        app: app.member("name")?.text()?,
        version: app.member("version")?.text()?,
        classes: root.member("classes")?.map(read_class)?,
        schemas: match root.optional("components")? {
            Some(components) => components.optional_map("schemas", |_, node| node.schema())?,
            None => BTreeMap::new(),
        },
    };
    check_references(&manifest)?;
    Ok(manifest)
}

fn read_class(_: &str, class: &Node<'_>) -> Result<Class, Error> {
    Ok(Class {
        type_name: class.member("type")?.text()?,
        description: class.optional_text("description")?,
        actions: class.member("actions")?.map(read_action)?,
        events: class.optional_map("events", |_, event| {
            Ok(Event {
                description: event.optional_text("description")?,
                schema: event.member("schema")?.schema()?,
            })
        })?,
        mixins: class.optional_map("mixins", |_, mixin| mixin.optional_text("description"))?,
    })
}

fn read_action(_: &str, action: &Node<'_>) -> Result<Action, Error> {
    let params = action.optional_list("params", |param| {
        Ok(Param {
            name: param.member("name")?.text()?,
            required: param.member("required")?.flag()?,
            schema: param.member("schema")?.schema()?,
        })
    })?;
    for (index, param) in params.iter().enumerate() {
        if params[..index].iter().any(|other| other.name == param.name) {
            return Err(action.fault_at(
                &format!("/params/{index}/name"),
                format!("there is another param named {:?}", param.name),
            ));
        }
    }
    let auth = action.member("auth")?;
    Ok(Action {
        summary: action.optional_text("summary")?,
        description: action.optional_text("description")?,
        // A receiver or kind that is younger than this command is read as the most careful one known.
        receiver: match action.member("receiver")?.text()?.as_str() {
            "query" => Receiver::Query,
            "process" => Receiver::Process,
            _ => Receiver::Command,
        },
        auth: match auth.member("kind")?.text()?.as_str() {
            "public" => Auth::Public,
            "internal" => Auth::Internal,
            "scope" => Auth::Scope(auth.member("scope")?.text()?),
            _ => Auth::Authenticated,
        },
        params,
        result: action.member("result")?.schema()?,
        errors: action.optional_list("errors", |error| {
            Ok(DeclaredError {
                code: error.member("code")?.text()?,
                description: error.optional_text("description")?,
                details: error
                    .optional("details")?
                    .map(|details| details.schema())
                    .transpose()?,
            })
        })?,
        pointer: action.pointer.clone(),
    })
}

/// Every reference must lead to a named type.
fn check_references(manifest: &Manifest) -> Result<(), Error> {
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

/// A value of the document and where it stands.
struct Node<'v> {
    value: &'v Value,
    pointer: String,
    origin: &'v str,
}

impl<'v> Node<'v> {
    fn fault_at(&self, below: &str, message: impl Into<String>) -> Error {
        let pointer = format!("{}{below}", self.pointer);
        let pointer = if pointer.is_empty() {
            "/".to_owned()
        } else {
            pointer
        };
        Error::Manifest {
            origin: self.origin.to_owned(),
            pointer,
            message: message.into(),
        }
    }

    fn fault(&self, message: impl Into<String>) -> Error {
        self.fault_at("", message)
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.fault(format!("expected {what}, found {found}"))
    }

    fn child(&self, name: &str, value: &'v Value) -> Node<'v> {
        Node {
            value,
            pointer: format!("{}/{}", self.pointer, schema::escape(name)),
            origin: self.origin,
        }
    }

    /// A member that may be missing; `null` counts as missing.
    fn optional(&self, name: &str) -> Result<Option<Node<'v>>, Error> {
        let members = self
            .value
            .as_object()
            .ok_or_else(|| self.expected("an object"))?;
        Ok(members
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| self.child(name, value)))
    }

    fn member(&self, name: &str) -> Result<Node<'v>, Error> {
        self.optional(name)?
            .ok_or_else(|| self.fault(format!("the member `{name}` is missing")))
    }

    fn text(&self) -> Result<String, Error> {
        self.value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.expected("a string"))
    }

    fn flag(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .ok_or_else(|| self.expected("true or false"))
    }

    fn schema(&self) -> Result<Value, Error> {
        match self.value {
            Value::Object(_) | Value::Bool(_) => Ok(self.value.clone()),
            _ => Err(self.expected("a JSON Schema (an object, true or false)")),
        }
    }

    fn optional_text(&self, name: &str) -> Result<String, Error> {
        self.optional(name)?
            .map_or_else(|| Ok(String::new()), |node| node.text())
    }

    fn map<T>(
        &self,
        read: impl Fn(&str, &Node<'v>) -> Result<T, Error>,
    ) -> Result<BTreeMap<String, T>, Error> {
        let members = self
            .value
            .as_object()
            .ok_or_else(|| self.expected("an object"))?;
        let entries = members.iter();
        entries
            .map(|(key, value)| Ok((key.clone(), read(key, &self.child(key, value))?)))
            .collect()
    }

    fn optional_map<T>(
        &self,
        name: &str,
        read: impl Fn(&str, &Node<'v>) -> Result<T, Error>,
    ) -> Result<BTreeMap<String, T>, Error> {
        self.optional(name)?
            .map_or_else(|| Ok(BTreeMap::new()), |node| node.map(read))
    }

    fn optional_list<T>(
        &self,
        name: &str,
        read: impl Fn(&Node<'v>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let Some(list) = self.optional(name)? else {
            return Ok(Vec::new());
        };
        let items = list
            .value
            .as_array()
            .ok_or_else(|| list.expected("an array"))?;
        items
            .iter()
            .enumerate()
            .map(|(index, value)| read(&list.child(&index.to_string(), value)))
            .collect()
    }
}
