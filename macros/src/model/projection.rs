//! A struct that a projection keeps: its fields, its name, its version.

use syn::{Fields, Ident, ItemStruct, Lit};

use super::object::{Field, Role, read_field, refuse_generics};
use crate::attrs::literal;
use crate::attrs::projection::ProjectionArgs;
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::docs::Docs;
use crate::syntax::helpers::Taken;
use crate::syntax::names::{snake, unraw};

/// A struct with `#[projection]`.
pub(crate) struct Projection {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) docs: Docs,
    pub(crate) fields: Vec<Field>,
}

/// Takes our attributes off the struct and checks what they say. `None`: nothing can be generated.
pub(crate) fn read(
    args: &ProjectionArgs,
    item: &mut ItemStruct,
    rt: &Rt,
    diag: &mut Diag,
) -> Option<Projection> {
    Taken::from(&mut item.attrs, rt, diag).refuse_rest("a projection", diag);
    let plain = refuse_generics(&item.generics, "a projection", diag);
    let mut fields = Vec::new();
    match &mut item.fields {
        Fields::Named(named) => {
            for field in &mut named.named {
                let read = read_field(field, rt, diag);
                if let Some(Role::Transient { .. } | Role::Mount) = read.as_ref().map(|it| &it.role)
                {
                    diag.error(&*field, "all fields of a projection are durable")
                        .help("remove `#[transient]` or `#[mixin]`")
                        .note("it is read from its records whenever events are applied");
                }
                fields.extend(read);
            }
        }
        Fields::Unit => {}
        Fields::Unnamed(unnamed) => {
            diag.error(&*unnamed, "the fields of a projection need names")
                .help("write `struct Name { field: Type }`")
                .note("a field is stored under its name");
            return None;
        }
    }
    let name = args
        .name
        .as_ref()
        .map_or_else(|| snake(&unraw(&item.ident)), syn::LitStr::value);
    if let Some(literal) = &args.name
        && !is_name(&name)
    {
        diag.error(
            literal,
            "the name of a projection is of lower case letters, digits and `_`",
        )
        .help("write a name such as `name = \"order_totals\"`");
    }
    let version = args.version.as_ref().map_or(1, |value| {
        let number = match literal(value) {
            Some(Lit::Int(number)) => number.base10_parse().ok(),
            _ => None,
        };
        number.filter(|number| *number > 0).unwrap_or_else(|| {
            diag.error(value, "a version is a whole number from 1 on")
                .help("write `version = 2` when what is kept has changed");
            1
        })
    });
    plain.then(|| Projection {
        ident: item.ident.clone(),
        name,
        version,
        docs: Docs::of(&item.attrs),
        fields,
    })
}

/// It is a part of the keys of what is stored, and of URLs.
fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !name.is_empty() && name.len() <= 64 && name.chars().all(known)
}
