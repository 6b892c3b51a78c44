//! The attributes of a struct that derives `Entity`: `#[key]`, `#[index]`, `#[entity]`.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Path, Token};

use super::places::{ENTITY, INDEX, INDEX_FIELD, KEY, ROW_INDEX, VERSION};
use super::{Args, Place};
use crate::diag::Diag;

/// `#[index(name(field, desc(field)), unique, include(field), where = condition)]`
pub(crate) struct IndexArgs {
    pub(crate) name: Ident,
    /// Fields, and whether they descend.
    pub(crate) columns: Vec<(Ident, bool)>,
    pub(crate) unique: bool,
    pub(crate) include: Vec<Ident>,
    pub(crate) condition: Option<Expr>,
}

/// `#[entity(crate = path)]`
pub(crate) fn parse_entity(attr: &Attribute, diag: &mut Diag) -> Option<Path> {
    let mut args = Args::of(&ENTITY, attr, diag);
    let krate = args.krate(diag);
    args.finish(diag);
    krate
}

/// `#[key]`; `true` for `#[key(auto)]`.
pub(crate) fn parse_key(attr: &Attribute, diag: &mut Diag) -> bool {
    let mut args = Args::of(&KEY, attr, diag);
    let auto = args.flag("auto", diag).is_some();
    args.finish(diag);
    auto
}

/// `#[index]` on a field; `true` for `#[index(unique)]`.
pub(crate) fn parse_field_index(attr: &Attribute, diag: &mut Diag) -> bool {
    let mut args = Args::of(&INDEX_FIELD, attr, diag);
    let unique = args.flag("unique", diag).is_some();
    args.finish(diag);
    unique
}

/// `#[version]`
pub(crate) fn parse_version(attr: &Attribute, diag: &mut Diag) {
    Args::of(&VERSION, attr, diag).finish(diag);
}

impl IndexArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Option<Self> {
        Self::parse_at(&INDEX, attr, diag)
    }

    /// That of rows in SQL, whose conditions and entries are said in a migration.
    pub(crate) fn parse_of_row(attr: &Attribute, diag: &mut Diag) -> Option<Self> {
        Self::parse_at(&ROW_INDEX, attr, diag)
    }

    fn parse_at(place: &'static Place, attr: &Attribute, diag: &mut Diag) -> Option<Self> {
        let mut args = Args::of(place, attr, diag);
        let named = args.take_named_list();
        let unique = args.flag("unique", diag).is_some();
        let (mut include, mut condition) = (Vec::new(), None);
        if place.has("include") {
            include = args.paths("include", diag);
            condition = args.expr("where", diag);
        }
        let Some((name, list)) = named else {
            diag.error(attr, "an index on the struct has a name and fields")
                .help("write `#[index(by_city_and_age(city, age))]`")
                .note("an index of one field is said on the field: `#[index]`");
            return None;
        };
        args.finish(diag);
        let include = include
            .iter()
            .filter_map(|path| field(path, diag))
            .collect();
        Some(Self {
            columns: columns(list, &name, diag),
            name,
            unique,
            include,
            condition,
        })
    }
}

fn field(path: &Path, diag: &mut Diag) -> Option<Ident> {
    if path.get_ident().is_none() {
        diag.error(path, "this is not the name of a field")
            .help("write the name of a field, as it stands in the struct");
    }
    path.get_ident().cloned()
}

/// `field, desc(field), ..`
fn columns(list: TokenStream, name: &Ident, diag: &mut Diag) -> Vec<(Ident, bool)> {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    let columns = match parser.parse2(list) {
        Ok(columns) => columns,
        Err(error) => {
            diag.parse_error(&error)
                .help("list fields: `city`, or `desc(city)` for the highest values first");
            return Vec::new();
        }
    };
    if columns.is_empty() {
        diag.error(name, "an index has at least one field")
            .help(format!("write `{name}(city, age)`"));
    }
    columns
        .iter()
        .filter_map(|column| {
            let (expr, descending) = match column {
                Expr::Call(call) if is_desc(&call.func) && call.args.len() == 1 => {
                    (&call.args[0], true)
                }
                other => (other, false),
            };
            let ident = syn::parse2::<Ident>(expr.to_token_stream()).ok();
            if ident.is_none() {
                diag.error(column, "this is not a field").help(
                    "write the name of a field, or `desc(field)` for the highest values first",
                );
            }
            ident.map(|ident| (ident, descending))
        })
        .collect()
}

fn is_desc(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.is_ident("desc"))
}
