//! Where 64-bit integers are: descriptions that the client walks values by, of those types only that hold any.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::names::Names;
use super::text;
use crate::ir::{Api, Type};

/// Knows which named types hold a wide integer.
pub(super) struct Shapes<'n> {
    names: &'n Names,
    wide: BTreeSet<String>,
    /// Those that a description printed so far names: only they are declared.
    used: RefCell<BTreeSet<String>>,
}

impl<'n> Shapes<'n> {
    pub(super) fn new(api: &Api, names: &'n Names) -> Self {
        let mut shapes = Self {
            names,
            wide: BTreeSet::new(),
            used: RefCell::default(),
        };
        // To the least fixed point: a recursive type is wide if anything but itself makes it so.
        loop {
            let found: Vec<String> = api
                .types
                .iter()
                .filter(|(name, named)| !shapes.wide.contains(*name) && shapes.is_wide(&named.ty))
                .map(|(name, _)| name.clone())
                .collect();
            if found.is_empty() {
                return shapes;
            }
            shapes.wide.extend(found);
        }
    }

    /// Declarations of the named shapes that are used, and of those that they use; empty if there are none.
    pub(super) fn declarations(&self, api: &Api) -> String {
        let mut declared: BTreeMap<String, String> = BTreeMap::new();
        loop {
            let next = self
                .used
                .borrow()
                .iter()
                .find(|name| !declared.contains_key(*name))
                .cloned();
            let Some(name) = next else { break };
            let shape = api
                .types
                .get(&name)
                .and_then(|named| self.shape(&named.ty))
                .unwrap_or_default();
            declared.insert(name, shape);
        }
        let mut text = String::new();
        for (name, shape) in declared {
            let _ = writeln!(text, "const {}: $.Shape = {shape};", self.constant(&name));
        }
        text
    }

    fn constant(&self, name: &str) -> String {
        format!(
            "$shape_{}",
            self.names.types.get(name).map_or("", String::as_str)
        )
    }

    fn is_wide(&self, ty: &Type) -> bool {
        match ty {
            Type::Integer { wide } => *wide,
            Type::Ref(name) => self.wide.contains(name),
            Type::List(item) | Type::Map(item) => self.is_wide(item),
            Type::Tuple { items, rest } => {
                items.iter().any(|ty| self.is_wide(ty))
                    || rest.as_ref().is_some_and(|ty| self.is_wide(ty))
            }
            Type::Record(record) => {
                record.fields.iter().any(|field| self.is_wide(&field.ty))
                    || record.rest.as_ref().is_some_and(|ty| self.is_wide(ty))
            }
            Type::Union(types) | Type::Both(types) => types.iter().any(|ty| self.is_wide(ty)),
            _ => false,
        }
    }

    /// The expression that describes a type; `None` if no wide integer is in it.
    pub(super) fn shape(&self, ty: &Type) -> Option<String> {
        if !self.is_wide(ty) {
            return None;
        }
        Some(match ty {
            Type::Ref(name) => {
                self.used.borrow_mut().insert(name.clone());
                format!("() => {}", self.constant(name))
            }
            Type::List(item) => format!("{{ list: {} }}", self.or_null(item)),
            Type::Map(item) => format!("{{ fields: [], rest: {} }}", self.or_null(item)),
            Type::Tuple { items, rest } => {
                let items: Vec<String> = items.iter().map(|item| self.or_null(item)).collect();
                let rest = rest
                    .as_ref()
                    .map_or_else(|| "null".to_owned(), |rest| self.or_null(rest));
                format!("{{ tuple: [{}], rest: {rest} }}", items.join(", "))
            }
            Type::Record(record) => {
                // Where unnamed members have a shape, the named ones must be told from them.
                let wide_rest = record.rest.as_ref().is_some_and(|rest| self.is_wide(rest));
                let fields = record.fields.iter().filter_map(|field| {
                    let shape = self
                        .shape(&field.ty)
                        .or_else(|| wide_rest.then(|| "null".to_owned()))?;
                    Some(format!("[{}, {shape}]", text::string(&field.name)))
                });
                let fields = fields.collect::<Vec<_>>().join(", ");
                let rest = record
                    .rest
                    .as_ref()
                    .map_or_else(|| "null".to_owned(), |rest| self.or_null(rest));
                format!("{{ fields: [{fields}], rest: {rest} }}")
            }
            Type::Union(types) => {
                let shapes = types.iter().filter_map(|ty| {
                    let (shape, tags) = (self.shape(ty)?, tags(ty));
                    // The tag of a variant keeps its description from another variant's member of the same name.
                    Some(if tags.is_empty() {
                        shape
                    } else {
                        format!("{{ when: [{}], then: {shape} }}", tags.join(", "))
                    })
                });
                all(shapes.collect())
            }
            Type::Both(types) => {
                let shapes = types.iter().filter_map(|ty| self.shape(ty));
                all(shapes.collect())
            }
            _ => "\"wide\"".into(),
        })
    }

    fn or_null(&self, ty: &Type) -> String {
        self.shape(ty).unwrap_or_else(|| "null".into())
    }
}

/// Several descriptions of one place.
fn all(mut shapes: Vec<String>) -> String {
    shapes.dedup();
    match shapes.as_slice() {
        [only] => only.clone(),
        _ => format!("{{ all: [{}] }}", shapes.join(", ")),
    }
}

/// Members that a value of this type always has with one known text.
fn tags(ty: &Type) -> Vec<String> {
    match ty {
        Type::Record(record) => record
            .fields
            .iter()
            .filter_map(|field| match &field.ty {
                Type::Literal(Value::String(tag)) if field.required => Some(format!(
                    "[{}, {}]",
                    text::string(&field.name),
                    text::string(tag)
                )),
                _ => None,
            })
            .collect(),
        Type::Both(types) => types.iter().flat_map(tags).collect(),
        _ => Vec::new(),
    }
}
