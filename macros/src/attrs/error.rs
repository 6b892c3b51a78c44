//! `#[error(..)]` on a type that derives `ActionError` and on its variants.

use proc_macro2::TokenStream;
use syn::{Attribute, Lit, LitInt, LitStr, Path};

use super::places::{ERROR, ERROR_STRUCT, ERROR_TYPE};
use super::{Args, literal};
use crate::diag::Diag;

/// What stands on the type.
#[derive(Default)]
pub(crate) struct ErrorTypeArgs {
    pub(crate) krate: Option<Path>,
    pub(crate) prefix: Option<LitStr>,
}

/// What stands on a variant.
#[derive(Default)]
pub(crate) struct ErrorArgs {
    pub(crate) code: Option<LitStr>,
    pub(crate) status: Option<u16>,
    pub(crate) retryable: bool,
    pub(crate) message: Option<LitStr>,
}

impl ErrorTypeArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&ERROR_TYPE, attr, diag);
        let this = Self {
            krate: args.krate(diag),
            prefix: args.text("prefix", diag),
        };
        args.finish(diag);
        this
    }

    /// A struct is the type and its one variant.
    pub(crate) fn parse_struct(tokens: TokenStream, diag: &mut Diag) -> (Self, ErrorArgs) {
        let mut args = Args::parse(&ERROR_STRUCT, tokens, diag);
        let this = Self {
            krate: args.krate(diag),
            prefix: args.text("prefix", diag),
        };
        let variant = ErrorArgs::take(&mut args, diag);
        args.finish(diag);
        (this, variant)
    }
}

impl ErrorArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&ERROR, attr, diag);
        let this = Self::take(&mut args, diag);
        args.finish(diag);
        this
    }

    fn take(args: &mut Args, diag: &mut Diag) -> Self {
        let code = args.text("code", diag);
        let status = args.expr("status", diag).and_then(|value| {
            let status = match literal(&value) {
                Some(Lit::Int(int)) => status(int),
                _ => None,
            };
            if status.is_none() {
                diag.error(&value, "`status` is an HTTP status from 400 to 599")
                    .help("write `status = 409`");
            }
            status
        });
        let retryable = args.flag("retryable", diag).is_some();
        let message = args.text("message", diag);
        Self {
            code,
            status,
            retryable,
            message,
        }
    }
}

fn status(int: &LitInt) -> Option<u16> {
    int.base10_parse::<u16>()
        .ok()
        .filter(|status| (400..=599).contains(status))
}
