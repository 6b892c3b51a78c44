//! The attributes of a struct that derives `Row`: `#[row]`, `#[column]`.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Expr, LitStr, Path};

use super::places::{COLUMN, ROW};
use super::{Args, ungroup};
use crate::diag::Diag;

/// `#[row(table = "name", crate = path)]`
#[derive(Default)]
pub(crate) struct RowArgs {
    pub(crate) table: Option<LitStr>,
    pub(crate) krate: Option<Path>,
}

/// `#[column(..)]`
#[derive(Default)]
pub(crate) struct ColumnArgs {
    pub(crate) key: Option<Path>,
    pub(crate) auto: Option<Path>,
    pub(crate) name: Option<LitStr>,
    pub(crate) unique: Option<Path>,
    pub(crate) index: Option<Path>,
    pub(crate) version: Option<Path>,
    pub(crate) json: Option<Path>,
    pub(crate) with: Option<TokenStream>,
    pub(crate) skip: Option<Path>,
}

impl RowArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&ROW, attr, diag);
        let parsed = Self {
            table: args.text("table", diag),
            krate: args.krate(diag),
        };
        args.finish(diag);
        parsed
    }
}

impl ColumnArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&COLUMN, attr, diag);
        let parsed = Self {
            key: args.flag("key", diag),
            auto: args.flag("auto", diag),
            name: args.text("name", diag),
            unique: args.flag("unique", diag),
            index: args.flag("index", diag),
            version: args.flag("version", diag),
            json: args.flag("json", diag),
            with: args.expr("with", diag).and_then(|with| module(&with, diag)),
            skip: args.flag("skip", diag),
        };
        args.finish(diag);
        parsed
    }
}

fn module(with: &Expr, diag: &mut Diag) -> Option<TokenStream> {
    let tokens = ungroup(with).to_token_stream();
    if syn::parse2::<Path>(tokens.clone()).is_err() {
        diag.error(with, "this is no path of a module")
            .help("write `with = module`, and in it `fn to_sql(value: &Type) -> SqlValue` and `fn from_sql(value: SqlValue) -> Result<Type, E>`");
        return None;
    }
    Some(tokens)
}
