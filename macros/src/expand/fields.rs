//! How fields are loaded, reloaded, saved and described: always all of them, in the order of the struct.
//!
//! ```ignore
//! const __FIELDS: __rt::Walk<ChatRoom> = __rt::Walk {
//!     load: |loader| ChatRoom { topic: loader.field::<String>("topic", &[], || __rt::initial::<String>()) },
//!     reload: |this, loader| { loader.reload::<String>("topic", &[], &mut this.topic, ..); },
//!     save: |this, saver| { saver.field::<String>("topic", &this.topic); },
//!     describe: |describer| { describer.field::<String>("topic"); },
//! };
//! ```
//! One constant, not four functions: the compiler checks it in one go, and so says once, at the type of a field,
//! what is wrong with it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Path};

use super::local;
use crate::model::object::{Field, Role};
use crate::syntax::types::without_self;

/// The constant `__FIELDS` of a struct.
pub(crate) fn walk(object: &Ident, fields: &[Field]) -> TokenStream {
    let path = Path::from(object.clone());
    let elements: Vec<Element> = fields.iter().map(|field| element(field, &path)).collect();
    // An object without durable fields leaves the walkers alone.
    let walks = elements.iter().any(|element| element.save.is_some());
    let named = |name: &str| {
        if walks {
            local(name)
        } else {
            local(&format!("_{name}"))
        }
    };
    let (this, loader, saver) = (named("this"), named("loader"), named("saver"));
    let describer = named("describer");
    let load = elements.iter().map(|element| &element.load);
    let reload = elements
        .iter()
        .filter_map(|element| element.reload.as_ref());
    let save = elements.iter().filter_map(|element| element.save.as_ref());
    let describe = elements
        .iter()
        .filter_map(|element| element.describe.as_ref());
    quote! {
        const __FIELDS: __rt::Walk<#object> = __rt::Walk {
            load: |#loader| #object { #(#load),* },
            reload: |#this, #loader| { #(#reload)* },
            save: |#this, #saver| { #(#save)* },
            describe: |#describer| { #(#describe)* },
        };
    }
}

/// What one field is in each of the four.
struct Element {
    load: TokenStream,
    reload: Option<TokenStream>,
    save: Option<TokenStream>,
    describe: Option<TokenStream>,
}

fn element(field: &Field, object: &Path) -> Element {
    let (cfgs, ident, name) = (&field.cfgs, &field.ident, &field.name);
    let ty = without_self(&field.ty, object);
    let (this, loader, saver) = (local("this"), local("loader"), local("saver"));
    let describer = local("describer");
    let default = quote!(__rt::initial::<#ty>());
    match &field.role {
        Role::State {
            default: value,
            was,
        } => {
            let was = was.iter();
            let was = quote!(&[#(#was),*]);
            let initial = value
                .as_ref()
                .map_or(default, |value| without_self(value, object));
            let initial = quote!(|| #initial);
            Element {
                load: quote!(#cfgs #ident: #loader.field::<#ty>(#name, #was, #initial)),
                reload: Some(quote! {
                    #cfgs
                    #loader.reload::<#ty>(#name, #was, &mut #this.#ident, #initial);
                }),
                save: Some(quote!(#cfgs #saver.field::<#ty>(#name, &#this.#ident);)),
                describe: Some(quote!(#cfgs #describer.field::<#ty>(#name);)),
            }
        }
        Role::Mount => Element {
            load: quote!(#cfgs #ident: #loader.mixin::<#ty>(#name)),
            reload: Some(quote!(#cfgs #loader.reload_mixin::<#ty>(#name, &mut #this.#ident);)),
            save: Some(quote!(#cfgs #saver.mixin::<#ty>(#name, &#this.#ident);)),
            describe: Some(quote!(#cfgs #describer.mixin::<#ty>(#name);)),
        },
        Role::Transient { default: value } => {
            let initial = value
                .as_ref()
                .map_or(default, |value| without_self(value, object));
            Element::memory_only(quote!(#cfgs #ident: #initial))
        }
        Role::Faulty => Element::memory_only(quote!(#cfgs #ident: loop {})),
    }
}

impl Element {
    fn memory_only(load: TokenStream) -> Self {
        Self {
            load,
            reload: None,
            save: None,
            describe: None,
        }
    }
}
