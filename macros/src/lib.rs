//! The attribute macros of stayput. They are documented where users meet them: on the re-exports of `stayput`.
//!
//! A macro call goes through `attrs` (arguments), `syntax` (the item, no further than needed), `model`
//! (validated, every rule about one thing beside it), and `expand` (tokens, infallible).

mod attrs;
mod diag;
mod entry;
mod expand;
#[cfg(test)]
mod golden;
mod model;
mod output;
mod paths;
mod pattern;
mod remote;
mod syntax;
mod test;

use proc_macro::TokenStream;

use crate::attrs::object::Kind;

/// Makes a struct a durable object, and the methods of its impl its actions.
#[proc_macro_attribute]
pub fn durable_object(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::object(Kind::Object, args.into(), item.into()).into()
}

/// Makes a struct a mixin, and the methods of its impl the mixin's actions.
#[proc_macro_attribute]
pub fn mixin(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::object(Kind::Mixin, args.into(), item.into()).into()
}

/// Makes a method of a durable object or mixin an action.
#[proc_macro_attribute]
pub fn action(_args: TokenStream, item: TokenStream) -> TokenStream {
    entry::stray_action(item.into()).into()
}

/// Makes a type an event, or a method of a durable object or mixin a handler.
#[proc_macro_attribute]
pub fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::event(args.into(), item.into()).into()
}

/// Makes a struct what a projection of events keeps.
#[proc_macro_attribute]
pub fn projection(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::projection(args.into(), item.into()).into()
}

/// Derives what a parameter, a result or a field needs.
#[proc_macro_attribute]
pub fn data(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::data(args.into(), item.into()).into()
}

/// Makes an enum or struct the error of actions.
#[proc_macro_derive(ActionError, attributes(error))]
pub fn action_error(item: TokenStream) -> TokenStream {
    entry::action_error(item.into()).into()
}

/// Makes typed stubs of another app's classes out of its manifest.
#[proc_macro]
pub fn stub(args: TokenStream) -> TokenStream {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    remote::stub(args.into(), std::path::Path::new(&folder)).into()
}

/// Reads a struct from the environment.
#[proc_macro_derive(Config, attributes(config))]
pub fn config(item: TokenStream) -> TokenStream {
    entry::config(item.into()).into()
}

/// Makes a struct the rows of a table.
#[proc_macro_derive(Entity, attributes(entity, key, index, version))]
pub fn entity(item: TokenStream) -> TokenStream {
    entry::entity(item.into()).into()
}

/// Makes a struct the rows of a table in SQL.
#[proc_macro_derive(Row, attributes(row, column, index))]
pub fn row(item: TokenStream) -> TokenStream {
    entry::row(item.into()).into()
}

/// Makes an asynchronous function a test in the harness.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    test::test(args.into(), item.into()).into()
}
