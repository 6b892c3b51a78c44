//! The table of handlers: of what happens to the object and its connections, and of events.
//!
//! ```ignore
//! __rt::Handler::Start(|this, cx, first| ::std::boxed::Box::pin(async move {
//!     __rt::finish_result(Self::start(this, cx, first).await)
//! })),
//! ```

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::local;
use super::table::{auth, ends};
use crate::attrs::event::{Form, Own};
use crate::model::handler::{Handler, HandlerKind};

/// One element of the table.
pub(crate) fn element(handler: &Handler) -> TokenStream {
    let (cfgs, method) = (&handler.cfgs, &handler.ident);
    let this = local("this");
    let cx = local(if handler.context { "cx" } else { "_cx" });
    let context = handler.context.then(|| quote!(, #cx));
    let awaits = handler.is_async.then(|| quote!(.await));
    let finish = local(if handler.output.fallible {
        "finish_result"
    } else {
        "finish_value"
    });
    let call = |value: TokenStream| {
        let value = handler.value.is_some().then(|| quote!(, #value));
        quote!(__rt::#finish(Self::#method(#this #context #value)#awaits))
    };
    match &handler.kind {
        HandlerKind::Own(_) if handler.form.is_some() => message(handler),
        HandlerKind::Own(_) if !handler.params.is_empty() => connect(handler),
        HandlerKind::Own(own) => {
            let (variant, name) = match own {
                Own::Start => ("Start", "first"),
                Own::Alarm => ("Alarm", "alarm"),
                Own::Connect => ("Connect", "connection"),
                Own::Message => ("Message", "message"),
                Own::Disconnect => ("Disconnect", "gone"),
                // One of the actions: see `fetch`.
                Own::Fetch => return TokenStream::new(),
            };
            let (variant, value) = (local(variant), value(handler, name));
            let call = call(quote!(#value));
            quote! {
                #cfgs
                __rt::Handler::#variant(|#this, #cx, #value| ::std::boxed::Box::pin(async move { #call }))
            }
        }
        HandlerKind::Event { path, once, .. } if handler.is_async => reaction(handler, path, *once),
        HandlerKind::Event {
            path,
            required,
            once,
        } => {
            let event = local("event");
            let span = handler
                .value
                .as_ref()
                .map_or_else(|| path.span(), Spanned::span);
            let mut given = event.clone();
            given.set_span(event.span().located_at(span));
            let bound = if handler.value.is_some() {
                quote!(#event)
            } else {
                quote!(_)
            };
            let call = call(quote_spanned!(span=> ::core::clone::Clone::clone(#given)));
            let name = &handler.name;
            quote! {
                #cfgs
                __rt::Handler::Event(__rt::EventHandler {
                    name: #name,
                    event: <#path as __rt::Event>::NAME,
                    required: #required,
                    once: #once,
                    run: |#this, #cx, #event| match __rt::event_as::<#path>(#event) {
                        ::core::option::Option::Some(#bound) => #call,
                        ::core::option::Option::None => ::core::result::Result::Ok(()),
                    },
                })
            }
        }
    }
}

/// The handler of an event after the commit: a process.
///
/// ```ignore
/// __rt::Handler::Reaction(__rt::reaction::<Self, UserCreated>("send_mail", false, |this, cx, params| {
///     ::std::boxed::Box::pin(async move {
///         let event: UserCreated = __rt::reaction_event(&cx, &params)?;
///         __rt::reacted(__rt::finish_result(Self::send_mail(this, cx, event).await))
///     })
/// })),
/// ```
fn reaction(handler: &Handler, path: &Path, once: bool) -> TokenStream {
    let (cfgs, method, name) = (&handler.cfgs, &handler.ident, &handler.name);
    let [this, cx, params] = ["this", "cx", "params"].map(local);
    let context = handler.context.then(|| quote!(, #cx));
    let event = value(handler, "event");
    let given = handler.value.is_some().then(|| quote!(, #event));
    let finish = local(if handler.output.fallible {
        "finish_result"
    } else {
        "finish_value"
    });
    // Who defers nothing is told so at the method.
    let made = quote_spanned!(method.span()=> __rt::reaction::<Self, #path>);
    quote! {
        #cfgs
        __rt::Handler::Reaction(#made(#name, #once, |#this, #cx, #params| {
            ::std::boxed::Box::pin(async move {
                let #event: #path = __rt::reaction_event(&#cx, &#params)?;
                __rt::reacted(__rt::#finish(Self::#method(#this #context #given).await))
            })
        }))
    }
}

/// The handler of connections that say something in their URL.
///
/// ```ignore
/// __rt::Handler::ConnectWith(
///     const { &__rt::ConnectParams::new::<(String,)>(const { &[__rt::Param::new("name", "")] }) },
///     |this, cx, connection, mut params| ::std::boxed::Box::pin(async move {
///         let (name,) = params.decode::<(String,)>()?;
///         __rt::finish_result(Self::joined(this, cx, connection, name).await)
///     }),
/// ),
/// ```
fn connect(handler: &Handler) -> TokenStream {
    let (cfgs, method) = (&handler.cfgs, &handler.ident);
    let [this, params] = ["this", "params"].map(local);
    let cx = local(if handler.context { "cx" } else { "_cx" });
    let connection = value(handler, "connection");
    let context = handler.context.then(|| quote!(, #cx));
    let awaits = handler.is_async.then(|| quote!(.await));
    let finish = local(if handler.output.fallible {
        "finish_result"
    } else {
        "finish_value"
    });
    let table = handler.params.iter().map(|param| {
        let (name, docs, builders) = (&param.name, param.docs.expr(), &param.builders);
        quote!(__rt::Param::new(#name, #docs)#builders)
    });
    let names: Vec<_> = handler.params.iter().map(|param| &param.ident).collect();
    let types = handler.params.iter().map(|param| &param.ty);
    let types = quote!((#(#types,)*));
    quote! {
        #cfgs
        __rt::Handler::ConnectWith(
            const { &__rt::ConnectParams::new::<#types>(const { &[#(#table),*] }) },
            |#this, #cx, #connection, mut #params| ::std::boxed::Box::pin(async move {
                let (#(#names,)*) = #params.decode::<#types>()?;
                __rt::#finish(Self::#method(#this #context, #connection #(, #names)*)#awaits)
            }),
        )
    }
}

/// The handler of messages by type.
///
/// ```ignore
/// __rt::Handler::TypedMessage(
///     &__rt::MessageForm::new("type", "payload", "correlationId"),
///     |this, cx, message| ::std::boxed::Box::pin(async move {
///         let (message, answer) = __rt::TypedMessage::<ClientMessage>::read(message, FORM)?.split();
///         let payload = __rt::reply_result(Self::message(this, cx, message).await)?;
///         answer.send(cx, &payload);
///         ::core::result::Result::Ok(())
///     }),
/// ),
/// ```
fn message(handler: &Handler) -> TokenStream {
    let (cfgs, method, ty) = (&handler.cfgs, &handler.ident, &handler.value);
    let [this, cx, answer, payload, form] = ["this", "cx", "answer", "payload", "FORM"].map(local);
    let message = value(handler, "message");
    let context = handler.context.then(|| quote!(, #cx));
    let awaits = handler.is_async.then(|| quote!(.await));
    let reply = local(if handler.output.fallible {
        "reply_result"
    } else {
        "reply_value"
    });
    let said = |word: fn(&Form) -> &Option<syn::LitStr>, default: &str| {
        let word = handler.form.as_ref().and_then(|form| word(form).as_ref());
        word.map_or_else(|| quote!(#default), |word| quote!(#word))
    };
    let tag = said(|form| &form.tag, "type");
    let carried = said(|form| &form.payload, "payload");
    let id = said(|form| &form.id, "correlationId");
    quote! {
        #cfgs
        {
            const #form: &__rt::MessageForm = &__rt::MessageForm::new(#tag, #carried, #id);
            __rt::Handler::TypedMessage(#form, |#this, #cx, #message| ::std::boxed::Box::pin(async move {
                let (#message, #answer) = __rt::TypedMessage::<#ty>::read(#message, #form)?.split();
                let #payload = __rt::#reply(Self::#method(#this #context, #message)#awaits)?;
                #answer.send(#cx, &#payload);
                ::core::result::Result::Ok(())
            }))
        }
    }
}

/// The handler of requests: an action that no name leads to.
///
/// ```ignore
/// __rt::Action::process(|this, cx, params| ::std::boxed::Box::pin(async move {
///     let outflow = __rt::Outflow::of(&cx);
///     let request = __rt::raw_request(&params, &outflow)?;
///     __rt::raw_reply(outflow, Self::fetch(this, cx, request).await).await
/// }))
/// .raw::<Request, Result<Response>>(),
/// ```
pub(crate) fn fetch(handler: &Handler) -> TokenStream {
    let (cfgs, method, auth) = (&handler.cfgs, &handler.ident, auth(&handler.auth));
    let [this, cx, params, outflow] = ["this", "cx", "params", "outflow"].map(local);
    let context = handler.context.then(|| quote!(, #cx));
    let request = value(handler, "request");
    let (taken, given) = (&handler.value, &handler.output.ty);
    // What cannot be a response is told of at the type.
    let (first, last) = ends(&handler.output.ty);
    let awaits = handler.is_async.then(|| quote_spanned!(last=> .await));
    let mut method = method.clone();
    method.set_span(first);
    let function = quote_spanned!(first=> Self::#method);
    let args = quote_spanned!(last=> (#this #context, #request)#awaits);
    quote! {
        #cfgs
        __rt::Action::process(|#this, #cx, #params| ::std::boxed::Box::pin(async move {
            let #outflow = __rt::Outflow::of(&#cx);
            let #request = __rt::raw_request(&#params, &#outflow)?;
            __rt::raw_reply(#outflow, #function #args).await
        }))#auth.raw::<#taken, #given>()
    }
}

/// What the trigger brings, told of at its type where that is another.
fn value(handler: &Handler, name: &str) -> Ident {
    let Some(ty) = &handler.value else {
        return local(&format!("_{name}"));
    };
    let mut ident = local(name);
    ident.set_span(ident.span().located_at(ty.span()));
    ident
}
