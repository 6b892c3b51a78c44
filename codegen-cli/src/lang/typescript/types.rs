//! Types of the manifest as TypeScript.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::names::Names;
use super::text;
use crate::document::Manifest;
use crate::error::Error;
use crate::ir::{Api, Field, Type};
use crate::schema;

/// Prints types.
pub(super) struct Printer<'n> {
    pub(super) names: &'n Names,
    pub(super) home: Home,
}

/// Which file types are printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// `client.ts`, with or without `--bigint`.
    Client { bigint: bool },
    /// `worker.d.ts`.
    Worker,
}

impl Printer<'_> {
    /// The declaration of a named type.
    pub(super) fn declare(&self, name: &str, doc: &str, ty: &Type) -> String {
        let doc = text::doc(doc, "");
        match ty {
            Type::Record(record) if !(record.fields.is_empty() && record.rest.is_none()) => {
                let body = self.body(&record.fields, record.rest.is_some(), "", false);
                format!("{doc}export interface {name} {body}\n")
            }
            ty => format!("{doc}export type {name} = {};\n", self.print(ty, "")),
        }
    }

    /// The declaration of an action's params. They may be `undefined` where they may be left out: callers often have
    /// them so.
    pub(super) fn declare_params(&self, name: &str, doc: &str, params: &[Field]) -> String {
        format!(
            "{}export interface {name} {}\n",
            text::doc(doc, ""),
            self.body(params, false, "", true)
        )
    }

    fn body(&self, fields: &[Field], open: bool, indent: &str, undefined: bool) -> String {
        let inner = format!("{indent}  ");
        let mut body = String::from("{\n");
        for field in fields {
            let (mark, or) = match (field.required, undefined) {
                (true, _) => ("", ""),
                (false, false) => ("?", ""),
                (false, true) => ("?", " | undefined"),
            };
            body.push_str(&text::doc(&field.doc, &inner));
            let _ = writeln!(
                body,
                "{inner}{}{mark}: {}{or};",
                text::key(&field.name),
                self.print(&field.ty, &inner)
            );
        }
        if open {
            let _ = writeln!(body, "{inner}[key: string]: unknown;");
        }
        body.push_str(indent);
        body.push('}');
        body
    }

    /// An expression for a type; `indent` is that of the line it starts on.
    pub(super) fn print(&self, ty: &Type, indent: &str) -> String {
        match ty {
            Type::Any => "unknown".into(),
            Type::Never => "never".into(),
            Type::Null => "null".into(),
            Type::Bool => "boolean".into(),
            Type::Integer { wide: true } if self.home == Home::Worker => "Integer".into(),
            Type::Integer { wide: true } if self.home == Home::Client { bigint: true } => {
                "bigint".into()
            }
            Type::Number | Type::Integer { .. } => "number".into(),
            Type::Text => "string".into(),
            Type::ObjectId(_) if self.home == Home::Worker => "string".into(),
            Type::ObjectId(None) => "$.ObjectId".into(),
            Type::ObjectId(Some(class)) => format!("$.ObjectId<{}>", text::string(class)),
            Type::Literal(value) => literal(value),
            Type::List(item) => format!("{}[]", self.operand(item, indent)),
            Type::Tuple { items, rest } => {
                let mut items: Vec<String> =
                    items.iter().map(|item| self.print(item, indent)).collect();
                if let Some(rest) = rest {
                    items.push(format!("...{}[]", self.operand(rest, indent)));
                }
                format!("[{}]", items.join(", "))
            }
            Type::Record(record) if record.fields.is_empty() && record.rest.is_none() => {
                "{ [key: string]: never }".into()
            }
            Type::Record(record) => self.body(&record.fields, record.rest.is_some(), indent, false),
            Type::Map(value) => format!("{{ [key: string]: {} }}", self.print(value, indent)),
            Type::Ref(name) => self
                .names
                .types
                .get(name)
                .cloned()
                .unwrap_or_else(|| "unknown".into()),
            Type::Union(types) => self.joined(types, " | ", indent),
            Type::Both(types) => self.joined(types, " & ", indent),
        }
    }

    fn joined(&self, types: &[Type], by: &str, indent: &str) -> String {
        types
            .iter()
            .map(|ty| self.operand(ty, indent))
            .collect::<Vec<_>>()
            .join(by)
    }

    /// A type where an operator stands beside it.
    fn operand(&self, ty: &Type, indent: &str) -> String {
        let printed = self.print(ty, indent);
        if matches!(ty, Type::Union(_) | Type::Both(_)) {
            format!("({printed})")
        } else {
            printed
        }
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(value) => text::string(value),
        Value::Bool(value) => value.to_string(),
        // A literal type of a number that a double does not hold would be another number's.
        Value::Number(number) => match number.as_i64() {
            Some(value) if value.unsigned_abs() < 1 << 53 => value.to_string(),
            _ => "number".into(),
        },
        _ => "unknown".into(),
    }
}

/// Refuses named types that are nothing but themselves: TypeScript does, and no value has such a type.
pub(super) fn check_aliases(manifest: &Manifest, api: &Api) -> Result<(), Error> {
    let mut sound: BTreeSet<&str> = BTreeSet::new();
    for start in api.types.keys() {
        // Depth first by hand: a chain of names may be as long as the manifest.
        let mut open: Vec<&str> = Vec::new();
        let mut work = vec![(start.as_str(), false)];
        while let Some((name, done)) = work.pop() {
            if done {
                open.pop();
                sound.insert(name);
                continue;
            }
            if sound.contains(name) {
                continue;
            }
            if open.contains(&name) {
                let pointer = format!("/components/schemas/{}", schema::escape(name));
                return Err(
                    manifest.fault(pointer, "the type refers to itself with nothing around it")
                );
            }
            open.push(name);
            work.push((name, true));
            if let Some(named) = api.types.get(name) {
                let mut next = Vec::new();
                bare_references(&named.ty, &mut next);
                work.extend(next.into_iter().map(|name| (name, false)));
            }
        }
    }
    Ok(())
}

fn bare_references<'t>(ty: &'t Type, found: &mut Vec<&'t str>) {
    match ty {
        Type::Ref(name) => found.push(name),
        Type::Union(types) | Type::Both(types) => {
            for ty in types {
                bare_references(ty, found);
            }
        }
        _ => {}
    }
}
