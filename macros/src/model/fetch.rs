//! The signature of a handler of requests: a process that takes the request whole.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{FnArg, Ident, Signature, Type};

use super::action::typed;
use crate::diag::Diag;
use crate::syntax::types::{last_segment, ungroup};

/// The signature to write, for messages.
pub(super) const USAGE: &str = "async fn fetch(this: Handle<Self>, cx: ProcessContext<Self>, request: Request) -> Result<Response, E>";

/// Whether there is a context, and the type of the request.
pub(super) fn read_inputs(sig: &Signature, diag: &mut Diag) -> Option<(bool, Option<TokenStream>)> {
    let help = format!("write `{USAGE}`");
    let mut inputs = sig.inputs.iter();
    match inputs.next() {
        Some(FnArg::Typed(first)) if last_segment(&first.ty).as_deref() == Some("Handle") => {}
        first => {
            let at = first.map_or_else(|| sig.ident.to_token_stream(), FnArg::to_token_stream);
            diag.error(at, "a handler of requests holds nothing of its object")
                .help(&help)
                .note("it reads and changes the object by `this.read(..)` and `this.atomic(..)`");
            return None;
        }
    }
    let mut inputs = inputs.filter_map(typed).peekable();
    let context = inputs.next_if(|input| is_context(&input.ty));
    if let Some(context) = &context
        && last_segment(&context.ty).as_deref() != Some("ProcessContext")
    {
        diag.error(&context.ty, "a handler of requests owns its context")
            .help(&help);
    }
    let Some(request) = inputs.next() else {
        no_request(&sig.ident, &help, diag);
        return None;
    };
    if matches!(ungroup(&request.ty), Type::Reference(_)) {
        diag.error(&request.ty, "a handler owns what it handles")
            .help(&help);
    }
    for more in inputs {
        diag.error(
            more,
            format!("handler `{}` has a parameter too many", sig.ident),
        )
        .help(&help)
        .note("what a request says is in its URL, its headers and its body");
    }
    Some((context.is_some(), Some(request.ty.to_token_stream())))
}

fn no_request(ident: &Ident, help: &str, diag: &mut Diag) {
    diag.error(
        ident,
        format!("handler `{ident}` does not take the request"),
    )
    .help(help);
}

/// A context, of whatever kind.
fn is_context(ty: &Type) -> bool {
    let ty = match ungroup(ty) {
        Type::Reference(reference) => &reference.elem,
        other => other,
    };
    matches!(
        last_segment(ty).as_deref(),
        Some("Context" | "ProcessContext")
    )
}
