//! Types of another app in Rust: JSON Schema to structs, enums and aliases. What Rust cannot say is `Json`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::docs;
use super::enums;
use super::json::Json;
use super::names::{Scope, member, pascal};
use super::schema::{
    bare_references, is_nullable, is_record, is_required, optional, patterns, properties,
    reference, references,
};
use crate::paths::Rt;
use crate::syntax::derives::data_derives;

/// The named types of an app.
pub(super) struct Types<'a> {
    pub(super) rt: &'a Rt,
    schemas: &'a [(String, Json)],
    idents: BTreeMap<&'a str, Ident>,
    /// To which types each one leads with no list or map between: Rust wants a box where that is a circle.
    leads: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Those that something names so far: only they are declared.
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Types<'a> {
    pub(super) fn new(schemas: &'a [(String, Json)], scope: &mut Scope, rt: &'a Rt) -> Self {
        let idents = schemas
            .iter()
            .map(|(name, _)| (name.as_str(), scope.claim(&pascal(name))));
        let mut leads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, schema) in schemas {
            let mut found = BTreeSet::new();
            bare_references(schema, &mut found);
            leads.insert(name, found);
        }
        Self {
            rt,
            schemas,
            idents: idents.collect(),
            leads,
            used: RefCell::default(),
        }
    }

    /// What a named type is called.
    pub(super) fn ident(&self, name: &str) -> Option<&Ident> {
        self.idents.get(name)
    }

    /// The schema that a reference leads to, or the schema itself.
    pub(super) fn resolved<'s>(&'s self, schema: &'s Json) -> &'s Json {
        let named = reference(schema).and_then(|name| self.schema(name));
        named.unwrap_or(schema)
    }

    fn schema(&self, name: &str) -> Option<&'a Json> {
        let (_, schema) = self.schemas.iter().find(|(known, _)| known == name)?;
        Some(schema)
    }

    /// The declarations of the named types that were asked for, and of those in them.
    pub(super) fn declare(&self) -> TokenStream {
        let mut declared: BTreeMap<String, TokenStream> = BTreeMap::new();
        loop {
            let used = self.used.borrow();
            let next = used
                .iter()
                .find(|name| !declared.contains_key(*name))
                .cloned();
            drop(used);
            let Some(name) = next else { break };
            let code = self.idents.get(name.as_str()).zip(self.schema(&name));
            let code = code.map(|(ident, schema)| self.declare_one(&name, ident, schema));
            declared.insert(name, code.unwrap_or_default());
        }
        declared.into_values().collect()
    }

    fn declare_one(&self, name: &str, ident: &Ident, schema: &Json) -> TokenStream {
        let docs = docs(
            schema.text_of("description"),
            &format!("`{name}` of the app."),
        );
        let derives = self.derives();
        if is_record(schema) {
            let fields = self.fields(schema, name, true);
            return quote! {
                #docs
                #derives
                pub struct #ident { #fields }
            };
        }
        if let Some(body) = enums::body(self, name, schema) {
            return quote! {
                #docs
                #derives
                #body
            };
        }
        let ty = self.ty(schema, Some(name));
        if self.reaches_itself(name, schema) {
            return quote! {
                #docs
                #derives
                #[serde(transparent)]
                pub struct #ident(#[doc = " What it holds."] pub #ty);
            };
        }
        quote! {
            #docs
            #[allow(dead_code, reason = "not every type of the other app is used")]
            pub type #ident = #ty;
        }
    }

    /// What data has, and equality, which whoever calls wants to test by.
    pub(super) fn derives(&self) -> TokenStream {
        let derives = data_derives(&[], self.rt);
        quote! {
            #[allow(dead_code, reason = "not every type of the other app is used")]
            #derives
            #[derive(::core::cmp::PartialEq)]
        }
    }

    /// The fields of a struct or, not being `public`, of a variant. `from` is the named type that they stand in.
    pub(super) fn fields(&self, schema: &Json, from: &str, public: bool) -> TokenStream {
        let mut scope = Scope::default();
        let vis = public.then(|| quote!(pub));
        let mut fields = TokenStream::new();
        for (name, property) in properties(schema) {
            let ident = scope.claim(&member(name));
            let text = property.text_of("description");
            let docs = docs(text, &format!("`{name}`."));
            let rename = (ident != *name).then(|| quote!(#[serde(rename = #name)]));
            let mut ty = self.ty(property, Some(from));
            let mut missing = None;
            if !is_required(schema, name) {
                if !is_nullable(property) {
                    ty = quote!(::core::option::Option<#ty>);
                }
                missing = Some(
                    quote!(#[serde(default, skip_serializing_if = "::core::option::Option::is_none")]),
                );
            }
            fields.extend(quote!(#docs #rename #missing #vis #ident: #ty,));
        }
        if let Some(rest @ Json::Object(_)) = schema.get("additionalProperties") {
            let (ident, ty) = (scope.claim("rest"), self.ty(rest, None));
            fields.extend(quote! {
                #[doc = " All other members."]
                #[serde(flatten)]
                #vis #ident: ::std::collections::BTreeMap<::std::string::String, #ty>,
            });
        }
        fields
    }

    /// A type where one is wanted. `from`: the named type in whose declaration it stands.
    pub(super) fn ty(&self, schema: &Json, from: Option<&str>) -> TokenStream {
        if let Some(name) = reference(schema) {
            return self.named(name, schema, from);
        }
        if let Some(value) = schema.get("const") {
            return self.of_values(std::slice::from_ref(value));
        }
        if let Some(values) = schema.get("enum") {
            return self.of_values(values.items());
        }
        if let Some(inner) = optional(schema) {
            let inner = self.ty(inner, from);
            return quote!(::core::option::Option<#inner>);
        }
        match schema.get("allOf").map(Json::items) {
            Some([only]) => return self.ty(only, from),
            Some(_) => return self.any(),
            None => {}
        }
        if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
            return self.any();
        }
        match schema.get("type") {
            Some(Json::Text(name)) => self.of_type(name, schema, from),
            Some(Json::List(names)) => {
                let others: Vec<&str> = names
                    .iter()
                    .filter_map(Json::text)
                    .filter(|name| *name != "null")
                    .collect();
                match others.as_slice() {
                    [only] if names.len() == 2 => {
                        let inner = self.of_type(only, schema, from);
                        quote!(::core::option::Option<#inner>)
                    }
                    _ => self.any(),
                }
            }
            _ => self.any(),
        }
    }

    fn any(&self) -> TokenStream {
        let private = self.rt.private();
        quote!(#private::Json)
    }

    fn named(&self, name: &str, schema: &Json, from: Option<&str>) -> TokenStream {
        // Members beside a reference are those of two types at once.
        let known = self.idents.get(name);
        let Some(ident) = known.filter(|_| schema.get("properties").is_none()) else {
            return self.any();
        };
        self.used.borrow_mut().insert(name.to_owned());
        match from {
            Some(from) if self.leads_to(name, from) => quote!(::std::boxed::Box<#ident>),
            _ => quote!(#ident),
        }
    }

    fn of_values(&self, values: &[Json]) -> TokenStream {
        let all = |test: fn(&Json) -> bool| !values.is_empty() && values.iter().all(test);
        if all(|value| matches!(value, Json::Text(_))) {
            quote!(::std::string::String)
        } else if all(|value| matches!(value, Json::Bool(_))) {
            quote!(bool)
        } else {
            self.any()
        }
    }

    fn of_type(&self, name: &str, schema: &Json, from: Option<&str>) -> TokenStream {
        match name {
            "null" => quote!(()),
            "boolean" => quote!(bool),
            "number" if schema.text_of("format") == "float" => quote!(f32),
            "number" => quote!(f64),
            "integer" => integer(schema),
            "string" if schema.text_of("format") == "object-id" => {
                let private = self.rt.private();
                quote!(#private::ObjectId)
            }
            "string" => quote!(::std::string::String),
            "array" => self.list(schema, from),
            "object" => self.map(schema),
            _ => self.any(),
        }
    }

    fn list(&self, schema: &Json, from: Option<&str>) -> TokenStream {
        if let Some(items) = schema.get("prefixItems") {
            let longest = schema.get("maxItems").and_then(Json::number);
            let closed = longest == Some(&items.items().len().to_string());
            if !closed || items.items().len() > 12 {
                return self.any();
            }
            let items = items.items().iter().map(|item| self.ty(item, from));
            return quote!((#(#items,)*));
        }
        let item = match schema.get("items") {
            Some(item) => self.ty(item, None),
            None => self.any(),
        };
        quote!(::std::vec::Vec<#item>)
    }

    fn map(&self, schema: &Json) -> TokenStream {
        if schema.get("properties").is_some() {
            return self.any();
        }
        let value = match (schema.get("additionalProperties"), patterns(schema)) {
            (Some(value @ Json::Object(_)), []) | (None | Some(Json::Bool(_)), [(_, value)]) => {
                self.ty(value, None)
            }
            _ => self.any(),
        };
        quote!(::std::collections::BTreeMap<::std::string::String, #value>)
    }

    /// Whether the way from one named type to another has no list or map on it.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            if name == to {
                return true;
            }
            if seen.insert(name) {
                open.extend(self.leads.get(name).into_iter().flatten().copied());
            }
        }
        false
    }

    /// Whether an alias would be part of itself.
    fn reaches_itself(&self, name: &str, schema: &Json) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = BTreeSet::new();
        references(schema, &mut open);
        let mut open: Vec<&str> = open.into_iter().collect();
        while let Some(next) = open.pop() {
            if next == name {
                return true;
            }
            let schema = self.schemas.iter().find(|(known, _)| known == next);
            if let Some((next, schema)) = schema
                && seen.insert(next)
            {
                let mut more = BTreeSet::new();
                references(schema, &mut more);
                open.extend(more);
            }
        }
        false
    }
}

fn integer(schema: &Json) -> TokenStream {
    match schema.text_of("format") {
        "int8" => quote!(i8),
        "int16" => quote!(i16),
        "int32" => quote!(i32),
        "int128" => quote!(i128),
        "uint8" => quote!(u8),
        "uint16" => quote!(u16),
        "uint32" => quote!(u32),
        "uint64" | "uint" => quote!(u64),
        "uint128" => quote!(u128),
        _ => quote!(i64),
    }
}
