//! Expansions compared with files, one feature in each. `EXPECTORATE=overwrite` rewrites them; read the diff.

mod cases;
mod hygiene;
mod size;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, Meta};

use crate::attrs::object::Kind;
use crate::entry;

/// Expands every macro of ours in some source, as rustc would, and returns the generated part alone: what the
/// user wrote comes back only where an attribute of ours was taken out of it.
fn expand(source: TokenStream) -> TokenStream {
    let file: syn::File = syn::parse2(source).expect("a test's source parses");
    file.items.into_iter().map(expand_item).collect()
}

fn expand_item(mut item: Item) -> TokenStream {
    let attrs = match &mut item {
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Fn(item) => &mut item.attrs,
        other => return quote!(#other),
    };
    let Some(index) = attrs.iter().position(|attr| {
        [
            "durable_object",
            "mixin",
            "event",
            "data",
            "projection",
            "derive",
        ]
        .iter()
        .any(|name| attr.path().is_ident(name))
    }) else {
        return quote!(#item);
    };
    let attr = attrs.remove(index);
    let args = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let name = attr
        .path()
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default();
    let item = quote!(#item);
    match name.as_str() {
        "durable_object" => entry::object(Kind::Object, args, item),
        "mixin" => entry::object(Kind::Mixin, args, item),
        "event" => entry::event(args, item),
        "data" => entry::data(args, item),
        "projection" => entry::projection(args, item),
        _ if args.to_string() == "ActionError" => entry::action_error(item),
        _ if args.to_string() == "Entity" => entry::entity(item),
        _ if args.to_string() == "Row" => entry::row(item),
        _ => entry::config(item),
    }
}

/// The expansion as a reader would write it.
fn pretty(tokens: TokenStream) -> String {
    let file: syn::File = syn::parse2(tokens).expect("an expansion parses");
    prettyplease::unparse(&file)
}
