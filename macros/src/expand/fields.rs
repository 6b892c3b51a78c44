//! How fields are loaded, reloaded, saved and described: always all of them, in the order of the struct.

use proc_macro2::TokenStream;
use quote::quote;

use super::local;
use crate::model::object::{Field, Role};

/// The functions `load`, `reload`, `save` and `describe`.
///
/// ```ignore
/// fn load(loader: &mut __rt::Loader<'_>) -> Self { Self { topic: loader.field("topic", &[], ..), .. } }
/// fn reload(&mut self, loader: &mut __rt::Loader<'_>) { loader.reload("topic", &[], &mut self.topic, ..); .. }
/// fn save(&self, saver: &mut __rt::Saver<'_>) { saver.field("topic", &self.topic); .. }
/// fn describe(describer: &mut __rt::StateDescriber<'_>) { describer.field::<String>("topic"); .. }
/// ```
pub(crate) fn functions(fields: &[Field]) -> TokenStream {
    // An object without durable fields leaves the walkers alone.
    let named = |name: &str, used: bool| {
        if used {
            local(name)
        } else {
            local(&format!("_{name}"))
        }
    };
    let walks = fields
        .iter()
        .any(|field| !matches!(field.role, Role::Transient { .. }));
    let (loader, saver) = (named("loader", walks), named("saver", walks));
    let describer = named("describer", walks);
    let load = fields.iter().map(|field| {
        let (cfgs, ident, name, initial) =
            (&field.cfgs, &field.ident, &field.name, field.initial());
        match &field.role {
            Role::State { was, .. } => {
                let was = was.iter();
                quote!(#cfgs #ident: #loader.field(#name, &[#(#was),*], #initial))
            }
            Role::Mount => quote!(#cfgs #ident: #loader.mixin(#name)),
            Role::Transient {
                default: Some(value),
            } => quote!(#cfgs #ident: #value),
            Role::Transient { default: None } => quote!(#cfgs #ident: #initial()),
        }
    });
    let reload = fields.iter().filter_map(|field| {
        let (cfgs, ident, name, initial) =
            (&field.cfgs, &field.ident, &field.name, field.initial());
        match &field.role {
            Role::State { was, .. } => {
                let was = was.iter();
                Some(quote!(#cfgs #loader.reload(#name, &[#(#was),*], &mut self.#ident, #initial);))
            }
            Role::Mount => Some(quote!(#cfgs #loader.reload_mixin(#name, &mut self.#ident);)),
            Role::Transient { .. } => None,
        }
    });
    let save = fields.iter().filter_map(|field| {
        let (cfgs, ident, name) = (&field.cfgs, &field.ident, &field.name);
        match &field.role {
            Role::State { .. } => Some(quote!(#cfgs #saver.field(#name, &self.#ident);)),
            Role::Mount => Some(quote!(#cfgs #saver.mixin(#name, &self.#ident);)),
            Role::Transient { .. } => None,
        }
    });
    let describe = fields.iter().filter_map(|field| {
        let (cfgs, name, ty) = (&field.cfgs, &field.name, &field.ty);
        match &field.role {
            Role::State { .. } => Some(quote!(#cfgs #describer.field::<#ty>(#name);)),
            Role::Mount => Some(quote!(#cfgs #describer.mixin::<#ty>(#name);)),
            Role::Transient { .. } => None,
        }
    });
    quote! {
        fn load(#loader: &mut __rt::Loader<'_>) -> Self { Self { #(#load),* } }
        fn reload(&mut self, #loader: &mut __rt::Loader<'_>) { #(#reload)* }
        fn save(&self, #saver: &mut __rt::Saver<'_>) { #(#save)* }
        fn describe(#describer: &mut __rt::StateDescriber<'_>) { #(#describe)* }
    }
}
