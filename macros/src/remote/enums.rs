//! Alternatives of another app as enums, in the forms that serde gives them.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use super::json::Json;
use super::names::{Scope, ident, pascal};
use super::schema::{is_record, properties, reference};
use super::types::Types;

/// `#[serde(..)] pub enum Name { .. }`; `None` where the alternatives have no name to be told apart by.
pub(super) fn body(types: &Types<'_>, name: &str, schema: &Json) -> Option<TokenStream> {
    let variants = variants(schema)?;
    let (tag, variants) = match external(types, name, &variants) {
        Some(variants) => (None, variants),
        None => internal(types, name, &variants).map(|(tag, variants)| (Some(tag), variants))?,
    };
    let tag = tag.map(|tag| quote!(#[serde(tag = #tag)]));
    let ident = types.ident(name)?;
    Some(quote! {
        #tag
        pub enum #ident { #variants }
    })
}

/// One alternative a value or schema.
enum Variant<'s> {
    /// Nothing but a name.
    Word(&'s str, &'s str),
    Schema(&'s Json),
}

fn variants(schema: &Json) -> Option<Vec<Variant<'_>>> {
    let either = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    let mut variants = Vec::new();
    if let Some(either) = either {
        for one in either.items() {
            match words(one) {
                Some(words) => {
                    let text = one.text_of("description");
                    variants.extend(words.into_iter().map(|word| Variant::Word(word, text)));
                }
                None => variants.push(Variant::Schema(one)),
            }
        }
    } else {
        let words = words(schema)?.into_iter();
        variants.extend(words.map(|word| Variant::Word(word, "")));
    }
    (!variants.is_empty()).then_some(variants)
}

/// The texts that a schema allows, if it allows nothing else.
fn words(schema: &Json) -> Option<Vec<&str>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => Some(vec![one.text()?]),
        (None, Some(some)) => some.items().iter().map(Json::text).collect(),
        (None, None) => None,
    }
}

/// `"Dot"` and `{"Circle": ..}`.
fn external(types: &Types<'_>, from: &str, variants: &[Variant<'_>]) -> Option<TokenStream> {
    let mut scope = Scope::default();
    let mut out = TokenStream::new();
    for variant in variants {
        let schema = match variant {
            Variant::Word(word, text) => {
                out.extend(head(&mut scope, word, text));
                out.extend(quote!(,));
                continue;
            }
            Variant::Schema(schema) => schema,
        };
        let [(word, payload)] = properties(schema) else {
            return None;
        };
        let closed = schema.get("additionalProperties") == Some(&Json::Bool(false));
        let is_tag = payload.get("const").is_some();
        if !closed || is_tag || schema.get("$ref").is_some() {
            return None;
        }
        out.extend(head(&mut scope, word, schema.text_of("description")));
        out.extend(if is_record(payload) {
            let fields = types.fields(payload, from, false);
            quote!({ #fields },)
        } else {
            let ty = types.ty(payload, Some(from));
            quote!((#ty),)
        });
    }
    Some(out)
}

/// `{"kind": "cents", ..}`: one member of all alternatives names them.
fn internal(
    types: &Types<'_>,
    from: &str,
    variants: &[Variant<'_>],
) -> Option<(String, TokenStream)> {
    let schemas: Option<Vec<&Json>> = variants
        .iter()
        .map(|variant| match variant {
            Variant::Schema(schema) => Some(*schema),
            Variant::Word(..) => None,
        })
        .collect();
    let schemas = schemas?;
    let word_of = |schema: &Json, tag: &str| {
        let property = schema.get("properties")?.get(tag)?;
        property.get("const")?.text().map(str::to_owned)
    };
    let mut tags = properties(schemas.first()?).iter().map(|(tag, _)| tag);
    let tag = tags.find(|tag| schemas.iter().all(|schema| word_of(schema, tag).is_some()))?;
    let mut scope = Scope::default();
    let mut out = TokenStream::new();
    for schema in schemas {
        let word = word_of(schema, tag)?;
        out.extend(head(&mut scope, &word, schema.text_of("description")));
        let rest = without(schema, tag);
        out.extend(match (reference(schema), properties(&rest)) {
            (None, []) => quote!(,),
            (None, _) => {
                let fields = types.fields(&rest, from, false);
                quote!({ #fields },)
            }
            (Some(_), []) => {
                let bare = Json::Object(vec![("$ref".to_owned(), schema.get("$ref")?.clone())]);
                let ty = types.ty(&bare, Some(from));
                quote!((#ty),)
            }
            (Some(_), _) => return None,
        });
    }
    Some((tag.clone(), out))
}

/// The docs, name on the wire and name in Rust of a variant.
fn head(scope: &mut Scope, word: &str, text: &str) -> TokenStream {
    let name = scope.claim(&pascal(word));
    let docs = docs(text, &format!("`{word}`."));
    let rename = (name != ident(word)).then(|| quote!(#[serde(rename = #word)]));
    quote!(#docs #rename #name)
}

/// The schema without one of its properties.
fn without(schema: &Json, property: &str) -> Json {
    let members = schema.members().iter().map(|(key, value)| {
        let value = if key == "properties" {
            let kept = value.members().iter().filter(|(name, _)| name != property);
            Json::Object(kept.cloned().collect())
        } else {
            value.clone()
        };
        (key.clone(), value)
    });
    Json::Object(members.collect())
}
