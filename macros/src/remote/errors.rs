//! The errors that actions of another app declare, as enums: one for each list of them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::docs;
use super::json::Json;
use super::names::{Scope, pascal};
use super::schema::{is_nullable, is_required, properties};
use super::types::Types;
use crate::model::error::FRAMEWORK_CODES;
use crate::syntax::names::snake;

/// The enums so far, by what they list.
#[derive(Default)]
pub(super) struct Errors {
    known: Vec<(Vec<Json>, Ident)>,
    pub(super) code: TokenStream,
}

impl Errors {
    /// The type of what an action fails with. `stem` names it if the codes do not.
    pub(super) fn of(
        &mut self,
        declared: &[Json],
        stem: &str,
        types: &Types<'_>,
        scope: &mut Scope,
    ) -> TokenStream {
        let own = |error: &&Json| {
            let code = error.text_of("code");
            !code.is_empty() && !FRAMEWORK_CODES.contains(&code)
        };
        let list: Vec<Json> = declared.iter().filter(own).cloned().collect();
        if list.is_empty() {
            return quote!(::core::convert::Infallible);
        }
        if let Some((_, ident)) = self.known.iter().find(|(known, _)| *known == list) {
            return quote!(#ident);
        }
        let prefix = prefix(&list);
        let name = prefix
            .as_ref()
            .map_or_else(|| stem.to_owned(), |prefix| pascal(prefix));
        let ident = scope.claim(&format!("{name}Error"));
        self.code
            .extend(declare(&ident, prefix.as_deref(), &list, types));
        self.known.push((list, ident.clone()));
        quote!(#ident)
    }
}

/// What stands before the first dot of every code.
fn prefix(list: &[Json]) -> Option<String> {
    let mut prefixes = list.iter().map(|error| {
        error
            .text_of("code")
            .split_once('.')
            .map(|(prefix, _)| prefix)
    });
    let first = prefixes.next()??;
    prefixes
        .all(|prefix| prefix == Some(first))
        .then(|| first.to_owned())
}

fn declare(ident: &Ident, prefix: Option<&str>, list: &[Json], types: &Types<'_>) -> TokenStream {
    let mut scope = Scope::default();
    let mut variants = TokenStream::new();
    for error in list {
        let code = error.text_of("code");
        let code = prefix
            .and_then(|prefix| code.strip_prefix(prefix)?.strip_prefix('.'))
            .unwrap_or(code);
        let variant = scope.claim(&pascal(code));
        let status = error.get("status").and_then(Json::number);
        let status: u16 = status.and_then(|status| status.parse().ok()).unwrap_or(400);
        let status = if (400..600).contains(&status) {
            status
        } else {
            400
        };
        let retryable =
            (error.get("retryable") == Some(&Json::Bool(true))).then(|| quote!(, retryable));
        let docs = docs(error.text_of("description"), code);
        // The derive writes the variant's name in snake case where no code is given.
        let code = (snake(&variant.to_string()) != code).then(|| quote!(, code = #code));
        let details = error.get("details");
        let details = details.map(|details| fields(types.resolved(details), types));
        variants.extend(quote! {
            #docs
            #[error(status = #status #code #retryable)]
            #variant #details,
        });
    }
    let krate = types.rt.public();
    let prefix = prefix.map(|prefix| quote!(, prefix = #prefix));
    let derived: TokenStream = quote! {
        #[doc = " What actions of the app fail with."]
        #[error(crate = #krate #prefix)]
        pub enum #ident { #variants }
    };
    let implemented = crate::entry::action_error(derived.clone());
    let bare = strip(derived);
    quote! {
        #[allow(dead_code, reason = "not every type of the other app is used")]
        #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
        #bare
        #implemented
    }
}

/// The members of an error's details, where each can be a field of its own name.
fn fields(details: &Json, types: &Types<'_>) -> TokenStream {
    let members = properties(details);
    let by_position = members
        .iter()
        .enumerate()
        .all(|(index, (name, _))| *name == index.to_string());
    if by_position && !members.is_empty() {
        let types = members.iter().map(|(_, schema)| {
            let ty = types.ty(schema, None);
            quote!(#[doc = " Said beside it."] #ty)
        });
        return quote!((#(#types),*));
    }
    let mut fields = TokenStream::new();
    for (name, schema) in members {
        // What has another name in Rust would be sought under it.
        let Ok(ident) = syn::parse_str::<Ident>(name) else {
            return TokenStream::new();
        };
        let mut ty = types.ty(schema, None);
        if !is_required(details, name) && !is_nullable(schema) {
            ty = quote!(::core::option::Option<#ty>);
        }
        let docs = docs(schema.text_of("description"), &format!("`{name}`."));
        fields.extend(quote!(#docs #ident: #ty,));
    }
    if fields.is_empty() {
        return fields;
    }
    quote!({ #fields })
}

/// Takes the attributes away that only the derive knows.
fn strip(item: TokenStream) -> TokenStream {
    let Ok(mut item) = syn::parse2::<syn::ItemEnum>(item) else {
        return TokenStream::new();
    };
    let foreign = |attr: &syn::Attribute| !attr.path().is_ident("error");
    item.attrs.retain(foreign);
    for variant in &mut item.variants {
        variant.attrs.retain(foreign);
    }
    quote!(#item)
}
