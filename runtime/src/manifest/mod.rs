//! The manifest: one JSON document from which clients, tool lists and schemas are generated.
//!
//! `my-app manifest FILE` writes it. Its bytes are a function of the source alone: every map is sorted, nothing in it
//! depends on the machine or the clock. Readers ignore members they do not know within one major version and refuse
//! another major.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::action::{Auth, RouteInfo};
use crate::event::Kept;
use crate::remote::Remote;

/// The format's major version; another major is refused by readers.
pub const MANIFEST_MAJOR: u32 = 1;

/// Whether this program describes itself, as a Worker does not: then all that makes schemas stays out of the wasm.
pub(crate) const DESCRIBES: bool = cfg!(not(target_arch = "wasm32"));

/// A whole app, described.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// The format's version.
    pub stayput: FormatVersion,
    /// The app's name and version, from its `Cargo.toml`.
    pub app: AppInfo,
    /// Classes by class path (`chat-room`).
    pub classes: BTreeMap<String, ClassManifest>,
    /// Methods of `POST /rpc` by name; left out if there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rpc: BTreeMap<String, HandlerManifest>,
    /// Routes that run before any object, in order; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<FrontRouteManifest>,
    /// Classes of other apps that it calls; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<RemoteManifest>,
    /// Types that schemas refer to by `#/components/schemas/<Name>`, JSON Schema 2020-12.
    pub components: Components,
}

/// The version of the manifest format.
#[derive(Debug, Clone, Serialize)]
pub struct FormatVersion {
    /// [`MANIFEST_MAJOR`].
    pub manifest: u32,
}

/// Who the manifest describes.
#[derive(Debug, Clone, Serialize)]
pub struct AppInfo {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
}

/// A class of another app, and by which settings it is reached.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteManifest {
    /// The other app's name.
    pub app: &'static str,
    /// The class path.
    pub class: &'static str,
    /// The name of its JavaScript class.
    pub exported: &'static str,
    /// The binding of its objects.
    pub binding: &'static str,
    /// The service binding that does instead.
    pub service: &'static str,
    /// The setting with the app's URL that does instead.
    pub setting: &'static str,
}

impl RemoteManifest {
    /// The same, as the manifest says it.
    pub fn of(remote: &Remote) -> Self {
        Self {
            app: remote.app,
            class: remote.class,
            exported: remote.exported,
            binding: remote.binding,
            service: remote.service,
            setting: remote.setting,
        }
    }
}

/// What the app's own code answers, without a word of what it takes and gives: a method of `POST /rpc`, or the requests to an
/// object that no action takes.
#[derive(Debug, Clone, Serialize)]
pub struct HandlerManifest {
    /// Who may use it.
    pub auth: AuthManifest,
}

/// A route that runs before any object.
#[derive(Debug, Clone, Serialize)]
pub struct FrontRouteManifest {
    /// The method; left out if it is of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The path; `{name}` is a placeholder.
    pub path: String,
    /// Who may use it; left out where the actions of a class say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthManifest>,
    /// The class whose objects it leads to; left out of a handler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
}

/// The named types.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Components {
    /// Type name to JSON Schema.
    pub schemas: BTreeMap<String, Value>,
}

/// One class of objects.
#[derive(Debug, Clone, Serialize)]
pub struct ClassManifest {
    /// The Rust type's name (`ChatRoom`).
    pub r#type: String,
    /// Class paths that it had before; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<String>,
    /// Where its objects must stay; left out if that is anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<&'static str>,
    /// The scope that it takes to bring an object to life; left out if it takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create: Option<&'static str>,
    /// By which binding other code of a Worker finds its objects; left out if it is the class path as `CHAT_ROOM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<&'static str>,
    /// The version of its state; left out if it is 1.
    #[serde(skip_serializing_if = "is_first")]
    pub version: u32,
    /// The doc comment; empty if there is none.
    pub description: String,
    /// Actions by wire name; a mixin's are named `mount.action`.
    pub actions: BTreeMap<String, ActionManifest>,
    /// What answers requests that no action takes; left out if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch: Option<HandlerManifest>,
    /// What clients say in the URL that they connect by; left out if no handler takes anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect: Vec<ConnectParamManifest>,
    /// Declared events by wire name.
    pub events: BTreeMap<String, EventManifest>,
    /// Durable state by path; a mixin's paths start with its mount.
    pub state: BTreeMap<String, StateManifest>,
    /// Mount path to the mixin mounted there.
    pub mixins: BTreeMap<String, MixinManifest>,
    /// What this class handles: events by name, and `alarm`, `connect`, `disconnect`, `message`, `start`.
    pub handles: Vec<String>,
    /// Its handlers that run after the commit, and the event of each; a mixin's are named `mount.method`. Left out if there are
    /// none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reactions: BTreeMap<String, String>,
    /// The events of other objects that it may subscribe to; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscribes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_first(version: &u32) -> bool {
    *version == 1
}

/// What a caller must know of one action.
#[derive(Debug, Clone, Serialize)]
pub struct ActionManifest {
    /// Names that it had before; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<String>,
    /// The first paragraph of the doc comment; empty if there is none.
    pub summary: String,
    /// The whole doc comment.
    pub description: String,
    /// `query` (read-only), `command` (atomic) or `process` (long-running, holds nothing).
    pub receiver: &'static str,
    /// Who may call.
    pub auth: AuthManifest,
    /// Parameters in positional order.
    pub params: Vec<ParamManifest>,
    /// The schema of the result; `{"type": "null"}` for none. Of an action that streams: of an item.
    pub result: Value,
    /// Whether the result comes item by item; left out if it does not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// Errors this action declares, in order of declaration. Framework errors are not repeated here.
    pub errors: Vec<ErrorManifest>,
    /// JSON Pointers below `result` (and `params/<i>/schema`) of 64-bit integers, which may exceed 2^53-1.
    pub wide_integers: Vec<String>,
    /// What it returns in the end, if calls of it only begin it: `jobs.get` tells it then. Left out of other actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobManifest>,
    /// Its path below the object; left out if it has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteManifest>,
    /// The mount the action comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixin: Option<String>,
}

/// What becomes of a job.
#[derive(Debug, Clone, Serialize)]
pub struct JobManifest {
    /// The schema of the job's result.
    pub result: Value,
    /// Errors that the job declares.
    pub errors: Vec<ErrorManifest>,
}

/// A path of an action's own, below its object.
#[derive(Debug, Clone, Serialize)]
pub struct RouteManifest {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path; `{name}` is a parameter (`/users/{id}`).
    pub path: String,
    /// The status of success.
    pub status: u16,
    /// The path that `Location` names; `{name}` is a member of the result. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The status where the result is `null`.
    pub none: u16,
}

impl RouteManifest {
    /// The same, as the manifest says it.
    pub(crate) fn of(route: &RouteInfo) -> Self {
        let found = route.null_is_found || route.method != "GET";
        Self {
            method: route.method,
            path: route.path.clone(),
            status: route.status,
            location: route.location.clone(),
            none: if found { route.status } else { 404 },
        }
    }
}

/// Who may call an action.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AuthManifest {
    /// Anybody.
    Public,
    /// Any authenticated caller.
    Authenticated,
    /// An authenticated caller with this scope.
    Scope {
        /// The scope asked for.
        scope: String,
    },
    /// Objects and deferred work only; no edge accepts it.
    Internal,
}

impl AuthManifest {
    /// The same, as the manifest says it.
    pub fn of(auth: Auth) -> Self {
        match auth {
            Auth::Authenticated => Self::Authenticated,
            Auth::Public => Self::Public,
            Auth::Scope(scope) => Self::Scope {
                scope: scope.to_owned(),
            },
            Auth::Internal => Self::Internal,
        }
    }
}

/// One parameter.
#[derive(Debug, Clone, Serialize)]
pub struct ParamManifest {
    /// Its name on the wire.
    pub name: String,
    /// False iff it may be left out.
    pub required: bool,
    /// Its schema, constraints, default and description included.
    pub schema: Value,
}

/// One parameter of a `connect` handler. Where two handlers take the same name, each has its own.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectParamManifest {
    /// What it is to the one who connects.
    #[serde(flatten)]
    pub param: ParamManifest,
    /// The mount the handler comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixin: Option<String>,
}

/// One declared error.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorManifest {
    /// The code on the wire (`room.full`).
    pub code: String,
    /// The HTTP status of the REST form.
    pub status: u16,
    /// Whether trying again may help.
    pub retryable: bool,
    /// The doc comment of the variant, or its message.
    pub description: String,
    /// The schema of `details`, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct EventManifest {
    /// The doc comment.
    pub description: String,
    /// Who may subscribe.
    pub auth: AuthManifest,
    /// The schema of its data.
    pub schema: Value,
    /// What is kept of it for those who come later.
    #[serde(skip_serializing_if = "KeptManifest::is_nothing")]
    pub kept: KeptManifest,
    /// Whether other objects of the app may subscribe to it; left out if they may not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub objects: bool,
    /// The mount the event comes from; its name starts with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixin: Option<String>,
}

/// What is kept of an event for those who come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum KeptManifest {
    /// Nothing.
    Nothing,
    /// The last one of each key.
    Latest,
    /// The last so many.
    Log {
        /// How many.
        count: u32,
        /// For how many hours at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        hours: Option<u32>,
    },
}

impl KeptManifest {
    pub(crate) fn of(kept: Kept) -> Self {
        match kept {
            Kept::Nothing => Self::Nothing,
            Kept::Latest => Self::Latest,
            Kept::Log { count, hours } => Self::Log { count, hours },
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// One durable field or collection.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum StateManifest {
    /// A plain field: one record.
    Field {
        /// The schema of its value.
        schema: Value,
    },
    /// A `Log`: one record an item.
    Log {
        /// The schema of an item.
        item: Value,
    },
    /// A `Map`.
    Map {
        /// The Rust type of the keys.
        key: String,
        /// The schema of a value.
        value: Value,
    },
    /// A `TtlMap`.
    TtlMap {
        /// The Rust type of the keys.
        key: String,
        /// The schema of a value.
        value: Value,
    },
    /// A `Set`.
    Set {
        /// The Rust type of the keys.
        key: String,
    },
    /// A `Queue`: one record an item.
    Queue {
        /// The schema of an item.
        item: Value,
    },
    /// A `Lazy`: one record.
    Lazy {
        /// The schema of its value.
        value: Value,
    },
    /// A `Counter`: one record.
    Counter,
    /// An `EventStore`: two records an event.
    Events {
        /// The schema of an event.
        item: Value,
        /// The projections and what they are, by name.
        projections: BTreeMap<String, String>,
    },
    /// A `Table`.
    Table {
        /// The primary key.
        key: TableKeyManifest,
        /// The schema of a row.
        row: Value,
        /// The declared indexes, in order.
        indexes: Vec<TableIndexManifest>,
    },
}

/// The primary key of a table.
#[derive(Debug, Clone, Serialize)]
pub struct TableKeyManifest {
    /// The field of the row.
    pub column: String,
    /// Its Rust type.
    pub r#type: String,
    /// Whether the table gives the keys.
    pub auto: bool,
}

/// A declared index of a table.
#[derive(Debug, Clone, Serialize)]
pub struct TableIndexManifest {
    /// Its name.
    pub name: String,
    /// Its columns in order; a `-` before one whose highest values come first.
    pub columns: Vec<String>,
    /// Whether no two rows may have the same values in its columns.
    pub unique: bool,
    /// The columns that its entries hold besides; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The source text of the condition on its rows; left out if it is of all.
    #[serde(rename = "where", skip_serializing_if = "String::is_empty")]
    pub condition: String,
}

/// One mounted mixin.
#[derive(Debug, Clone, Serialize)]
pub struct MixinManifest {
    /// The Rust type's name.
    pub r#type: String,
    /// The version of its state; left out if it is 1.
    #[serde(skip_serializing_if = "is_first")]
    pub version: u32,
    /// Its doc comment.
    pub description: String,
}
