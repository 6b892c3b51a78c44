//! A handler: a method that the object's own life or an event calls.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, FnArg, Ident, Path, ReceiverKind, Signature, Type};

use super::action::MAX_PARAMS;
use super::action::{Output, check_signature, read_output, typed};
use super::fetch;
use super::param::{self, Param};
use crate::attrs::action::Auth;
use crate::attrs::event::{Form, HandlerArgs, Own, Trigger};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::names::unraw;
use crate::syntax::raw::RawFn;
use crate::syntax::types::ungroup;

/// A method that the object's own life or an event calls.
pub(crate) struct Handler {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) cfgs: Cfgs,
    pub(crate) is_async: bool,
    pub(crate) context: bool,
    /// Whether the method takes what the trigger brings.
    pub(crate) value: Option<TokenStream>,
    /// What a `connect` handler takes of the URL besides.
    pub(crate) params: Vec<Param>,
    pub(crate) output: Output,
    pub(crate) kind: HandlerKind,
    /// Who may use it, if it answers requests.
    pub(crate) auth: Auth,
    /// The form of its messages, if it takes messages by type.
    pub(crate) form: Option<Form>,
}

/// What calls it.
pub(crate) enum HandlerKind {
    Own(Own),
    Event {
        path: Path,
        required: bool,
        once: bool,
    },
}

/// Reads one handler; `None` where its signature allows no call to be generated.
pub(crate) fn read(
    attr: &Attribute,
    method: &mut RawFn,
    rt: &Rt,
    diag: &mut Diag,
) -> Option<Handler> {
    let from = diag.count();
    let args = HandlerArgs::parse(attr, diag);
    let is_connect = matches!(args.trigger, Some(Trigger::Own(Own::Connect, _)));
    let params = if is_connect {
        read_params(&mut method.sig, rt, diag)
    } else {
        param::refuse_params(&mut method.sig, rt, "a handler", diag);
        Vec::new()
    };
    let sig = &method.sig;
    let name = format!("handler `{}`", sig.ident);
    check_signature(sig, "a handler", &name, diag);
    let kind = match args.trigger? {
        Trigger::Own(own, _) => HandlerKind::Own(own),
        Trigger::Event(path) => HandlerKind::Event {
            path,
            required: args.required,
            once: args.once,
        },
    };
    let inputs = match kind {
        HandlerKind::Own(Own::Fetch) => fetch::read_inputs(sig, diag),
        HandlerKind::Event { ref path, .. } if sig.asyncness.is_some() => {
            let event = path.to_token_stream().to_string().replace(' ', "");
            fetch::read_event_inputs(sig, &event, diag)
        }
        _ => read_inputs(sig, &kind, params.len(), diag),
    };
    if let (HandlerKind::Event { required: true, .. }, Some(token)) = (&kind, &sig.asyncness) {
        diag.error(token, format!("{name} cannot be `async` and `required`"))
            .help("remove one of them")
            .note("an async handler runs after the commit, which its failure cannot undo");
    }
    let output = read_output(&sig.output, &name, diag);
    let (context, value) = inputs?;
    let typed_value = last_type(sig);
    (diag.count() == from).then(|| Handler {
        ident: sig.ident.clone(),
        name: unraw(&sig.ident),
        cfgs: Cfgs::of(&method.attrs),
        is_async: sig.asyncness.is_some(),
        context,
        value,
        params,
        output,
        form: form(&kind, args.form, typed_value.as_ref(), diag),
        kind,
        auth: args.auth,
    })
}

/// The parameters behind the connection: what the client says in the URL.
fn read_params(sig: &mut Signature, rt: &Rt, diag: &mut Diag) -> Vec<Param> {
    let mut params = Vec::new();
    let mut behind = false;
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                param::refuse_attrs(&mut receiver.attrs, rt, "the receiver", diag);
            }
            FnArg::Typed(input) if behind => params.extend(param::read(input, rt, diag)),
            FnArg::Typed(input) => {
                param::refuse_attrs(&mut input.attrs, rt, "what every handler is given", diag);
                behind = !matches!(ungroup(&input.ty), Type::Reference(_));
            }
        }
    }
    if params.len() > MAX_PARAMS {
        diag.error(
            &sig.ident,
            format!(
                "handler `{}` has more than {MAX_PARAMS} parameters",
                sig.ident
            ),
        )
        .help("have the client say the rest in a message");
    }
    params
}

/// The type of the last parameter.
fn last_type(sig: &Signature) -> Option<Type> {
    match sig.inputs.last()? {
        FnArg::Typed(input) => Some((*input.ty).clone()),
        FnArg::Receiver(_) => None,
    }
}

/// The form of messages by type: those of every type but `Incoming`, which is a frame as it came.
fn form(kind: &HandlerKind, form: Form, ty: Option<&Type>, diag: &mut Diag) -> Option<Form> {
    if !matches!(kind, HandlerKind::Own(Own::Message)) {
        return None;
    }
    let Type::Path(path) = ungroup(ty?) else {
        return None;
    };
    if path.path.segments.last()?.ident != "Incoming" {
        return Some(form);
    }
    let said = [&form.tag, &form.payload, &form.id];
    if let Some(said) = said.into_iter().flatten().next() {
        diag.error(said, "frames as they come have no form")
            .help("remove it, or take the messages by a type of their own");
    }
    None
}

impl Handler {
    /// Whether it handles an event after the commit.
    pub(crate) fn is_reaction(&self) -> bool {
        self.is_async && matches!(self.kind, HandlerKind::Event { .. })
    }

    /// Whether it answers requests.
    pub(crate) fn is_fetch(&self) -> bool {
        matches!(self.kind, HandlerKind::Own(Own::Fetch))
    }
}

impl HandlerKind {
    /// The signature to write, for messages.
    fn usage(&self) -> String {
        match self {
            Self::Own(own) => {
                let (name, value) = match own {
                    Own::Start => ("start", "first: bool"),
                    Own::Alarm => ("alarm", "alarm: Alarm"),
                    Own::Connect => ("joined", "connection: Connection"),
                    Own::Message => ("received", "message: Incoming"),
                    Own::Disconnect => ("left", "gone: Disconnect"),
                    Own::Fetch => return format!("write `{}`", fetch::USAGE),
                };
                format!("write `fn {name}(&mut self, cx: &mut Context<Self>, {value})`")
            }
            Self::Event { path, .. } => format!(
                "write `fn on_event(&mut self, cx: &mut Context<Self>, event: {})`",
                path.to_token_stream().to_string().replace(' ', "")
            ),
        }
    }
}

/// Whether there is a context, and the type of the value if there is one.
fn read_inputs(
    sig: &Signature,
    kind: &HandlerKind,
    params: usize,
    diag: &mut Diag,
) -> Option<(bool, Option<TokenStream>)> {
    let usage = kind.usage();
    let mut inputs = sig.inputs.iter().take(sig.inputs.len() - params);
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(receiver.kind, ReceiverKind::Reference(_, None, _)) {
                diag.error(receiver, "a handler borrows its object")
                    .help(&usage);
            }
        }
        first => {
            let at = first.map_or_else(
                || sig.ident.to_token_stream(),
                quote::ToTokens::to_token_stream,
            );
            diag.error(at, format!("handler `{}` has no receiver", sig.ident))
                .help(&usage);
            return None;
        }
    }
    let (mut context, mut value) = (false, None);
    for (index, input) in inputs.filter_map(typed).enumerate() {
        let is_reference = matches!(ungroup(&input.ty), Type::Reference(_));
        if is_reference && index == 0 {
            context = true;
        } else if is_reference {
            diag.error(&input.ty, "a handler owns what it handles")
                .help(&usage);
        } else if value.is_some() {
            diag.error(
                input,
                format!("handler `{}` has a parameter too many", sig.ident),
            )
            .help(&usage);
        } else {
            value = Some(input.ty.to_token_stream());
        }
    }
    Some((context, value))
}
