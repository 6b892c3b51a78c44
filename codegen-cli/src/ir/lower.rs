//! JSON Schema to the type language.

use serde_json::{Map, Value};

use super::types::{Field, Record, Type};
use crate::document::Manifest;
use crate::error::Error;
use crate::schema;

/// The largest integer that a double holds exactly, together with all below it.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Lowers one schema; references are known to lead somewhere.
pub(crate) fn lower(manifest: &Manifest, schema: &Value, pointer: &str) -> Result<Type, Error> {
    match schema {
        Value::Bool(true) => Ok(Type::Any),
        Value::Bool(false) => Ok(Type::Never),
        Value::Object(members) => Lower {
            manifest,
            members,
            pointer,
        }
        .all(),
        _ => Err(manifest.fault(pointer, "expected a JSON Schema (an object, true or false)")),
    }
}

struct Lower<'m> {
    manifest: &'m Manifest,
    members: &'m Map<String, Value>,
    pointer: &'m str,
}

impl Lower<'_> {
    fn all(&self) -> Result<Type, Error> {
        let mut parts = Vec::new();
        if let Some(name) = self
            .members
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(schema::component)
        {
            parts.push(Type::Ref(name));
        }
        if let Some(value) = self.members.get("const") {
            parts.push(literal(value));
        } else if let Some(values) = self.members.get("enum") {
            let values = values
                .as_array()
                .ok_or_else(|| self.fault("/enum", "expected an array"))?;
            parts.push(Type::union(values.iter().map(literal).collect()));
        } else if let Some(ty) = self.by_type()? {
            parts.push(ty);
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(types) = self.many(keyword)? {
                parts.push(Type::union(types));
            }
        }
        if let Some(types) = self.many("allOf")? {
            parts.extend(types);
        }
        // `type: object` beside alternatives that say which members says nothing of its own.
        if parts.len() > 1 {
            let bare = Type::Map(Box::new(Type::Any));
            parts.retain(|ty| *ty != bare);
        }
        Ok(Type::both(parts))
    }

    fn fault(&self, below: &str, message: &str) -> Error {
        self.manifest
            .fault(format!("{}{below}", self.pointer), message)
    }

    fn below(&self, schema: &Value, below: &str) -> Result<Type, Error> {
        lower(self.manifest, schema, &format!("{}{below}", self.pointer))
    }

    fn many(&self, keyword: &str) -> Result<Option<Vec<Type>>, Error> {
        let Some(value) = self.members.get(keyword) else {
            return Ok(None);
        };
        let below = format!("/{keyword}");
        let schemas = value
            .as_array()
            .ok_or_else(|| self.fault(&below, "expected an array"))?;
        let types = schemas.iter().enumerate();
        types
            .map(|(index, schema)| self.below(schema, &format!("{below}/{index}")))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn by_type(&self) -> Result<Option<Type>, Error> {
        match self.members.get("type") {
            None if self.has(&["properties", "additionalProperties", "patternProperties"]) => {
                self.object().map(Some)
            }
            None if self.has(&["prefixItems", "items"]) => self.array().map(Some),
            None => Ok(None),
            Some(Value::String(name)) => self.named(name, "/type").map(Some),
            Some(Value::Array(names)) => {
                let mut types = Vec::new();
                for (index, name) in names.iter().enumerate() {
                    let below = format!("/type/{index}");
                    let name = name
                        .as_str()
                        .ok_or_else(|| self.fault(&below, "expected a string"))?;
                    types.push(self.named(name, &below)?);
                }
                Ok(Some(Type::union(types)))
            }
            Some(_) => Err(self.fault("/type", "expected a string or an array of strings")),
        }
    }

    fn has(&self, keywords: &[&str]) -> bool {
        keywords
            .iter()
            .any(|&keyword| self.members.contains_key(keyword))
    }

    fn named(&self, name: &str, below: &str) -> Result<Type, Error> {
        let format = self.members.get("format").and_then(Value::as_str);
        Ok(match name {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "number" => Type::Number,
            "integer" => Type::Integer {
                wide: self.is_wide(format),
            },
            "string" if format == Some("object-id") => {
                let class = self.members.get("x-stayput-class").and_then(Value::as_str);
                Type::ObjectId(class.map(str::to_owned))
            }
            "string" => Type::Text,
            "array" => self.array()?,
            "object" => self.object()?,
            _ => {
                return Err(self.fault(
                    below,
                    "expected one of null, boolean, number, integer, string, array, object",
                ));
            }
        })
    }

    /// An integer is wide unless its format or its bounds keep it within what a double holds exactly.
    fn is_wide(&self, format: Option<&str>) -> bool {
        if matches!(
            format,
            Some("int8" | "int16" | "int32" | "uint8" | "uint16" | "uint32")
        ) {
            return false;
        }
        let within = |keyword: &str| {
            let bound = self.members.get(keyword);
            bound.is_some_and(|bound| match (bound.as_u64(), bound.as_i64()) {
                (Some(bound), _) => bound <= MAX_SAFE,
                (None, Some(bound)) => bound.unsigned_abs() <= MAX_SAFE,
                // Bounds are written as floats by some: `255.0`.
                #[allow(
                    clippy::cast_precision_loss,
                    reason = "2^53-1 is the largest integer that loses none"
                )]
                (None, None) => bound
                    .as_f64()
                    .is_some_and(|bound| bound.abs() <= MAX_SAFE as f64),
            })
        };
        let low = within("minimum") || within("exclusiveMinimum");
        let high = within("maximum") || within("exclusiveMaximum");
        !(low && high)
    }

    fn array(&self) -> Result<Type, Error> {
        let rest = match self.members.get("items") {
            Some(Value::Bool(false)) => Type::Never,
            Some(items @ (Value::Object(_) | Value::Bool(_))) => self.below(items, "/items")?,
            None => Type::Any,
            Some(_) => return Err(self.fault("/items", "expected a JSON Schema")),
        };
        let Some(items) = self.many("prefixItems")? else {
            return Ok(Type::List(Box::new(rest)));
        };
        // A tuple as schemars writes it has exactly its items: `maxItems` says so, not `items: false`.
        let longest = self.members.get("maxItems").and_then(Value::as_u64);
        let closed =
            longest.is_some_and(|longest| longest <= items.len() as u64) || rest == Type::Never;
        Ok(Type::Tuple {
            items,
            rest: (!closed).then(|| Box::new(rest)),
        })
    }

    fn object(&self) -> Result<Type, Error> {
        let mut required: Vec<&str> = Vec::new();
        if let Some(names) = self.members.get("required") {
            let names = names
                .as_array()
                .ok_or_else(|| self.fault("/required", "expected an array"))?;
            for (index, name) in names.iter().enumerate() {
                let below = format!("/required/{index}");
                required.push(
                    name.as_str()
                        .ok_or_else(|| self.fault(&below, "expected a string"))?,
                );
            }
        }
        let mut fields = Vec::new();
        for (name, schema) in self.named_schemas("properties")? {
            fields.push(Field {
                name: name.clone(),
                doc: super::doc_of(schema),
                required: required.contains(&name.as_str()),
                ty: self.below(schema, &format!("/properties/{}", schema::escape(name)))?,
            });
        }
        let mut rest = Vec::new();
        for (pattern, schema) in self.named_schemas("patternProperties")? {
            rest.push(self.below(
                schema,
                &format!("/patternProperties/{}", schema::escape(pattern)),
            )?);
        }
        match self.members.get("additionalProperties") {
            None | Some(Value::Bool(true)) if rest.is_empty() && fields.is_empty() => {
                rest.push(Type::Any);
            }
            None | Some(Value::Bool(_)) => {}
            Some(schema @ Value::Object(_)) => {
                rest.push(self.below(schema, "/additionalProperties")?);
            }
            Some(_) => return Err(self.fault("/additionalProperties", "expected a JSON Schema")),
        }
        let rest = (!rest.is_empty()).then(|| Box::new(Type::union(rest)));
        Ok(match rest {
            Some(rest) if fields.is_empty() => Type::Map(rest),
            rest => Type::Record(Record { fields, rest }),
        })
    }

    fn named_schemas(&self, keyword: &str) -> Result<Vec<(&String, &Value)>, Error> {
        match self.members.get(keyword) {
            None => Ok(Vec::new()),
            Some(Value::Object(schemas)) => Ok(schemas.iter().collect()),
            Some(_) => Err(self.fault(&format!("/{keyword}"), "expected an object")),
        }
    }
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Array(items) => Type::Tuple {
            items: items.iter().map(literal).collect(),
            rest: None,
        },
        Value::Object(members) => Type::Record(Record {
            fields: members
                .iter()
                .map(|(name, value)| Field {
                    name: name.clone(),
                    doc: String::new(),
                    required: true,
                    ty: literal(value),
                })
                .collect(),
            rest: None,
        }),
        scalar => Type::Literal(scalar.clone()),
    }
}
