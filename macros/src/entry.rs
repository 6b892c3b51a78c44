//! One function for each macro, on `proc_macro2` tokens, so that tests can call them.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, DeriveInput, ItemStruct, Token, Visibility};

use crate::attrs::event::{EventArgs, parse_data};
use crate::attrs::object::{ImplArgs, Kind, StructArgs};
use crate::attrs::projection::ProjectionArgs;
use crate::diag::Diag;
use crate::expand;
use crate::model;
use crate::output::assemble;
use crate::paths::Rt;
use crate::syntax::derives::data_derives;
use crate::syntax::docs::Docs;
use crate::syntax::helpers::{belongs, strip_tokens};
use crate::syntax::names::{snake, unraw, wire_fault};
use crate::syntax::raw::RawImpl;

/// What an attribute stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Struct,
    Enum,
    Impl,
    Fn,
    Other,
}

/// Looks past attributes, visibility and qualifiers at the keyword of the item.
fn target(item: &TokenStream) -> Target {
    let parser = |input: syn::parse::ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let mut found = Target::Other;
        while !input.is_empty() {
            let seen = match () {
                () if input.peek(Token![struct]) => Some(Target::Struct),
                () if input.peek(Token![enum]) => Some(Target::Enum),
                () if input.peek(Token![impl]) => Some(Target::Impl),
                () if input.peek(Token![fn]) => Some(Target::Fn),
                () if input.peek(Token![trait]) || input.peek(Token![mod]) => Some(Target::Other),
                () => None,
            };
            if let Some(seen) = seen {
                found = seen;
                break;
            }
            input.parse::<proc_macro2::TokenTree>()?;
        }
        input.parse::<TokenStream>()?;
        Ok(found)
    };
    syn::parse::Parser::parse2(parser, item.clone()).unwrap_or(Target::Other)
}

/// The first line of an item, to point at: everything before its body.
fn head(item: &TokenStream) -> TokenStream {
    let keyword = |tree: &proc_macro2::TokenTree| {
        matches!(tree, proc_macro2::TokenTree::Ident(ident)
            if ["enum", "fn", "trait", "mod", "union", "const", "static", "type", "struct"]
                .iter().any(|word| ident == word))
    };
    let mut trees = item.clone().into_iter().skip_while(|tree| !keyword(tree));
    let two: TokenStream = trees.by_ref().take(2).collect();
    if two.is_empty() { item.clone() } else { two }
}

/// `#[durable_object]` and `#[mixin]`.
pub(crate) fn object(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    match target(&item) {
        Target::Struct => on_struct(kind, args, item, diag),
        Target::Impl => on_impl(kind, args, item, diag),
        _ => {
            diag.error(
                head(&item),
                format!("`{}` goes on a struct and on its impl", kind.shown()),
            )
            .help(
                "write `struct Name { .. }` for the state and `impl Name { .. }` for the actions",
            );
            assemble(strip_tokens(item), TokenStream::new(), diag)
        }
    }
}

fn on_struct(kind: Kind, args: TokenStream, item: TokenStream, mut diag: Diag) -> TokenStream {
    let args = StructArgs::parse(kind, args, &mut diag);
    let rt = Rt::new(args.krate.clone());
    let mut parsed = match syn::parse2::<ItemStruct>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            diag.parse_error(&error);
            return assemble(strip_tokens(item), TokenStream::new(), diag);
        }
    };
    let object = model::object::read(kind, args, &mut parsed, &rt, &mut diag);
    let code = object
        .map(|object| expand::object::expand(&object, &rt))
        .unwrap_or_default();
    assemble(parsed.into_token_stream(), code, diag)
}

fn on_impl(kind: Kind, args: TokenStream, item: TokenStream, mut diag: Diag) -> TokenStream {
    let args = ImplArgs::parse(kind, args, &mut diag);
    let rt = Rt::new(args.krate.clone());
    let mut parsed = match syn::parse2::<RawImpl>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            diag.parse_error(&error);
            return assemble(strip_tokens(item), TokenStream::new(), diag);
        }
    };
    let block = model::block::read(kind, args, &mut parsed, &rt, &mut diag);
    let code = block
        .map(|block| expand::block(&block, &rt))
        .unwrap_or_default();
    assemble(parsed.into_token_stream(), code, diag)
}

/// `#[action]` where no impl block of ours took it.
pub(crate) fn stray_action(item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    diag.error(head(&item), "`#[action]` stands outside a durable object")
        .help(format!(
            "it belongs {}: put `#[durable_object]` above `impl`",
            belongs("action")
        ));
    assemble(strip_tokens(item), TokenStream::new(), diag)
}

/// `#[event]` on a type; anywhere else it is where no impl block of ours took it.
pub(crate) fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    match target(&item) {
        Target::Struct | Target::Enum => {}
        Target::Fn => {
            diag.error(
                head(&item),
                "`#[event]` stands on a function outside a durable object",
            )
            .help("put `#[durable_object]` above the `impl` that it belongs in");
            return assemble(strip_tokens(item), TokenStream::new(), diag);
        }
        _ => {
            diag.error(head(&item), "`#[event]` goes on a struct or an enum")
                .help(format!("it belongs {}", belongs("event")));
            return assemble(strip_tokens(item), TokenStream::new(), diag);
        }
    }
    let args = EventArgs::parse(args, &mut diag);
    let rt = Rt::new(args.krate.clone());
    let parsed = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            diag.parse_error(&error);
            return assemble(item, TokenStream::new(), diag);
        }
    };
    let plain = model::object::refuse_generics(&parsed.generics, "an event", &mut diag);
    let name = args
        .name
        .as_ref()
        .map_or_else(|| snake(&unraw(&parsed.ident)), syn::LitStr::value);
    if let (Some(literal), Some(fault)) = (&args.name, wire_fault("the name of an event", &name)) {
        diag.error(literal, fault)
            .help("write a name such as `name = \"user:created\"`");
    }
    let derives = data_derives(&parsed.attrs, &rt);
    let key = model::event::key(&args.kept, &parsed, &mut diag);
    let code = if plain {
        let event = model::event::Event {
            ident: &parsed.ident,
            name: &name,
            args: &args,
            docs: &Docs::of(&parsed.attrs),
            key,
        };
        expand::data::event(&event, &rt)
    } else {
        TokenStream::new()
    };
    assemble(quote!(#derives #parsed), code, diag)
}

/// `#[projection]` on a struct.
pub(crate) fn projection(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let args = ProjectionArgs::parse(args, &mut diag);
    let rt = Rt::new(args.krate.clone());
    if target(&item) != Target::Struct {
        diag.error(head(&item), "`#[projection]` goes on a struct")
            .help("write `struct Name { .. }` for what it keeps, and `impl Projection for Name` for how");
        return assemble(strip_tokens(item), TokenStream::new(), diag);
    }
    let mut parsed = match syn::parse2::<ItemStruct>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            diag.parse_error(&error);
            return assemble(strip_tokens(item), TokenStream::new(), diag);
        }
    };
    let projection = model::projection::read(&args, &mut parsed, &rt, &mut diag);
    let code = projection
        .map(|projection| expand::projection::expand(&projection, &rt))
        .unwrap_or_default();
    assemble(parsed.into_token_stream(), code, diag)
}

/// `#[data]`.
pub(crate) fn data(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let rt = Rt::new(parse_data(args, &mut diag));
    if !matches!(target(&item), Target::Struct | Target::Enum) {
        diag.error(head(&item), "`#[data]` goes on a struct or an enum")
            .help("it derives Debug, Clone, Serialize, Deserialize and JsonSchema");
        return assemble(item, TokenStream::new(), diag);
    }
    match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(parsed) => {
            let derives = data_derives(&parsed.attrs, &rt);
            assemble(quote!(#derives #parsed), TokenStream::new(), diag)
        }
        Err(error) => {
            diag.parse_error(&error);
            assemble(item, TokenStream::new(), diag)
        }
    }
}

/// `#[derive(ActionError)]`.
pub(crate) fn action_error(item: TokenStream) -> TokenStream {
    derive(item, |input, diag| {
        model::error::read(input, diag).map(|errors| expand::error::expand(&errors))
    })
}

/// `#[derive(Config)]`.
pub(crate) fn config(item: TokenStream) -> TokenStream {
    derive(item, |input, diag| {
        model::config::read(input, diag).map(|config| expand::config::expand(&config))
    })
}

/// `#[derive(Entity)]`.
pub(crate) fn entity(item: TokenStream) -> TokenStream {
    derive(item, |input, diag| {
        model::entity::read(input, diag).map(|entity| expand::entity::expand(&entity))
    })
}

/// `#[derive(Row)]`.
pub(crate) fn row(item: TokenStream) -> TokenStream {
    derive(item, |input, diag| {
        model::row::read(input, diag).map(|row| expand::row::expand(&row))
    })
}

fn derive(
    item: TokenStream,
    expand: impl FnOnce(&DeriveInput, &mut Diag) -> Option<TokenStream>,
) -> TokenStream {
    let mut diag = Diag::new();
    let code = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => expand(&input, &mut diag).unwrap_or_default(),
        Err(error) => {
            diag.parse_error(&error);
            TokenStream::new()
        }
    };
    assemble(TokenStream::new(), code, diag)
}
