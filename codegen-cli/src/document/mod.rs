//! The manifest as it is read: members this command does not know are ignored, another major version is refused, and
//! every fault is named by its JSON Pointer.

mod node;
mod references;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::Error;
use node::Node;

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
    /// Classes of other apps that it calls.
    pub(crate) uses: Vec<Use>,
    /// Who may call which method of `POST /rpc`.
    pub(crate) rpc: BTreeMap<String, Auth>,
    /// What runs before any object.
    pub(crate) routes: Vec<FrontRoute>,
}

/// A route that runs before any object.
#[derive(Debug)]
pub(crate) struct FrontRoute {
    /// The method, if it is of one only.
    pub(crate) method: Option<String>,
    pub(crate) path: String,
    /// Who may use it; where it leads to objects their class says so.
    pub(crate) way: FrontWay,
}

#[derive(Debug)]
pub(crate) enum FrontWay {
    /// A handler.
    Run(Auth),
    /// Objects of this class.
    To(String),
}

/// A class of another app, and by which settings it is reached.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) app: String,
    /// The name of its JavaScript class.
    pub(crate) exported: String,
    pub(crate) binding: String,
    pub(crate) service: String,
    pub(crate) setting: String,
}

/// A class of objects.
#[derive(Debug)]
pub(crate) struct Class {
    /// The Rust type's name.
    pub(crate) type_name: String,
    /// Paths that the class had before; none if the manifest does not say.
    pub(crate) was: Vec<String>,
    /// The binding of its objects, if the class names one.
    pub(crate) binding: Option<String>,
    /// Who may send requests that no action takes, if something answers them.
    pub(crate) fetch: Option<Auth>,
    /// The scope that it takes to create one of its objects, if it takes one.
    pub(crate) create: Option<String>,
    pub(crate) description: String,
    /// What clients say in the URL that they connect by. Two handlers may take the same name.
    pub(crate) connect: Vec<Param>,
    /// By wire name.
    pub(crate) actions: BTreeMap<String, Action>,
    pub(crate) events: BTreeMap<String, Event>,
    /// Its handlers that run after the commit, a mixin's as `mount.method`, and the event of each.
    pub(crate) reactions: BTreeMap<String, String>,
    /// The events of other objects that it may subscribe to.
    pub(crate) subscribes: Vec<String>,
    /// Mount path to the mixin's description.
    pub(crate) mixins: BTreeMap<String, String>,
    /// The versions of what is stored, by mount path; the class's own under the empty one.
    pub(crate) versions: BTreeMap<String, u64>,
    /// What is stored, by path.
    pub(crate) state: BTreeMap<String, Value>,
}

/// An action.
#[derive(Debug)]
pub(crate) struct Action {
    /// Names that it had before; none if the manifest does not say.
    pub(crate) was: Vec<String>,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) receiver: Receiver,
    pub(crate) auth: Auth,
    pub(crate) params: Vec<Param>,
    /// What it answers, or one of the items.
    pub(crate) result: Value,
    /// Whether its result are items, which can be read one by one.
    pub(crate) stream: bool,
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
    /// The HTTP status of the REST form.
    pub(crate) status: u64,
    pub(crate) retryable: bool,
    pub(crate) description: String,
    pub(crate) details: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) description: String,
    /// Who may hear it.
    pub(crate) auth: Auth,
    /// The mount path of the mixin it comes from.
    pub(crate) mixin: Option<String>,
    pub(crate) schema: Value,
    /// Where the event stands in the manifest.
    pub(crate) pointer: String,
}

impl Action {
    /// The schema of its whole answer: of an action that streams a list of all its items.
    pub(crate) fn answer(&self) -> Cow<'_, Value> {
        if self.stream {
            Cow::Owned(json!({ "type": "array", "items": self.result }))
        } else {
            Cow::Borrowed(&self.result)
        }
    }
}

impl Class {
    /// The actions that somebody outside may call.
    pub(crate) fn exported(&self) -> impl Iterator<Item = (&String, &Action)> {
        self.actions
            .iter()
            .filter(|(_, action)| action.auth != Auth::Internal)
    }
}

impl Class {
    /// The version of what a mount stores; `None` if there is no such mount.
    pub(crate) fn version_of(&self, mount: &str) -> Option<u64> {
        self.versions.get(mount).copied()
    }

    /// The mount that a field is of: the empty path for the class's own.
    pub(crate) fn mount_of(&self, field: &str) -> &str {
        let inside = |mount: &&String| {
            let rest = field.strip_prefix(mount.as_str());
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let innermost = self
            .mixins
            .keys()
            .filter(inside)
            .max_by_key(|mount| mount.len());
        innermost.map_or("", String::as_str)
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
        uses: root.optional_list("uses", read_use)?,
        rpc: root.optional_map("rpc", |_, method| read_auth(&method.member("auth")?))?,
        routes: root.optional_list("routes", read_front_route)?,
    };
    references::check(&manifest)?;
    Ok(manifest)
}

fn read_class(_: &str, class: &Node<'_>) -> Result<Class, Error> {
    let version = |of: &Node<'_>| {
        of.optional("version")?
            .map_or(Ok(1), |version| version.number())
    };
    let mut versions = class.optional_map("mixins", |_, mixin| version(mixin))?;
    versions.insert(String::new(), version(class)?);
    Ok(Class {
        versions,
        state: class.optional_map("state", |_, field| Ok(field.value.clone()))?,
        type_name: class.member("type")?.text()?,
        was: class.optional_list("was", Node::text)?,
        binding: class
            .optional("binding")?
            .map(|name| read_binding(&name))
            .transpose()?,
        fetch: (class.optional("fetch")?)
            .map(|fetch| read_auth(&fetch.member("auth")?))
            .transpose()?,
        create: (class.optional("create")?)
            .map(|scope| scope.text())
            .transpose()?,
        description: class.optional_text("description")?,
        connect: class.optional_list("connect", read_param)?,
        actions: class.member("actions")?.map(read_action)?,
        events: class.optional_map("events", |_, event| {
            Ok(Event {
                description: event.optional_text("description")?,
                mixin: event
                    .optional("mixin")?
                    .map(|mixin| mixin.text())
                    .transpose()?,
                // What says nothing is read as the most careful.
                auth: event
                    .optional("auth")?
                    .map_or(Ok(Auth::Authenticated), |auth| read_auth(&auth))?,
                pointer: event.pointer.clone(),
                schema: event.member("schema")?.schema()?,
            })
        })?,
        reactions: class.optional_map("reactions", |_, event| event.text())?,
        subscribes: class.optional_list("subscribes", Node::text)?,
        mixins: class.optional_map("mixins", |_, mixin| mixin.optional_text("description"))?,
    })
}

fn read_front_route(route: &Node<'_>) -> Result<FrontRoute, Error> {
    let text = |name| {
        let member = route.optional(name)?;
        member.map(|member| member.text()).transpose()
    };
    let class: Option<String> = text("class")?;
    Ok(FrontRoute {
        method: text("method")?,
        path: route.member("path")?.text()?,
        way: match class {
            Some(class) => FrontWay::To(class),
            None => FrontWay::Run(read_auth(&route.member("auth")?)?),
        },
    })
}

fn read_auth(auth: &Node<'_>) -> Result<Auth, Error> {
    Ok(match auth.member("kind")?.text()?.as_str() {
        "public" => Auth::Public,
        "internal" => Auth::Internal,
        "scope" => Auth::Scope(auth.member("scope")?.text()?),
        _ => Auth::Authenticated,
    })
}

fn read_use(used: &Node<'_>) -> Result<Use, Error> {
    let member = |name| read_binding(&used.member(name)?);
    Ok(Use {
        app: used.member("app")?.text()?,
        exported: used.member("exported")?.text()?,
        binding: member("binding")?,
        service: member("service")?,
        setting: member("setting")?,
    })
}

/// A name that the environment of a Worker can have.
fn read_binding(name: &Node<'_>) -> Result<String, Error> {
    let text = name.text()?;
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if text.starts_with(|first: char| first.is_ascii_uppercase()) && text.bytes().all(legal) {
        return Ok(text);
    }
    Err(name.fault("expected a name such as CHAT_ROOM"))
}

fn read_param(param: &Node<'_>) -> Result<Param, Error> {
    Ok(Param {
        name: param.member("name")?.text()?,
        required: param.member("required")?.flag()?,
        schema: param.member("schema")?.schema()?,
    })
}

fn read_action(_: &str, action: &Node<'_>) -> Result<Action, Error> {
    let params = action.optional_list("params", read_param)?;
    for (index, param) in params.iter().enumerate() {
        if params[..index].iter().any(|other| other.name == param.name) {
            return Err(action.fault_at(
                &format!("/params/{index}/name"),
                format!("there is another param named {:?}", param.name),
            ));
        }
    }
    let auth = action.member("auth")?;
    let stream = action.optional("stream")?;
    Ok(Action {
        was: action.optional_list("was", Node::text)?,
        summary: action.optional_text("summary")?,
        description: action.optional_text("description")?,
        // A receiver or kind that is younger than this command is read as the most careful one known.
        receiver: match action.member("receiver")?.text()?.as_str() {
            "query" => Receiver::Query,
            "process" => Receiver::Process,
            _ => Receiver::Command,
        },
        auth: read_auth(&auth)?,
        params,
        result: action.member("result")?.schema()?,
        stream: stream.is_some_and(|stream| stream.value == true),
        errors: action.optional_list("errors", |error| {
            Ok(DeclaredError {
                code: error.member("code")?.text()?,
                status: error.member("status")?.number()?,
                retryable: error.member("retryable")?.flag()?,
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
