//! The table of actions: for each a descriptor and a pointer to what runs it.
//!
//! ```ignore
//! __rt::Action::command(|this, cx, params| {
//!     let (by,) = params.decode::<(u64,)>()?;
//!     __rt::reply_result(Self::increment(this, cx, by))
//! })
//! .named("increment", "Adds `by` and returns the count.")
//! .params(const { &[__rt::Param::new("by", "").default("1")] })
//! .result::<(u64,), Result<u64, CounterError>>(),
//! ```

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Path};

use super::local;
use crate::attrs::action::Auth;
use crate::attrs::route::RouteArgs;
use crate::attrs::ungroup;
use crate::model::action::{Action, Mode};
use crate::model::job::{Job, Kind};
use crate::syntax::types::without_self;

/// One element of the table.
pub(crate) fn element(action: &Action) -> TokenStream {
    let (cfgs, name, docs) = (&action.cfgs, &action.name, action.docs.expr());
    let run = run(action);
    let auth = auth(&action.auth);
    let was = action.was.as_ref().map(|was| quote!(.was(&[#was])));
    let params = action.params.iter().map(|param| {
        let (name, docs, builders) = (&param.name, param.docs.expr(), &param.builders);
        quote!(__rt::Param::new(#name, #docs)#builders)
    });
    let params = (!action.params.is_empty()).then(|| quote!(.params(const { &[#(#params),*] })));
    let route = action.route.as_ref().map(route);
    let (tuple, output) = (tuple(action), &action.output.ty);
    let output_kind = (&action.job, action.output.streams, action.output.fallible);
    let returns = local(match output_kind {
        (Some(_), _, true) => "job_result",
        (Some(_), _, false) => "job_value",
        (None, true, true) => "items_or_error",
        (None, true, false) => "items",
        (None, false, true) => "result",
        (None, false, false) => "value",
    });
    let layers = layers(&action.middleware);
    let layers = (!action.middleware.is_empty()).then(|| quote!(.middleware(#layers)));
    quote! {
        #cfgs
        __rt::Action::#run.named(#name, #docs)#auth #was #params #route #layers.#returns::<#tuple, #output>()
    }
}

/// `.public()` and its kin.
pub(super) fn auth(auth: &Auth) -> TokenStream {
    match auth {
        Auth::Caller => TokenStream::new(),
        Auth::Public => quote!(.public()),
        Auth::Internal => quote!(.internal()),
        Auth::Scope(scope) => quote!(.scope(#scope)),
    }
}

/// `.route(Route::new("POST", "/users").status(201))`
fn route(route: &RouteArgs) -> TokenStream {
    let (method, path) = (route.method, &route.path);
    let status = (route.status.as_ref()).map(|(status, _)| {
        let status = Literal::u16_unsuffixed(*status);
        quote!(.status(#status))
    });
    let location = (route.location.as_ref()).map(|location| quote!(.location(#location)));
    let null = route.none.as_ref().map(|_| quote!(.null_is_found()));
    quote!(.route(__rt::Route::new(#method, #path)#status #location #null))
}

/// `command(|this, cx, params| { .. })` and its kin.
fn run(action: &Action) -> TokenStream {
    let (this, params) = (local("this"), local("params"));
    let streams = action.output.streams;
    let cx = local(if action.context || streams {
        "cx"
    } else {
        "_cx"
    });
    let names: Vec<_> = action.params.iter().map(|param| &param.ident).collect();
    let tuple = tuple(action);
    let decode = if names.is_empty() {
        quote!(#params.decode::<()>()?;)
    } else {
        quote!(let (#(#names,)*) = #params.decode::<#tuple>()?;)
    };
    let context = action.context.then(|| quote!(, #cx));
    let reply = local(match (streams, action.output.fallible) {
        (true, true) => "reply_try_stream",
        (true, false) => "reply_stream",
        (false, true) => "reply_result",
        (false, false) => "reply_value",
    });
    // The call has the span of the return type: a type that cannot be returned is told of there, and once.
    let (first, last) = ends(&action.output.ty);
    let mut method = action.ident.clone();
    method.set_span(first);
    let function = quote_spanned!(first=> Self::#method);
    let awaits = action.is_async.then(|| quote_spanned!(last=> .await));
    let flow = local("flow");
    let context = match &action.job {
        Some(job) if job.kind == Kind::Workflow => context.map(|_| quote!(, #flow.clone())),
        Some(_) => context.map(|_| quote!(, __rt::JobContext::new(#cx))),
        None => context,
    };
    let args = quote_spanned!(last=> (#this #context #(, #names)*));
    let outflow = local("outflow");
    let call = if streams {
        quote! {
            let #outflow = __rt::Outflow::of(&#cx);
            __rt::#reply(#outflow, #function #args #awaits).await
        }
    } else {
        quote!(__rt::#reply(#function #args #awaits))
    };
    let constructor = match (action.mode, action.is_async) {
        (Mode::Query, false) => "query",
        (Mode::Query, true) => "async_query",
        (Mode::Command, false) => "command",
        (Mode::Command, true) => "async_command",
        (Mode::Process, _) => "process",
    };
    let constructor = local(constructor);
    if let Some(job) = &action.job {
        let begin = begin(action, job);
        if job.kind == Kind::Workflow {
            return quote! {
                job(#begin, |#this, #cx, mut #params| ::std::boxed::Box::pin(async move {
                    #decode
                    let #flow = __rt::Workflow::new(#cx);
                    #flow.clone().run(async move { #call }).await
                }))
            };
        }
        return quote! {
            job(#begin, |#this, #cx, mut #params| ::std::boxed::Box::pin(async move { #decode #call }))
        };
    }
    if action.is_async || action.mode == Mode::Process {
        quote! {
            #constructor(|#this, #cx, mut #params| ::std::boxed::Box::pin(async move { #decode #call }))
        }
    } else {
        quote!(#constructor(|#this, #cx, #params| { #decode #call }))
    }
}

/// `|this, cx, params| { .. }`: what a call of a job does. The object's `jobs` are looked for where `job` is written.
fn begin(action: &Action, job: &Job) -> TokenStream {
    let (this, cx, params) = (local("this"), local("cx"), local("params"));
    let (name, tuple, retries) = (&action.name, tuple(action), job.retries);
    let span = job.at.span();
    let mut jobs = local("jobs");
    jobs.set_span(jobs.span().located_at(span));
    let (keep, context) = (
        quote_spanned!(span=> &mut #this.#jobs),
        quote_spanned!(span=> &mut #cx.#jobs()),
    );
    let accept = local(match job.kind {
        Kind::Workflow => "accept_workflow",
        Kind::Job | Kind::Process => "accept_job",
    });
    quote! {
        |#this: &mut Self, #cx: &mut __rt::Context<Self>, #params| {
            #params.decode::<#tuple>()?;
            __rt::#accept(#keep, #context, #name, #retries, #params)
        }
    }
}

/// The spans of the first and the last token.
pub(super) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or_else(Span::mixed_site);
    (first, spans.last().unwrap_or(first))
}

/// `const { const LAYERS: &[__rt::MakeLayer] = &[|| __rt::layer(..)]; LAYERS }`: what makes each middleware. A path names
/// a type, which is made by default.
pub(crate) fn layers(middleware: &[Expr]) -> TokenStream {
    let name = local("__LAYERS");
    let make = middleware.iter().map(|expr| {
        let made = match ungroup(expr) {
            Expr::Path(path) => {
                quote_spanned!(path.span()=> <#path as ::core::default::Default>::default())
            }
            other => other.to_token_stream(),
        };
        quote_spanned!(expr.span()=> || __rt::layer(#made))
    });
    quote!(const { const #name: &[__rt::MakeLayer] = &[#(#make),*]; #name })
}

/// The types of the parameters.
pub(crate) fn tuple(action: &Action) -> TokenStream {
    let types = action.params.iter().map(|param| &param.ty);
    let span = action
        .params
        .first()
        .map_or_else(Span::mixed_site, |param| param.ty.span());
    quote_spanned!(span=> (#(#types,)*))
}

/// A result that is not written `Result` must not be one by another name: its errors would go out as values.
pub(crate) fn check(action: &Action, self_path: &Path) -> Option<TokenStream> {
    if action.output.fallible {
        return None;
    }
    let ty = without_self(&action.output.ty, self_path);
    let (cfgs, is_unit) = (&action.cfgs, ty.to_string() == "()");
    (!is_unit).then(|| quote_spanned!(ty.span()=> #cfgs __rt::assert_not_result!(#ty);))
}
