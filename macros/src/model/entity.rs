//! A struct that derives `Entity`: its columns, its key, its indexes.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Data, DeriveInput, Expr, Fields, Ident, Type, Visibility};

use super::object::refuse_generics;
use crate::attrs::entity::{IndexArgs, parse_entity, parse_field_index, parse_key, parse_version};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::docs::Docs;
use crate::syntax::names::{nearest, screaming, unraw};

/// A type of rows.
pub(crate) struct Entity {
    pub(crate) rt: Rt,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) columns: Vec<Column>,
    /// The number of the key's column.
    pub(crate) key: usize,
    pub(crate) auto: bool,
    /// The number of the column that counts changes.
    pub(crate) version: Option<usize>,
    pub(crate) indexes: Vec<Index>,
}

/// A field.
pub(crate) struct Column {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Docs,
}

/// A declared index.
pub(crate) struct Index {
    /// What it stands on, for spans.
    pub(crate) ident: Ident,
    pub(crate) name: String,
    /// Whether it is said on the struct, and so has a constant.
    pub(crate) named: bool,
    /// Columns, and whether they descend.
    pub(crate) columns: Vec<(usize, bool)>,
    pub(crate) unique: bool,
    pub(crate) include: Vec<usize>,
    pub(crate) condition: Option<Expr>,
}

impl Entity {
    /// Whether a column is in an index, or the key: then it must be of a type of columns.
    pub(crate) fn is_indexed(&self, column: usize) -> bool {
        self.key == column
            || self.indexes.iter().any(|index| {
                index.include.contains(&column)
                    || index.columns.iter().any(|(other, _)| *other == column)
            })
    }
}

/// Reads and checks the struct. `None`: nothing can be generated.
pub(crate) fn read(input: &DeriveInput, diag: &mut Diag) -> Option<Entity> {
    let krate = of(&input.attrs, "entity")
        .filter_map(|attr| parse_entity(attr, diag))
        .last();
    let plain = refuse_generics(&input.generics, "an entity", diag);
    let Data::Struct(data) = &input.data else {
        diag.error(&input.ident, "an entity is a struct")
            .help("write a struct with a field for each column");
        return None;
    };
    let Fields::Named(fields) = &data.fields else {
        diag.error(&input.ident, "the fields of an entity need names")
            .help("write `struct Name { #[key] field: Type }`")
            .note("queries know a column by its field's name");
        return None;
    };
    let before = diag.count();
    let mut columns = Vec::new();
    let mut keys = Vec::new();
    let mut versions = Vec::new();
    let mut indexes = Vec::new();
    for (number, field) in fields.named.iter().enumerate() {
        let Some(ident) = &field.ident else { continue };
        if !Cfgs::of(&field.attrs).is_empty() {
            diag.error(ident, format!("the column `{ident}` is conditional"))
                .help("remove the `cfg`, or make two structs")
                .note("stored rows and indexes are the same for every build");
        }
        for attr in of(&field.attrs, "key") {
            keys.push((number, attr, parse_key(attr, diag)));
        }
        for attr in of(&field.attrs, "version") {
            parse_version(attr, diag);
            versions.push((number, attr.to_token_stream()));
        }
        for attr in of(&field.attrs, "index") {
            indexes.push(Index {
                ident: ident.clone(),
                name: unraw(ident),
                named: false,
                columns: vec![(number, false)],
                unique: parse_field_index(attr, diag),
                include: Vec::new(),
                condition: None,
            });
        }
        columns.push(Column {
            ident: ident.clone(),
            name: unraw(ident),
            vis: field.vis.clone(),
            ty: field.ty.clone(),
            docs: Docs::of(&field.attrs),
        });
    }
    for attr in of(&input.attrs, "index") {
        if let Some(args) = IndexArgs::parse(attr, diag) {
            indexes.extend(index(args, &columns, diag));
        }
    }
    let (key, auto) = one_key(&keys, &input.ident, diag)?;
    let version = one_version(&versions, "#[version]", &input.ident, diag);
    check(&indexes, &columns, key, diag);
    (plain && diag.count() == before).then(|| Entity {
        rt: Rt::new(krate),
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        columns,
        key,
        auto,
        version,
        indexes,
    })
}

pub(super) fn of<'a>(attrs: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a Attribute> {
    attrs.iter().filter(move |attr| attr.path().is_ident(name))
}

fn one_key(
    keys: &[(usize, &Attribute, bool)],
    ident: &Ident,
    diag: &mut Diag,
) -> Option<(usize, bool)> {
    let Some(((number, _, auto), more)) = keys.split_first() else {
        diag.error(ident, format!("`{ident}` has no key"))
            .help("put `#[key]` on the field that rows are told apart by, or `#[key(auto)]` on one of type `u64`");
        return None;
    };
    for (_, attr, _) in more {
        diag.error(attr, format!("`{ident}` has two keys"))
            .help("keep one `#[key]`; a key of several values is one field of a tuple type")
            .note("that no two rows have the same values is said by `#[index(unique)]`");
    }
    more.is_empty().then_some((*number, *auto))
}

/// The column that counts changes, if there is one.
pub(super) fn one_version(
    versions: &[(usize, TokenStream)],
    shown: &str,
    ident: &Ident,
    diag: &mut Diag,
) -> Option<usize> {
    let ((number, _), more) = versions.split_first()?;
    for (_, attr) in more {
        diag.error(attr, format!("`{ident}` has two versions"))
            .help(format!(
                "keep one `{shown}`: it counts the changes of the whole row"
            ));
    }
    Some(*number)
}

pub(super) fn index(args: IndexArgs, columns: &[Column], diag: &mut Diag) -> Option<Index> {
    let mut missing = false;
    let mut number = |ident: &Ident, diag: &mut Diag| {
        let name = unraw(ident);
        let found = columns.iter().position(|column| column.name == name);
        if found.is_none() {
            missing = true;
            let fault = diag.error(ident, format!("there is no field `{name}`"));
            let names = columns.iter().map(|column| column.name.as_str());
            match nearest(&name, names) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help("an index is of fields of the struct that it stands on"),
            };
        }
        found
    };
    let mut read = Vec::new();
    for (ident, descending) in &args.columns {
        if let Some(column) = number(ident, diag) {
            if read.iter().any(|(other, _)| *other == column) {
                diag.error(ident, format!("`{ident}` is in the index twice"))
                    .help("keep one of them");
            }
            read.push((column, *descending));
        }
    }
    let mut include = Vec::new();
    for ident in &args.include {
        if let Some(column) = number(ident, diag) {
            if include.contains(&column) || read.iter().any(|(other, _)| *other == column) {
                diag.error(ident, format!("the entries hold `{ident}` already"))
                    .help("remove it from `include(..)`");
            }
            include.push(column);
        }
    }
    (!missing && !read.is_empty()).then(|| Index {
        name: unraw(&args.name),
        ident: args.name,
        named: true,
        columns: read,
        unique: args.unique,
        include,
        condition: args.condition,
    })
}

pub(super) fn check(indexes: &[Index], columns: &[Column], key: usize, diag: &mut Diag) {
    for (at, index) in indexes.iter().enumerate() {
        if indexes[..at].iter().any(|other| other.name == index.name) {
            diag.error(
                &index.ident,
                format!("two indexes are called `{}`", index.name),
            )
            .help("give one of them another name");
        }
        if !index.named
            && index
                .columns
                .first()
                .is_some_and(|(column, _)| *column == key)
        {
            diag.error(&index.ident, "the key needs no index").help(
                "remove `#[index]`: rows lie in the order of their keys, and no two have the same",
            );
        }
        let constant = screaming(&index.name);
        if index.named
            && columns
                .iter()
                .any(|column| screaming(&column.name) == constant)
        {
            diag.error(
                index.ident.to_token_stream(),
                format!("a field is called `{}`, too", index.name),
            )
            .help(format!("call the index `by_{}`", index.name))
            .note(format!("both would be the constant `{constant}`"));
        }
    }
}
