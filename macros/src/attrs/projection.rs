//! `#[projection(..)]` on a struct.

use proc_macro2::TokenStream;
use syn::{Expr, LitStr, Path};

use super::Args;
use super::places::PROJECTION;
use crate::diag::Diag;

/// The arguments of `#[projection]`.
#[derive(Default)]
pub(crate) struct ProjectionArgs {
    pub(crate) krate: Option<Path>,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<Expr>,
}

impl ProjectionArgs {
    pub(crate) fn parse(tokens: TokenStream, diag: &mut Diag) -> Self {
        let mut args = Args::parse(&PROJECTION, tokens, diag);
        let krate = args.krate(diag);
        let name = args.text("name", diag);
        let version = args.expr("version", diag);
        args.finish(diag);
        Self {
            krate,
            name,
            version,
        }
    }
}
