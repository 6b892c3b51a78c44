//! A struct that derives `Row`: its table, its columns, its key, its indexes.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Data, DeriveInput, Fields, Ident, Visibility};

use super::entity::{Column, Index, check, index, of, one_version};
use super::object::refuse_generics;
use crate::attrs::entity::IndexArgs;
use crate::attrs::row::{ColumnArgs, RowArgs};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::docs::Docs;
use crate::syntax::names::unraw;

/// A type of rows in SQL.
pub(crate) struct Row {
    pub(crate) rt: Rt,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    /// What else there is to say of each column.
    pub(crate) stored: Vec<Stored>,
    /// The fields that are no columns.
    pub(crate) skipped: Vec<Ident>,
    /// The number of the key's column.
    pub(crate) key: usize,
    pub(crate) auto: bool,
    /// The number of the column that counts changes.
    pub(crate) version: Option<usize>,
    pub(crate) indexes: Vec<Index>,
}

/// How a column is stored.
pub(crate) struct Stored {
    /// Its name in SQL.
    pub(crate) name: String,
    /// What the runtime's macros are told of it: nothing, `, json`, or `, module`.
    pub(crate) how: TokenStream,
}

/// What fields say, gathered.
#[derive(Default)]
struct Gathered {
    columns: Vec<Column>,
    stored: Vec<Stored>,
    skipped: Vec<Ident>,
    keys: Vec<(usize, TokenStream, bool)>,
    versions: Vec<(usize, TokenStream)>,
    indexes: Vec<Index>,
}

/// Reads and checks the struct. `None`: nothing can be generated.
pub(crate) fn read(input: &DeriveInput, diag: &mut Diag) -> Option<Row> {
    let args = of(&input.attrs, "row")
        .map(|attr| RowArgs::parse(attr, diag))
        .last()
        .unwrap_or_default();
    let plain = refuse_generics(&input.generics, "a row", diag);
    let Data::Struct(data) = &input.data else {
        diag.error(&input.ident, "a row is a struct")
            .help("write a struct with a field for each column");
        return None;
    };
    let Fields::Named(fields) = &data.fields else {
        diag.error(&input.ident, "the fields of a row need names")
            .help("write `struct Name { #[column(key)] field: Type }`")
            .note("a column is called as its field");
        return None;
    };
    let before = diag.count();
    let table = table(&args, &input.ident, diag);
    let mut gathered = Gathered::default();
    for field in &fields.named {
        gathered.field(field, diag);
    }
    for attr in of(&input.attrs, "index") {
        if let Some(args) = IndexArgs::parse_of_row(attr, diag) {
            let found = index(args, &gathered.columns, diag);
            gathered.indexes.extend(found);
        }
    }
    let (key, auto) = gathered.one_key(&input.ident, diag)?;
    let version = one_version(&gathered.versions, "version", &input.ident, diag);
    check(&gathered.indexes, &gathered.columns, key, diag);
    (plain && diag.count() == before).then(|| Row {
        rt: Rt::new(args.krate),
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        table,
        columns: gathered.columns,
        stored: gathered.stored,
        skipped: gathered.skipped,
        key,
        auto,
        version,
        indexes: gathered.indexes,
    })
}

fn table(args: &RowArgs, ident: &Ident, diag: &mut Diag) -> String {
    let Some(table) = &args.table else {
        diag.error(ident, format!("`{ident}` does not say its table"))
            .help("put `#[row(table = \"..\")]` on the struct")
            .note("the table itself is made by a migration of the class");
        return String::new();
    };
    if table.value().is_empty() {
        diag.error(table, "a table has a name")
            .help("write the name that the migration gives it");
    }
    table.value()
}

impl Gathered {
    fn field(&mut self, field: &syn::Field, diag: &mut Diag) {
        let Some(ident) = &field.ident else { return };
        if !Cfgs::of(&field.attrs).is_empty() {
            diag.error(ident, format!("the column `{ident}` is conditional"))
                .help("remove the `cfg`, or make two structs")
                .note("the table is the same for every build");
        }
        let args = of(&field.attrs, "column")
            .map(|attr| ColumnArgs::parse(attr, diag))
            .last()
            .unwrap_or_default();
        if let Some(skip) = &args.skip {
            if args.key.is_some() || args.version.is_some() || args.index.is_some() {
                diag.error(
                    skip,
                    format!("`{ident}` is skipped, and has a part in the table"),
                )
                .help("keep `skip`, or the other keys");
            }
            self.skipped.push(ident.clone());
            return;
        }
        let number = self.columns.len();
        let name = (args.name.as_ref()).map_or_else(|| unraw(ident), syn::LitStr::value);
        if self.stored.iter().any(|other| other.name == name) {
            diag.error(ident, format!("two columns are called `{name}`"))
                .help("give one of them another name: `#[column(name = \"..\")]`");
        }
        if let Some(key) = &args.key {
            let auto = args.auto.is_some();
            self.keys.push((number, key.to_token_stream(), auto));
        } else if let Some(auto) = &args.auto {
            diag.error(auto, "only keys are given by the table")
                .help("write `#[column(key, auto)]`");
        }
        if let Some(version) = &args.version {
            self.versions.push((number, version.to_token_stream()));
        }
        if let Some(at) = args.unique.as_ref().or(args.index.as_ref()) {
            if args.unique.is_some() && args.index.is_some() {
                diag.error(at, "what is unique has an index")
                    .help("keep `unique`");
            }
            self.indexes.push(Index {
                ident: ident.clone(),
                name: unraw(ident),
                named: false,
                columns: vec![(number, false)],
                unique: args.unique.is_some(),
                include: Vec::new(),
                condition: None,
            });
        }
        let how = match (&args.json, &args.with) {
            (Some(json), Some(_)) => {
                diag.error(json, "the module says how the value is written")
                    .help("keep `json`, or `with = module`");
                TokenStream::new()
            }
            (Some(_), None) => quote!(, json),
            (None, Some(module)) => quote!(, (#module)),
            (None, None) => TokenStream::new(),
        };
        self.stored.push(Stored { name, how });
        self.columns.push(Column {
            ident: ident.clone(),
            name: unraw(ident),
            vis: field.vis.clone(),
            ty: field.ty.clone(),
            docs: Docs::of(&field.attrs),
        });
    }

    fn one_key(&self, ident: &Ident, diag: &mut Diag) -> Option<(usize, bool)> {
        let Some(((number, _, auto), more)) = self.keys.split_first() else {
            diag.error(ident, format!("`{ident}` has no key"))
                .help("put `#[column(key)]` on the field that rows are told apart by");
            return None;
        };
        for (_, key, _) in more {
            diag.error(key, format!("`{ident}` has two keys"))
                .help("keep one `key`")
                .note("that no two rows have the same values is said by `unique`");
        }
        more.is_empty().then_some((*number, *auto))
    }
}
