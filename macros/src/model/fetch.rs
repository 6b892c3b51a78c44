//! The signatures of handlers that are processes: of requests, which take them whole, and of events after the commit.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{FnArg, Ident, PatType, Signature, Type};

use super::action::typed;
use crate::diag::{Diag, Fault};
use crate::syntax::types::{last_segment, ungroup};

/// The signature to write, for messages.
pub(super) const USAGE: &str = "async fn fetch(this: Handle<Self>, cx: ProcessContext<Self>, request: Request) -> Result<Response, E>";

/// Whether there is a context, and the type of the request.
pub(super) fn read_inputs(sig: &Signature, diag: &mut Diag) -> Option<(bool, Option<TokenStream>)> {
    let help = format!("write `{USAGE}`");
    let note = "it reads and changes the object by `this.read(..)` and `this.atomic(..)`";
    let what = "a handler of requests";
    let (context, request, more) = process_inputs(sig, (what, &help, note), diag)?;
    if request.is_none() {
        no_request(&sig.ident, &help, diag);
        return None;
    }
    for more in more {
        let note = "what a request says is in its URL, its headers and its body";
        too_many(more, &sig.ident, &help, diag).note(note);
    }
    Some((context, request))
}

/// The same of a handler that runs after the commit; it need not take the event.
pub(super) fn read_event_inputs(
    sig: &Signature,
    event: &str,
    diag: &mut Diag,
) -> Option<(bool, Option<TokenStream>)> {
    let help = format!(
        "write `async fn {}(this: Handle<Self>, cx: ProcessContext<Self>, event: {event}) -> Result<()>`, or remove `async`",
        sig.ident
    );
    let note = "an async handler runs after the commit of the action that emitted the event; a `fn` with `&mut self` inside it";
    let what = "an async handler of an event";
    let (context, event, more) = process_inputs(sig, (what, &help, note), diag)?;
    for more in more {
        too_many(more, &sig.ident, &help, diag);
    }
    Some((context, event))
}

/// Whether there is a context, the type of what is handled, and what is too many.
fn process_inputs<'a>(
    sig: &'a Signature,
    (what, help, note): (&str, &str, &str),
    diag: &mut Diag,
) -> Option<(bool, Option<TokenStream>, Vec<&'a PatType>)> {
    let mut inputs = sig.inputs.iter();
    match inputs.next() {
        Some(FnArg::Typed(first)) if last_segment(&first.ty).as_deref() == Some("Handle") => {}
        first => {
            let at = first.map_or_else(|| sig.ident.to_token_stream(), FnArg::to_token_stream);
            diag.error(at, format!("{what} holds nothing of its object"))
                .help(help)
                .note(note);
            return None;
        }
    }
    let mut inputs = inputs.filter_map(typed).peekable();
    let context = inputs.next_if(|input| is_context(&input.ty));
    if let Some(context) = &context
        && last_segment(&context.ty).as_deref() != Some("ProcessContext")
    {
        diag.error(&context.ty, format!("{what} owns its context"))
            .help(help);
    }
    let value = inputs.next();
    if let Some(value) = value
        && matches!(ungroup(&value.ty), Type::Reference(_))
    {
        diag.error(&value.ty, "a handler owns what it handles")
            .help(help);
    }
    let value = value.map(|value| value.ty.to_token_stream());
    Some((context.is_some(), value, inputs.collect()))
}

fn too_many<'a>(at: &PatType, name: &Ident, help: &str, diag: &'a mut Diag) -> &'a mut Fault {
    diag.error(at, format!("handler `{name}` has a parameter too many"))
        .help(help)
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
