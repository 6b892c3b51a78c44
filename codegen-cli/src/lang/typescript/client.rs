//! `client.ts`: the types of one app, a class of handles for each class and mount, and `connect`.

use std::fmt::Write as _;

use super::names::{self, ActionNames, Names, mount_key};
use super::types::{Home, Printer};
use super::wire::Shapes;
use super::{Options, text};
use crate::document::Receiver;
use crate::ir::{Action, Api, Class, Event, Field, Members, Type};

/// Prints the whole file, without its header.
pub(super) fn emit(api: &Api, options: Options) -> String {
    let names = names::assign(api, &[]);
    let emitter = Emitter {
        printer: Printer {
            names: &names,
            home: Home::Client {
                bigint: options.bigint,
            },
        },
        shapes: Shapes::new(api, &names),
        names: &names,
    };
    let mut out = String::from("import * as $ from \"./stayput.js\";\n\n");
    emitter.connect(&mut out, api, options);
    for class in &api.classes {
        emitter.handle(
            &mut out,
            &class.path,
            &class.path,
            &class.doc,
            &class.members,
        );
        emitter.connect_params(&mut out, class);
    }
    for (name, named) in &api.types {
        if let Some(ident) = names.types.get(name) {
            let _ = write!(
                out,
                "\n{}",
                emitter.printer.declare(ident, &named.doc, &named.ty)
            );
        }
    }
    let shapes = emitter.shapes.declarations(api);
    if !shapes.is_empty() {
        let _ = write!(
            out,
            "\n// Where 64-bit integers are in these types.\n{shapes}"
        );
    }
    out
}

struct Emitter<'n> {
    printer: Printer<'n>,
    shapes: Shapes<'n>,
    names: &'n Names,
}

impl Emitter<'_> {
    fn connect(&self, out: &mut String, api: &Api, options: Options) {
        out.push_str(
            "/**\n * Makes the client of the app at this address. Nothing is sent before the first call.\n *\n \
             * @param url the root of the app, such as `http://127.0.0.1:8787`\n */\n",
        );
        out.push_str(
            "export function connect(url: string, options: $.ConnectOptions = {}): App {\n",
        );
        // What is not used is not named: compilers that are asked to be strict refuse it.
        let name = if api.classes.is_empty() {
            ""
        } else {
            "const transport = "
        };
        let _ = writeln!(
            out,
            "  {name}$.openTransport(url, options, {});",
            options.bigint
        );
        out.push_str("  return {\n");
        for class in &api.classes {
            let (accessor, handle) = self.of(&class.path);
            let path = text::string(&class.path);
            let _ = writeln!(
                out,
                "    {accessor}: $.objectClass(transport, {path}, {handle}{}),",
                (self.fields(&class.connect))
                    .map_or_else(String::new, |shape| format!(", {shape}"))
            );
        }
        out.push_str("  };\n}\n\n/** The classes of the app: `app.counter(\"home\")` is the object of that name. */\n");
        out.push_str("export interface App {\n");
        for class in &api.classes {
            let (accessor, handle) = self.of(&class.path);
            out.push_str(&text::doc(&class.doc, "  "));
            let connect = self.names.connects.get(&class.path);
            let connect = connect.map_or_else(String::new, |connect| format!(", {connect}"));
            let _ = writeln!(
                out,
                "  readonly {accessor}: $.ObjectClass<{handle}, {}{connect}>;",
                text::string(&class.path)
            );
        }
        out.push_str("}\n");
    }

    /// The member and the TypeScript class of a class or mount.
    fn of(&self, key: &str) -> (&str, &str) {
        (
            self.names.accessors.get(key).map_or("", String::as_str),
            self.names.handles.get(key).map_or("", String::as_str),
        )
    }

    fn handle(&self, out: &mut String, key: &str, class: &str, doc: &str, members: &Members) {
        let (_, handle) = self.of(key);
        let events = self.names.events.get(key);
        let of_events = events.map_or_else(String::new, |events| format!(", {events}"));
        let _ = writeln!(
            out,
            "\n{}export class {handle} extends $.ObjectHandle<{}{of_events}> {{",
            text::doc(doc, ""),
            text::string(class)
        );
        let mut first = true;
        if events.is_some() {
            self.event_table(out, &members.events);
            first = false;
        }
        for (name, mount) in &members.mounts {
            let mounted_key = mount_key(key, name);
            let (member, mounted) = self.of(&mounted_key);
            out.push_str(&text::doc(&mount.doc, "  "));
            let _ = writeln!(
                out,
                "  readonly {member}: {mounted} = new {mounted}(this.$target);"
            );
            first = false;
        }
        let mut types = String::new();
        for action in &members.actions {
            let Some(action_names) = self
                .names
                .actions
                .get(&(key.to_owned(), action.wire.clone()))
            else {
                continue;
            };
            if !std::mem::take(&mut first) {
                out.push('\n');
            }
            self.method(out, action, action_names);
            self.action_types(&mut types, action, action_names);
        }
        out.push_str("}\n");
        if let Some(events) = events {
            self.event_types(out, events, handle, &members.events);
        }
        out.push_str(&types);
        for (name, mount) in &members.mounts {
            self.handle(
                out,
                &mount_key(key, name),
                class,
                &mount.doc,
                &mount.members,
            );
        }
    }

    fn connect_params(&self, out: &mut String, class: &Class) {
        let Some(ident) = self.names.connects.get(&class.path) else {
            return;
        };
        let doc = format!("What a connection to `{}` says.", self.of(&class.path).1);
        let declared = self.printer.declare_params(ident, &doc, &class.connect);
        let _ = write!(out, "\n{declared}");
    }

    /// Where wide integers are in params; `None` if there are none.
    fn fields(&self, params: &[Field]) -> Option<String> {
        let shape = |param: &Field| {
            let shape = self.shapes.shape(&param.ty)?;
            Some(format!("[{}, {shape}]", text::string(&param.name)))
        };
        let shapes: Vec<String> = params.iter().filter_map(shape).collect();
        (!shapes.is_empty()).then(|| format!("{{ fields: [{}], rest: null }}", shapes.join(", ")))
    }

    /// The wire names of events, as data.
    fn event_table(&self, out: &mut String, events: &[Event]) {
        out.push_str("  protected override readonly $wire: $.EventTable = {\n");
        for event in events {
            let shape = self.shapes.shape(&event.ty);
            let shape = shape.map_or_else(String::new, |shape| format!(", {shape}"));
            let (name, wire) = (text::key(&event.name), text::string(&event.wire));
            let _ = writeln!(out, "    {name}: [{wire}{shape}],");
        }
        out.push_str("  };\n");
    }

    fn event_types(&self, out: &mut String, ident: &str, handle: &str, events: &[Event]) {
        let doc = format!("The events of `{handle}`: names and data.");
        let _ = writeln!(out, "\n{}export interface {ident} {{", text::doc(&doc, ""));
        for event in events {
            out.push_str(&text::doc(&event.doc, "  "));
            let (name, ty) = (text::key(&event.name), self.printer.print(&event.ty, "  "));
            let _ = writeln!(out, "  {name}: {ty};");
        }
        out.push_str("}\n");
    }

    fn method(&self, out: &mut String, action: &Action, names: &ActionNames) {
        let mut doc = action.doc.trim_end().to_owned();
        if action.receiver == Receiver::Query {
            doc.push_str(if doc.is_empty() {
                "Changes nothing."
            } else {
                "\n\nChanges nothing."
            });
        }
        out.push_str(&text::doc(&doc, "  "));
        // A promise of all of them as well.
        let (result, call, promise) = match &action.result {
            Type::List(item) if action.stream => (&**item, "$items", "Items"),
            result => (result, "$call", "Call"),
        };
        let result = self.printer.print(result, "  ");
        let params = if action.params.is_empty() {
            String::new()
        } else if action.params.iter().any(|param| param.required) {
            format!("params: {}, ", names.params)
        } else {
            format!("params: {} = {{}}, ", names.params)
        };
        let types = format!("<{result}, {}>", names.error);
        let _ = writeln!(
            out,
            "  {}({params}options: $.CallOptions = {{}}): $.{promise}{types} {{",
            names.method
        );
        let wire = self.wire(action);
        let passed = if action.params.is_empty() {
            "undefined"
        } else {
            "params"
        };
        let _ = writeln!(
            out,
            "    return this.{call}{types}({}, {passed}, options{wire});",
            text::string(&action.wire)
        );
        out.push_str("  }\n");
    }

    /// The last argument of a call: where wide integers are, and whether it may be repeated.
    fn wire(&self, action: &Action) -> String {
        let mut parts = Vec::new();
        if let Some(params) = self.fields(&action.params) {
            parts.push(format!("params: {params}"));
        }
        if let Some(shape) = self.shapes.shape(&action.result) {
            parts.push(format!("result: {shape}"));
        }
        let details: Vec<String> = action
            .errors
            .iter()
            .filter_map(|error| {
                let shape = self.shapes.shape(error.details.as_ref()?)?;
                Some(format!("[{}, {shape}]", text::string(&error.code)))
            })
            .collect();
        if !details.is_empty() {
            parts.push(format!("details: [{}]", details.join(", ")));
        }
        if action.receiver == Receiver::Query {
            parts.push("query: true".to_owned());
        }
        if parts.is_empty() {
            String::new()
        } else {
            format!(", {{ {} }}", parts.join(", "))
        }
    }

    fn action_types(&self, out: &mut String, action: &Action, names: &ActionNames) {
        let called = text::one_line(&action.wire);
        if !action.params.is_empty() {
            let doc = format!("The params of `{called}`.");
            let _ = write!(
                out,
                "\n{}",
                self.printer
                    .declare_params(&names.params, &doc, &action.params)
            );
        }
        let mut doc = format!("What `{called}` fails with.");
        let mut declared = String::new();
        let mut codes: Vec<&str> = Vec::new();
        for error in &action.errors {
            if codes.contains(&error.code.as_str()) {
                continue;
            }
            codes.push(&error.code);
            let details = error
                .details
                .as_ref()
                .map_or_else(|| "undefined".to_owned(), |ty| self.printer.print(ty, ""));
            let _ = write!(
                declared,
                "$.StayputError<{}, {details}> | ",
                text::string(&error.code)
            );
            if !error.doc.is_empty() {
                let _ = write!(
                    doc,
                    "\n\n* `{}`: {}",
                    text::one_line(&error.code),
                    text::one_line(&error.doc)
                );
            }
        }
        let _ = writeln!(
            out,
            "\n{}export type {} = {declared}$.ActionError;",
            text::doc(&doc, ""),
            names.error
        );
    }
}
