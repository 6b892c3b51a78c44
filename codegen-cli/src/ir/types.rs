//! The type language: what JSON Schema says of a value's shape, and nothing of its constraints.

use serde_json::Value;

/// The shape of a JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// Any JSON value.
    Any,
    /// No value at all.
    Never,
    Null,
    Bool,
    Number,
    /// An integer; `wide` if it may lie beyond 2^53-1.
    Integer {
        wide: bool,
    },
    Text,
    /// An object's id; of this class, if it is known.
    ObjectId(Option<String>),
    /// One scalar.
    Literal(Value),
    List(Box<Type>),
    Tuple {
        items: Vec<Type>,
        rest: Option<Box<Type>>,
    },
    Record(Record),
    /// An object of unknown names.
    Map(Box<Type>),
    /// A named type.
    Ref(String),
    /// One of these.
    Union(Vec<Type>),
    /// All of these at once.
    Both(Vec<Type>),
}

/// An object of known names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) fields: Vec<Field>,
    /// The type of members not named, where it is declared and not just anything.
    pub(crate) rest: Option<Box<Type>>,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) required: bool,
    pub(crate) ty: Type,
}

impl Type {
    /// One of `types`, without repetition; a single one stands for itself.
    pub(crate) fn union(types: Vec<Self>) -> Self {
        Self::join(types, Self::Union, |ty| match ty {
            Self::Union(types) => Ok(types),
            other => Err(other),
        })
        .unwrap_or(Self::Never)
    }

    /// All of `types` at once.
    pub(crate) fn both(types: Vec<Self>) -> Self {
        let types = types.into_iter().filter(|ty| *ty != Self::Any).collect();
        Self::join(types, Self::Both, |ty| match ty {
            Self::Both(types) => Ok(types),
            other => Err(other),
        })
        .unwrap_or(Self::Any)
    }

    fn join(
        types: Vec<Self>,
        make: fn(Vec<Self>) -> Self,
        flatten: fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Option<Self> {
        let mut joined: Vec<Self> = Vec::new();
        for ty in types {
            for ty in flatten(ty).unwrap_or_else(|ty| vec![ty]) {
                if !joined.contains(&ty) {
                    joined.push(ty);
                }
            }
        }
        if joined.len() > 1 {
            Some(make(joined))
        } else {
            joined.pop()
        }
    }
}
