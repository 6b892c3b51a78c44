//! `worker.d.ts`: the types of the stubs that a Worker in JavaScript or TypeScript has of the app's objects.
//!
//! It stands by itself: it declares the app's types anew, for integers beyond 2^53 come as `bigint` here whatever the
//! client does, and it needs no package.

use std::fmt::Write as _;

use super::names::{self, Names, mount_key};
use super::text;
use super::types::{Home, Printer};
use crate::document::Manifest;
use crate::ir::{Action, Api, Field, Members};
use crate::naming::{self, Scope};
use crate::workers::{binding_name, exported_name};

/// Names that the file declares beside the app's.
const OWN: &[&str] = &[
    "Bindings",
    "Integer",
    "ObjectIdentity",
    "ObjectNamespace",
    "StubError",
];

/// What the platform calls itself or keeps for itself, and what the runtime has on every object: an action of such a
/// name is called over HTTP. With `then` a stub would be a promise.
const UNREACHABLE: &[&str] = &[
    "alarm",
    "connect",
    "constructor",
    "dup",
    "fetch",
    "id",
    "name",
    "stayput",
    "stayputExpect",
    "stayputRpc",
    "then",
    "webSocketClose",
    "webSocketError",
    "webSocketMessage",
];

const HEAD: &str = "\
/** An integer: a `number` if that holds it exactly, else a `bigint`. */
export type Integer = number | bigint;

/** The id of an object. */
export interface ObjectIdentity {
  readonly name?: string;
  toString(): string;
  equals(other: ObjectIdentity): boolean;
}

/** The objects of a class; what of the platform's `DurableObjectNamespace` leads to a stub. */
export interface ObjectNamespace<Stub> {
  getByName(name: string, options?: { locationHint?: string }): Stub;
  get(id: ObjectIdentity, options?: { locationHint?: string }): Stub;
  idFromName(name: string): ObjectIdentity;
  idFromString(id: string): ObjectIdentity;
  newUniqueId(): ObjectIdentity;
}

/** What a call that failed throws. */
export interface StubError extends Error {
  /** What happened: a code of the action's own, or one of the framework's (`timeout`). */
  readonly code: string;
  readonly details: unknown;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  /** The action may have taken effect all the same. */
  readonly maybe_executed: boolean;
}
";

/// Prints the whole file, without its header.
pub(super) fn emit(api: &Api, manifest: &Manifest) -> String {
    let names = names::assign(api, OWN);
    let emitter = Emitter {
        printer: Printer {
            names: &names,
            home: Home::Worker,
        },
        names: &names,
    };
    let mut out = String::from(HEAD);
    out.push_str(
        "\n/**\n * The bindings of the app's classes: `interface Env extends Bindings {}`. `stayput wrangler` writes them; in \
         another\n * Worker each has `script_name` beside it.\n */\nexport interface Bindings {\n",
    );
    for class in &api.classes {
        let described = manifest.classes.get(&class.path);
        let binding = described.and_then(|class| class.binding.clone());
        let binding = binding.or_else(|| Some(binding_name(&exported_name(&class.path)?)));
        let (Some(binding), Some(stub)) = (binding, names.handles.get(&class.path)) else {
            continue;
        };
        out.push_str(&text::doc(&class.doc, "  "));
        let binding = text::key(&binding);
        let _ = writeln!(out, "  readonly {binding}: ObjectNamespace<{stub}>;");
    }
    out.push_str("}\n");
    for class in &api.classes {
        emitter.stub(&mut out, &class.path, &class.doc, &class.members, true);
    }
    for (name, named) in &api.types {
        if let Some(ident) = names.types.get(name) {
            let declared = emitter.printer.declare(ident, &named.doc, &named.ty);
            let _ = write!(out, "\n{declared}");
        }
    }
    out
}

struct Emitter<'n> {
    printer: Printer<'n>,
    names: &'n Names,
}

impl Emitter<'_> {
    fn stub(&self, out: &mut String, key: &str, doc: &str, members: &Members, outermost: bool) {
        let Some(stub) = self.names.handles.get(key) else {
            return;
        };
        let _ = writeln!(out, "\n{}export interface {stub} {{", text::doc(doc, ""));
        if outermost {
            out.push_str("  readonly id: ObjectIdentity;\n  readonly name?: string;\n");
        }
        let reserved = |name: &str| outermost && UNREACHABLE.contains(&name) || name == "then";
        for action in members
            .actions
            .iter()
            .filter(|action| !reserved(&action.name))
        {
            out.push_str(&text::doc(&action.doc, "  "));
            let name = text::key(&action.name);
            let result = self.printer.print(&action.result, "  ");
            let params = self.params(action);
            let _ = writeln!(out, "  {name}({params}): Promise<{result}>;");
        }
        // Where both have a name, the action is what the object has under it.
        let taken = |name: &str| members.actions.iter().any(|action| action.name == name);
        let mounts: Vec<_> = members
            .mounts
            .iter()
            .filter(|(name, _)| !taken(name) && !reserved(name))
            .collect();
        for (name, mount) in &mounts {
            let mounted = self.names.handles.get(&mount_key(key, name));
            out.push_str(&text::doc(&mount.doc, "  "));
            let (name, mounted) = (text::key(name), mounted.map_or("unknown", String::as_str));
            let _ = writeln!(out, "  readonly {name}: {mounted};");
        }
        out.push_str("}\n");
        for (name, mount) in mounts {
            self.stub(
                out,
                &mount_key(key, name),
                &mount.doc,
                &mount.members,
                false,
            );
        }
    }

    /// By position. What may be left out is `undefined` where others follow.
    fn params(&self, action: &Action) -> String {
        let mut scope = Scope::reserving(names::RESERVED_TYPES);
        let required = action.params.iter().rposition(|param| param.required);
        let param = |(index, param): (usize, &Field)| {
            let optional = required.is_none_or(|last| index > last);
            let name = scope.claim(&naming::member_ident(&param.name));
            let ty = self.printer.print(&param.ty, "  ");
            let or = if param.required || optional {
                ""
            } else {
                " | undefined"
            };
            format!("{name}{}: {ty}{or}", if optional { "?" } else { "" })
        };
        let params: Vec<String> = action.params.iter().enumerate().map(param).collect();
        params.join(", ")
    }
}
