//! The classes of another app: a type for each, its stub, and the stubs of its mixins.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Prefix;
use super::docs;
use super::errors::Errors;
use super::json::Json;
use super::names::{Scope, member, pascal};
use super::types::Types;
use crate::expand::allows;

/// The actions of a class, or of a mixin in it.
#[derive(Default)]
struct Members<'a> {
    actions: Vec<(&'a str, &'a Json)>,
    mounts: BTreeMap<&'a str, Members<'a>>,
}

/// What all classes share while they are expanded.
pub(super) struct Stubs<'a, 't> {
    pub(super) types: &'t Types<'a>,
    pub(super) scope: &'t mut Scope,
    pub(super) errors: Errors,
    pub(super) prefix: &'t Prefix,
}

impl Stubs<'_, '_> {
    /// The class's type and its stubs; the name of the type.
    pub(super) fn class(&mut self, path: &str, class: &Json, ident: &Ident) -> TokenStream {
        let private = self.types.rt.private();
        let allows = allows();
        let (app, setting, service) = (&self.prefix.app, self.prefix.setting(), &self.prefix.word);
        let binding = match class.text_of("binding") {
            "" => path.replace('-', "_").to_uppercase(),
            binding => binding.to_owned(),
        };
        let binding = format!("{service}_{binding}");
        let exported = pascal(path);
        let class_docs = docs(
            class.text_of("description"),
            &format!("`{path}` of `{app}`."),
        );
        let members = members(class);
        let name = ident.to_string();
        let stub = self.scope.claim(&format!("{name}Stub"));
        let stubs = self.stub(&stub, &name, &members, class, "");
        quote! {
            #class_docs
            #[allow(dead_code, reason = "not every type of the other app is used")]
            #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
            pub enum #ident {}
            #[automatically_derived]
            #allows
            impl #ident {
                const __REMOTE: &'static #private::Remote = &#private::Remote {
                    app: #app,
                    class: #path,
                    exported: #exported,
                    setting: #setting,
                    service: #service,
                    binding: #binding,
                    deliver: #private::deliver_remote,
                };
                /// The object with this name; it need not exist yet.
                pub fn named(cx: &impl #private::HasOrigin, name: &str) -> #stub {
                    #stub { __core: Self::__REMOTE.named(cx, name) }
                }
                /// The object with this id, which must be one that the other app gave out.
                pub fn by_id(cx: &impl #private::HasOrigin, id: #private::ObjectId) -> #stub {
                    #stub { __core: Self::__REMOTE.by_id(cx, id) }
                }
            }
            #stubs
        }
    }

    fn stub(
        &mut self,
        stub: &Ident,
        name: &str,
        members: &Members<'_>,
        class: &Json,
        mount: &str,
    ) -> TokenStream {
        let private = self.types.rt.private();
        let allows = allows();
        let mut taken = Scope::default();
        let (mut accessors, mut below) = (TokenStream::new(), TokenStream::new());
        for (mounted, inner) in &members.mounts {
            let method = taken.claim(&member(mounted));
            let inner_name = format!("{name}{}", pascal(mounted));
            let inner_stub = self.scope.claim(&format!("{inner_name}Stub"));
            let path = if mount.is_empty() {
                (*mounted).to_owned()
            } else {
                format!("{mount}.{mounted}")
            };
            let text = class
                .get("mixins")
                .and_then(|mixins| mixins.get(&path))
                .map_or("", |mixin| mixin.text_of("description"));
            let docs = docs(text, &format!("The `{mounted}` of the object."));
            accessors.extend(quote! {
                #docs
                pub fn #method(&self) -> #inner_stub {
                    #inner_stub { __core: self.__core.mounted(#mounted) }
                }
            });
            below.extend(self.stub(&inner_stub, &inner_name, inner, class, &path));
        }
        let mut methods = TokenStream::new();
        for (action, described) in &members.actions {
            let method = taken.claim(&member(action));
            methods.extend(self.method(&method, action, described, name));
        }
        let docs = format!(" Calls `{name}` objects of another app.");
        quote! {
            #[doc = #docs]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            pub struct #stub {
                __core: #private::StubCore,
            }
            #[automatically_derived]
            #allows
            impl #stub { #accessors #methods }
            #below
        }
    }

    fn method(&mut self, method: &Ident, name: &str, action: &Json, of: &str) -> TokenStream {
        let private = self.types.rt.private();
        let docs = docs(action.text_of("description"), &format!("Calls `{name}`."));
        let params = action.get("params").map_or(&[][..], Json::items);
        let mut scope = Scope::default();
        let names: Vec<Ident> = params
            .iter()
            .map(|param| scope.claim(&member(param.text_of("name"))))
            .collect();
        let nothing = Json::Bool(true);
        let types: Vec<TokenStream> = params
            .iter()
            .map(|param| self.types.ty(param.get("schema").unwrap_or(&nothing), None))
            .collect();
        let output = self
            .types
            .ty(action.get("result").unwrap_or(&nothing), None);
        let output = match action.get("stream") {
            Some(Json::Bool(true)) => quote!(::std::vec::Vec<#output>),
            _ => output,
        };
        let errors = action.get("errors").map_or(&[][..], Json::items);
        let stem = format!("{of}{}", pascal(name));
        let error = self.errors.of(errors, &stem, self.types, self.scope);
        let mode = match action.text_of("receiver") {
            "query" => format_ident!("Read"),
            "process" => format_ident!("Free"),
            _ => format_ident!("Write"),
        };
        quote! {
            #docs
            pub fn #method(&self #(, #names: impl #private::Arg<#types>)*) -> #private::Call<#output, #error> {
                self.__core.call(
                    #name,
                    #private::Mode::#mode,
                    (#(#private::Arg::<#types>::into_arg(#names),)*),
                )
            }
        }
    }
}

/// The actions that may be called from outside, by mixin.
fn members(class: &Json) -> Members<'_> {
    let mut members = Members::default();
    let actions = class.get("actions").map_or(&[][..], Json::members);
    for (wire, action) in actions {
        let auth = action.get("auth");
        if auth.is_some_and(|auth| auth.text_of("kind") == "internal") {
            continue;
        }
        let (mount, name) = wire.rsplit_once('.').unwrap_or(("", wire));
        let mut place = &mut members;
        for segment in mount.split('.').filter(|segment| !segment.is_empty()) {
            place = place.mounts.entry(segment).or_default();
        }
        place.actions.push((name, action));
    }
    members
}
