//! An action: a method that can be called from outside.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, Expr, FnArg, Ident, LitStr, PatType, ReceiverKind, ReturnType, Safety, Signature,
    Type,
};

use super::job::{self, Job, Kind};
use super::param::{self, Param};
use super::route;
use crate::attrs::action::{ActionArgs, Auth};
use crate::attrs::route::RouteArgs;
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::docs::Docs;
use crate::syntax::names::{action_fault, unraw};
use crate::syntax::raw::RawFn;
use crate::syntax::types::{borrow_in, first_argument, impl_trait_in, last_segment, ungroup};

/// A method that can be called from outside.
pub(crate) struct Action {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    /// What to point at where the name is at fault.
    pub(crate) name_at: TokenStream,
    pub(crate) was: Option<LitStr>,
    pub(crate) docs: Docs,
    pub(crate) cfgs: Cfgs,
    pub(crate) auth: Auth,
    /// What runs around it.
    pub(crate) middleware: Vec<Expr>,
    pub(crate) mode: Mode,
    pub(crate) is_async: bool,
    /// Whether the method takes the context.
    pub(crate) context: bool,
    pub(crate) params: Vec<Param>,
    pub(crate) output: Output,
    pub(crate) route: Option<RouteArgs>,
    pub(crate) job: Option<Job>,
}

/// What a method holds of its object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `&self`
    Query,
    /// `&mut self`
    Command,
    /// `this: Handle<Self>`
    Process,
}

/// What a method returns.
pub(crate) struct Output {
    /// The type as written; `()` where none is.
    pub(crate) ty: TokenStream,
    /// Whether the type is written as a `Result`.
    pub(crate) fallible: bool,
    /// Whether it is a `Streaming`, or a `Result` of one.
    pub(crate) streams: bool,
}

/// As many parameters as the runtime decodes in one tuple.
pub(crate) const MAX_PARAMS: usize = 12;

/// Reads one action; `None` where its signature allows no call to be generated.
pub(crate) fn read(
    attr: &Attribute,
    method: &mut RawFn,
    rt: &Rt,
    diag: &mut Diag,
) -> Option<Action> {
    let mut args = ActionArgs::parse(attr, diag);
    let ident = method.sig.ident.clone();
    let name = args
        .name
        .as_ref()
        .map_or_else(|| unraw(&ident), LitStr::value);
    let name_at = args
        .name
        .as_ref()
        .map_or_else(|| ident.to_token_stream(), quote::ToTokens::to_token_stream);
    if let Some(fault) = action_fault(&name) {
        diag.error(&name_at, fault)
            .help("write a name such as `name = \"say\"`");
    }
    if let Some(was) = &args.was {
        if let Some(fault) = action_fault(&was.value()) {
            diag.error(was, fault)
                .help("`was` is the name that the action had before");
        } else if was.value() == name {
            diag.error(was, format!("`was` is the present name of `{ident}`"))
                .help("`was` is the name that the action had before; remove it");
            args.was = None;
        }
    }
    let from = diag.count();
    check_signature(&method.sig, "an action", &format!("action `{ident}`"), diag);
    let parts = read_inputs(&mut method.sig, Kind::of(&args), rt, diag);
    let output = read_output(&method.sig.output, &format!("action `{ident}`"), diag);
    let (mode, context, params) = parts?;
    let job = job::read(&mut args, &ident, (mode, output.streams), diag);
    check_streams(&output, mode, &ident, diag);
    if let Some(route) = &args.route {
        let kind = (mode, output.streams);
        route::check(route, &ident, &args.auth, kind, &params, diag);
    }
    // Wrong keys leave the call as it is; a wrong signature leaves nothing to call.
    (diag.count() == from).then(|| Action {
        ident,
        name,
        name_at,
        was: args.was,
        docs: Docs::of(&method.attrs),
        cfgs: Cfgs::of(&method.attrs),
        auth: args.auth,
        middleware: args.middleware,
        mode,
        is_async: method.sig.asyncness.is_some(),
        context,
        params,
        output,
        route: args.route,
        job,
    })
}

/// Whoever reads items may take minutes: nothing may be held meanwhile.
fn check_streams(output: &Output, mode: Mode, name: &Ident, diag: &mut Diag) {
    let what = match mode {
        Mode::Query => "query",
        Mode::Command => "command",
        Mode::Process => return,
    };
    if output.streams {
        diag.error(
            &output.ty,
            format!("the {what} `{name}` would hold its object for as long as its items are read"),
        )
        .help("make it a process: take `this: Handle<Self>`, and read by `this.read(|state| ..).await`");
    }
}

/// What neither an action nor a handler may be.
pub(crate) fn check_signature(sig: &Signature, what: &str, name: &str, diag: &mut Diag) {
    if let Some(token) = &sig.constness {
        diag.error(token, format!("{name} is a `const fn`"))
            .help("remove `const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        diag.error(token, format!("{name} is an `unsafe fn`"))
            .help("remove `unsafe`: whoever calls from outside can promise nothing");
    }
    if let Some(abi) = &sig.abi {
        diag.error(abi, format!("{name} is an `extern fn`"))
            .help("remove `extern`");
    }
    if !sig.generics.params.is_empty() {
        diag.error(&sig.generics.params, format!("{what} cannot be generic"))
            .help("write the types out, all of them owned")
            .note("callers reach it by name, from other languages as well");
    } else if let Some(clause) = &sig.generics.where_clause {
        diag.error(clause, format!("{what} cannot have a where clause"))
            .help("remove it: there is nothing generic to bound");
    }
    if let Some(variadic) = &sig.variadic {
        diag.error(variadic, format!("{name} is variadic"))
            .help("take a `Vec<T>`");
    }
}

/// The receivers that there are, for messages.
const RECEIVERS: &str =
    "`&self` makes a query, `&mut self` a command, `this: Handle<Self>` a process";

fn read_inputs(
    sig: &mut Signature,
    run_as: Kind,
    rt: &Rt,
    diag: &mut Diag,
) -> Option<(Mode, bool, Vec<Param>)> {
    let name = sig.ident.clone();
    let mut inputs = sig.inputs.iter_mut();
    let mode = match inputs.next() {
        Some(FnArg::Receiver(receiver)) => {
            param::refuse_attrs(&mut receiver.attrs, rt, "the receiver", diag);
            receiver_mode(receiver, &name, diag)
        }
        Some(FnArg::Typed(first)) => {
            param::refuse_attrs(&mut first.attrs, rt, "the receiver", diag);
            if last_segment(&first.ty).as_deref() == Some("Handle") {
                Some(Mode::Process)
            } else {
                diag.error(&sig.ident, format!("action `{name}` has no receiver"))
                    .help(RECEIVERS);
                None
            }
        }
        None => {
            diag.error(&sig.ident, format!("action `{name}` has no receiver"))
                .help(RECEIVERS);
            None
        }
    };
    let mut context = false;
    let mut params = Vec::new();
    for (index, input) in inputs.enumerate() {
        let FnArg::Typed(input) = input else { continue };
        if index == 0 && is_context(&input.ty) {
            param::refuse_attrs(&mut input.attrs, rt, "the context", diag);
            check_context(&input.ty, mode, run_as, diag);
            context = true;
        } else {
            params.extend(param::read(input, rt, diag));
        }
    }
    if params.len() > MAX_PARAMS {
        diag.error(
            &sig.ident,
            format!("action `{name}` has more than {MAX_PARAMS} parameters"),
        )
        .help("gather some in one `#[data] struct`");
    }
    mode.map(|mode| (mode, context, params))
}

fn receiver_mode(receiver: &syn::Receiver, name: &Ident, diag: &mut Diag) -> Option<Mode> {
    match &receiver.kind {
        ReceiverKind::Reference(_, None, None) => return Some(Mode::Query),
        ReceiverKind::Reference(_, None, Some(_)) => return Some(Mode::Command),
        ReceiverKind::Reference(_, Some(lifetime), _) => {
            diag.error(
                lifetime,
                format!("the receiver of action `{name}` names a lifetime"),
            )
            .help("remove it: write `&self` or `&mut self`");
        }
        ReceiverKind::Typed(_, ty) if last_segment(ty).as_deref() == Some("Handle") => {
            diag.error(
                receiver,
                format!("action `{name}` cannot take its handle as `self`"),
            )
            .help("write `this: Handle<Self>`");
        }
        _ => {
            diag.error(
                receiver,
                format!("action `{name}` would consume its object"),
            )
            .help(RECEIVERS);
        }
    }
    None
}

/// A reference, or a type that is called a context.
fn is_context(ty: &Type) -> bool {
    let named = last_segment(ty);
    matches!(ungroup(ty), Type::Reference(_))
        || matches!(
            named.as_deref(),
            Some("Context" | "ProcessContext" | "JobContext" | "Workflow")
        )
}

fn check_context(ty: &Type, mode: Option<Mode>, run_as: Kind, diag: &mut Diag) {
    let by_reference = match ungroup(ty) {
        Type::Reference(reference) => {
            let inner = last_segment(&reference.elem);
            if !matches!(
                inner.as_deref(),
                Some("Context" | "ProcessContext" | "JobContext" | "Workflow")
            ) {
                diag.error(ty, "parameters are owned; a reference is the context")
                    .help("take `String` for `&str`, `Vec<T>` for `&[T]`, `T` for `&T`");
                return;
            }
            Some(reference)
        }
        _ => None,
    };
    match (mode, by_reference) {
        (Some(Mode::Query), Some(reference)) => {
            if let Some(token) = &reference.mutability {
                diag.error(token, "a query only reads, so its context is shared")
                    .help("write `cx: &Context<Self>`, or take `&mut self` to make it a command");
            }
        }
        (Some(Mode::Process), Some(_)) => {
            diag.error(ty, "a process owns its context")
                .help(run_as.context_help());
        }
        (Some(Mode::Process), None) => {
            let kind = last_segment(ty);
            if kind.as_deref() != Some(run_as.context()) {
                let what = run_as.article();
                diag.error(ty, format!("{what} has a context of its own kind"))
                    .help(run_as.context_help());
            }
        }
        (Some(Mode::Query), None) => {
            diag.error(ty, "a query borrows its context")
                .help("write `cx: &Context<Self>`");
        }
        (Some(Mode::Command), None) => {
            diag.error(ty, "a command borrows its context")
                .help("write `cx: &mut Context<Self>`");
        }
        (Some(Mode::Command), Some(_)) | (None, _) => {}
    }
}

/// Reads the return type, which callers get as a value.
pub(crate) fn read_output(output: &ReturnType, name: &str, diag: &mut Diag) -> Output {
    let ReturnType::Type(_, ty) = output else {
        return Output {
            ty: quote!(()),
            fallible: false,
            streams: false,
        };
    };
    if let Some(found) = impl_trait_in(ty) {
        diag.error(found, format!("the result of {name} has no name"))
            .help("write the type that it returns");
    } else if let Some(borrow) = borrow_in(ty) {
        diag.error(borrow, format!("the result of {name} borrows"))
            .help("return an owned value, for example by `.clone()` or `.to_owned()`");
    }
    let fallible = last_segment(ty).as_deref() == Some("Result");
    let value = if fallible {
        first_argument(ty)
    } else {
        Some(&**ty)
    };
    Output {
        ty: ty.to_token_stream(),
        fallible,
        streams: value.and_then(last_segment).as_deref() == Some("Streaming"),
    }
}

/// The parameter of a signature that is written `name: Type`.
pub(crate) fn typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    }
}
