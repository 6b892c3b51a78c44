//! From the model to tokens; nothing here can fail.
//!
//! A struct becomes its stub, its mounts and, in `const _`, the implementations of the runtime's traits
//! ([`object`]). An impl block becomes, in `const _`, the stub's methods ([`stub`]) and a const table of
//! descriptors and function pointers ([`table`], [`handlers`]). Inside `const _` the runtime is `__rt`.

pub(crate) mod config;
pub(crate) mod data;
pub(crate) mod entity;
pub(crate) mod error;
mod fields;
mod handlers;
pub(crate) mod object;
pub(crate) mod projection;
pub(crate) mod row;
mod stub;
mod table;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::attrs::object::Kind;
use crate::model::action::Mode;
use crate::model::block::Block;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::names::unraw;

/// A local variable of ours. By hygiene it cannot meet one of the user's, which keep the identifiers they came with.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Lints that generated code cannot answer for. They are about items that the user may leave unused.
pub(crate) fn allows() -> TokenStream {
    quote! {
        #[allow(dead_code, private_bounds, private_interfaces, reason = "generated")]
        #[allow(clippy::too_many_arguments, reason = "as many as the action has")]
    }
}

/// An impl block expands to
/// ```ignore
/// const _: () = {
///     use ::stayput::__private as __rt;
///     impl ChatRoomStub { pub fn say(&self, text: impl __rt::Arg<String>) -> __rt::CallOf<..> { .. } }
///     impl __rt::Actions<0> for ChatRoom { const TABLE: &'static __rt::Table<Self> = &__rt::Table { .. }; }
/// };
/// ```
pub(crate) fn block(block: &Block, rt: &Rt) -> TokenStream {
    let import = rt.import();
    let stub = stub::methods(block);
    let (self_path, number) = (&block.self_path, number_of(block));
    let (fetch, handlers): (Vec<_>, Vec<_>) = block
        .handlers
        .iter()
        .partition(|handler| handler.is_fetch());
    let actions = block.actions.iter().map(table::element);
    let actions = actions.chain(fetch.into_iter().map(handlers::fetch));
    let handlers = handlers.into_iter().map(handlers::element);
    let checks = block
        .actions
        .iter()
        .filter_map(|action| table::check(action, self_path));
    let waits = waiting(block);
    let table = quote_spanned!(self_path.span()=> __rt::Table<Self>);
    quote! {
        const _: () = {
            #import
            #stub
            #[automatically_derived]
            impl __rt::Actions<#number> for #self_path {
                const TABLE: &'static #table = &__rt::Table {
                    actions: &[#(#actions),*],
                    handlers: &[#(#handlers),*],
                };
            }
            #(#checks)*
            #(#waits)*
        };
    }
}

/// Methods that hold their object and wait, which objects with SQL cannot have: told of at the method.
/// ```ignore
/// const _: () = __rt::check_waits::<ChatRoom>("say");
/// ```
fn waiting(block: &Block) -> Vec<TokenStream> {
    if block.kind == Kind::Mixin {
        return Vec::new();
    }
    let actions = block.actions.iter();
    let actions = actions.filter(|action| action.is_async && action.mode == Mode::Command);
    let handlers = block.handlers.iter();
    let handlers = handlers
        .filter(|handler| handler.is_async && !handler.is_fetch() && !handler.is_reaction());
    let methods = actions.map(|action| (&action.cfgs, &action.ident));
    let methods = methods.chain(handlers.map(|handler| (&handler.cfgs, &handler.ident)));
    let check = |(cfgs, method): (&Cfgs, &Ident)| {
        let (name, path) = (unraw(method), &block.self_path);
        quote_spanned!(method.span()=> #cfgs const _: () = __rt::check_waits::<#path>(#name);)
    };
    methods.map(check).collect()
}

/// The number of the block, where its name stands.
fn number_of(block: &Block) -> TokenStream {
    let mut number = proc_macro2::Literal::u64_unsuffixed(block.number);
    if let Some(name) = &block.name {
        number.set_span(name.span());
    }
    number.to_token_stream()
}
