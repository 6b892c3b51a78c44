//! Which TypeScript name each thing of the app has, decided once for the whole client.

use std::collections::BTreeMap;

use crate::ir::{Api, Members};
use crate::naming::{self, Scope};

/// Names that a type of the app must not take: the language's, those the client uses, those `index.ts` exports.
pub(super) const RESERVED_TYPES: &[&str] = &[
    // Types of the language.
    "any",
    "bigint",
    "boolean",
    "never",
    "null",
    "number",
    "object",
    "string",
    "symbol",
    "undefined",
    "unknown",
    "void",
    // Keywords, and names that are no type's in a strict module.
    "arguments",
    "as",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "infer",
    "instanceof",
    "interface",
    "is",
    "keyof",
    "let",
    "new",
    "of",
    "package",
    "private",
    "protected",
    "public",
    "readonly",
    "return",
    "satisfies",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "unique",
    "var",
    "while",
    "with",
    "yield",
    // What the client itself declares and uses.
    "App",
    "Array",
    "Promise",
    "connect",
    // What `index.ts` exports beside the client.
    "ActionError",
    "CallOptions",
    "ClientCode",
    "ConnectOptions",
    "FrameworkCode",
    "HandleOptions",
    "ListenOptions",
    "ListenerOptions",
    "ObjectId",
    "Status",
    "StayputError",
    "settle",
];

/// Members that an object has without us, or that would make it something else: with `then` it would be a promise.
const RESERVED_MEMBERS: &[&str] = &[
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "prototype",
    "then",
    "toJSON",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Names of the whole client.
#[derive(Debug)]
pub(super) struct Names {
    /// Class path to the member of `App`.
    pub(super) accessors: BTreeMap<String, String>,
    /// Class path, or class path, dot and mount path, to the TypeScript class.
    pub(super) handles: BTreeMap<String, String>,
    /// The handle and an action's wire name to the prefix of its types.
    pub(super) actions: BTreeMap<(String, String), ActionNames>,
    /// Class path to the type of what connections say, if that is anything.
    pub(super) connects: BTreeMap<String, String>,
    /// The handle to the type of its events, if it has any.
    pub(super) events: BTreeMap<String, String>,
    /// Named types of the manifest.
    pub(super) types: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(super) struct ActionNames {
    /// The method.
    pub(super) method: String,
    /// The type of its params.
    pub(super) params: String,
    /// The type of its errors.
    pub(super) error: String,
}

/// A scope for members of an object.
pub(super) fn member_scope() -> Scope {
    Scope::reserving(RESERVED_MEMBERS)
}

/// Names everything: classes first, for they are what users type most, then types, then what we add. `own`: what the
/// file declares besides.
pub(super) fn assign(api: &Api, own: &[&str]) -> Names {
    let mut scope = Scope::reserving(RESERVED_TYPES);
    for name in own {
        scope.claim(name);
    }
    let mut members = member_scope();
    let mut names = Names {
        accessors: BTreeMap::new(),
        handles: BTreeMap::new(),
        actions: BTreeMap::new(),
        connects: BTreeMap::new(),
        events: BTreeMap::new(),
        types: BTreeMap::new(),
    };
    for class in &api.classes {
        let handle = scope.claim(&naming::type_ident(&class.type_name));
        names.accessors.insert(
            class.path.clone(),
            members.claim(&naming::member_ident(&class.path)),
        );
        names.handles.insert(class.path.clone(), handle);
    }
    for name in api.types.keys() {
        names
            .types
            .insert(name.clone(), scope.claim(&naming::type_ident(name)));
    }
    for class in &api.classes {
        let handle = names.handles.get(&class.path).cloned().unwrap_or_default();
        if !class.connect.is_empty() {
            let connect = scope.claim(&format!("{handle}Connect"));
            names.connects.insert(class.path.clone(), connect);
        }
        assign_members(&mut names, &mut scope, &class.path, &handle, &class.members);
    }
    names
}

fn assign_members(
    names: &mut Names,
    scope: &mut Scope,
    key: &str,
    handle: &str,
    members: &Members,
) {
    let mut taken = member_scope();
    // Mounts keep their name where an action has the same one: they are what many calls go through.
    for (name, mount) in &members.mounts {
        let key = mount_key(key, name);
        let mounted = scope.claim(&format!("{handle}{}", naming::pascal(name)));
        names
            .accessors
            .insert(key.clone(), taken.claim(&naming::member_ident(name)));
        names.handles.insert(key.clone(), mounted.clone());
        assign_members(names, scope, &key, &mounted, &mount.members);
    }
    if !members.events.is_empty() {
        let events = scope.claim(&format!("{handle}Events"));
        names.events.insert(key.to_owned(), events);
    }
    for action in &members.actions {
        let stem = format!("{handle}{}", naming::pascal(&action.name));
        let action_names = ActionNames {
            method: taken.claim(&naming::member_ident(&action.name)),
            params: scope.claim(&format!("{stem}Params")),
            error: scope.claim(&format!("{stem}Error")),
        };
        names
            .actions
            .insert((key.to_owned(), action.wire.clone()), action_names);
    }
}

/// The key of a mount in [`Names`].
pub(super) fn mount_key(parent: &str, name: &str) -> String {
    // A class path has no NUL that could make two keys one: were there any, only names would be numbered otherwise.
    format!("{parent}\0{name}")
}
