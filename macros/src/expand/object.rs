//! A struct: its stub, its mounts, and how the runtime loads and saves it.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Ident};

use super::{allows, fields};
use crate::attrs::object::Kind;
use crate::model::block::stub_ident;
use crate::model::object::{Field, Object, Role};
use crate::paths::Rt;
use crate::syntax::names::{block_number, unraw};

/// Expands to the stub and the mounts, then
/// ```ignore
/// const _: () = {
///     use ::stayput::__private as __rt;
///     impl __rt::Stub for ChatRoomStub { .. }
///     impl __rt::Mounts for __ChatRoomMounts { .. }
///     const __FIELDS: __rt::Walk<ChatRoom> = ..;      // load, reload, save, describe
///     impl __rt::Stateful for ChatRoom { .. }
///     impl __rt::Lists<0> for ChatRoom {}             // one for each impl block
///     impl __rt::Declares<Said> for ChatRoom {}       // one for each event
///     impl __rt::Object for ChatRoom { .. }           // not for a mixin
///     const _: () = __rt::check_class::<ChatRoom>();
/// };
/// ```
pub(crate) fn expand(object: &Object, rt: &Rt) -> TokenStream {
    let stub = stub_ident(&object.ident);
    let mounts = format_ident!("__{}Mounts", object.ident.unraw());
    let types = types(object, &stub, &mounts, rt);
    let import = rt.import();
    let traits = traits(object, &stub, &mounts);
    let class = (object.kind == Kind::Object).then(|| class(object, &stub));
    quote! {
        #types
        const _: () = {
            #import
            #traits
            #class
        };
    }
}

fn mounted(object: &Object) -> impl Iterator<Item = &Field> {
    object
        .fields
        .iter()
        .filter(|field| matches!(field.role, Role::Mount))
}

/// What a user's code names: the stub, and the context's way to the mounts.
fn types(object: &Object, stub: &Ident, mounts: &Ident, rt: &Rt) -> TokenStream {
    let (vis, private, allows) = (&object.vis, rt.private(), allows());
    let docs = match object.kind {
        Kind::Object => format!(" Calls [`{}`] objects.", unraw(&object.ident)),
        Kind::Mixin => format!(" Calls the [`{}`] of an object.", unraw(&object.ident)),
    };
    let stub_methods = mounted(object).map(|field| {
        let (cfgs, ident, name, ty) = (&field.cfgs, &field.ident, &field.name, &field.ty);
        let docs = field.docs.attrs_or(&format!("The `{name}` of the object."));
        let of_mount = quote_spanned!(ty.span()=> <#ty as #private::Stateful>::Stub);
        quote! {
            #cfgs
            #docs
            pub fn #ident(&self) -> #of_mount {
                #private::Stub::from_core(self.__core.mounted(#name))
            }
        }
    });
    let mount_methods = mounted(object).map(|field| {
        let (cfgs, ident, name, ty) = (&field.cfgs, &field.ident, &field.name, &field.ty);
        let of_mount = quote_spanned!(ty.span()=> #private::Context<#ty>);
        let get = quote_spanned!(ty.span()=> self.0.mounted::<#ty>(#name));
        quote! {
            #cfgs
            #[doc(hidden)]
            pub fn #ident(&self) -> #of_mount {
                #get
            }
        }
    });
    let impls = mounted(object).next().is_some().then(|| {
        quote! {
            #[automatically_derived]
            #allows
            impl #stub { #(#stub_methods)* }
            #[automatically_derived]
            #allows
            impl #mounts { #(#mount_methods)* }
        }
    });
    quote! {
        #[doc = #docs]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #stub {
            __core: #private::StubCore,
        }
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #vis struct #mounts(#private::RawContext);
        #impls
    }
}

fn traits(object: &Object, stub: &Ident, mounts: &Ident) -> TokenStream {
    let ident = &object.ident;
    let (name, docs) = (unraw(ident), object.docs.expr());
    let events = &object.events;
    let projections = mounted(object).enumerate().map(|(index, field)| {
        let (cfgs, at, member, ty) = (&field.cfgs, mount_ident(index), &field.ident, &field.ty);
        quote! {
            #cfgs
            struct #at;
            #cfgs
            #[automatically_derived]
            impl __rt::Project<#ident> for #at {
                type Part = #ty;
                fn get(host: &#ident) -> &#ty { &host.#member }
                fn get_mut(host: &mut #ident) -> &mut #ty { &mut host.#member }
            }
        }
    });
    let mount_list = mounted(object).enumerate().map(|(index, field)| {
        let (cfgs, at, name, ty) = (&field.cfgs, mount_ident(index), &field.name, &field.ty);
        quote!(#cfgs __rt::Mount::of::<#ty, #at>(#name))
    });
    let blocks = block_numbers(object);
    let parts = object_parts(object, &blocks);
    let walk = fields::walk(ident, &object.fields);
    let binding = object
        .binding
        .as_ref()
        .map(|name| quote!(const BINDING: __rt::Binding = ::core::option::Option::Some(#name);));
    let may_defer = (object.defers).then(|| {
        quote! {
            #[automatically_derived]
            impl __rt::Defers for #ident {}
        }
    });
    let may_post = (object.webhooks).then(|| {
        quote! {
            #[automatically_derived]
            impl __rt::Webhooks for #ident {}
        }
    });
    let defers = (object.defers).then(|| {
        quote!(
            const DEFERS: bool = true;
        )
    });
    let posts = (object.webhooks).then(|| {
        quote!(
            const POSTS: bool = true;
        )
    });
    let subscribed = &object.subscribes;
    let hears = (!subscribed.is_empty()).then(|| {
        quote! {
            const HEARS: &'static [__rt::HeardEvent] = &[#(__rt::HeardEvent::of::<#subscribed>()),*];
        }
    });
    let upgrades = &object.upgrades;
    let upgrades = (!upgrades.is_empty())
        .then(|| quote!(const UPGRADES: &'static [__rt::UpgradeStep] = &[#(#upgrades),*];));
    quote! {
        #[automatically_derived]
        impl __rt::Stub for #stub {
            type Of = #ident;
            fn from_core(inner: __rt::StubCore) -> Self { Self { __core: inner } }
            fn core(&self) -> &__rt::StubCore { &self.__core }
        }
        #[automatically_derived]
        impl __rt::Mounts for #mounts {
            fn new(raw: __rt::RawContext) -> Self { Self(raw) }
            fn raw(&self) -> &__rt::RawContext { &self.0 }
        }
        #(#projections)*
        #walk
        #[automatically_derived]
        impl __rt::Stateful for #ident {
            type Mounts = #mounts;
            type Stub = #stub;
            const TYPE_NAME: &'static str = #name;
            const DOCS: &'static str = #docs;
            const EVENTS: &'static [__rt::EventInfo] = &[#(__rt::EventInfo::of::<#events>()),*];
            const MOUNTS: &'static [__rt::Mount<Self>] = &[#(#mount_list),*];
            const PARTS: &'static [&'static __rt::Table<Self>] =
                &[#(#parts),*];
            #binding
            #upgrades
            #defers
            #posts
            #hears
            fn load(loader: &mut __rt::Loader<'_>) -> Self { (__FIELDS.load)(loader) }
            fn reload(&mut self, loader: &mut __rt::Loader<'_>) { (__FIELDS.reload)(self, loader); }
            fn save(&self, saver: &mut __rt::Saver<'_>) { (__FIELDS.save)(self, saver); }
            fn describe(describer: &mut __rt::StateDescriber<'_>) { (__FIELDS.describe)(describer); }
        }
        #(#[automatically_derived] impl __rt::Lists<#blocks> for #ident {})*
        #(#[automatically_derived] impl __rt::Declares<#events> for #ident {})*
        #(#[automatically_derived] impl __rt::Hears<#subscribed> for #ident {})*
        #may_defer
        #may_post
    }
}

fn class(object: &Object, stub: &Ident) -> TokenStream {
    let (ident, class, was) = (&object.ident, &object.class, object.was.iter());
    let jurisdiction = object.jurisdiction.as_ref().map(|text| {
        quote!(const JURISDICTION: __rt::Jurisdiction = ::core::option::Option::Some(#text);)
    });
    let create = object.create.as_ref().map(|scope| {
        quote!(const CREATE: ::core::option::Option<&'static str> = ::core::option::Option::Some(#scope);)
    });
    let key_hours = object
        .key_hours
        .map(|hours| quote!(const KEY_HOURS: u64 = #hours;));
    let destroy_after = object.destroy_after.as_ref().map(|idle| {
        quote! {
            const DESTROY_AFTER: ::core::option::Option<::core::time::Duration> = ::core::option::Option::Some(#idle);
        }
    });
    let layers = super::table::layers(&object.middleware);
    let layers = (!object.middleware.is_empty())
        .then(|| quote!(const MIDDLEWARE: &'static [__rt::MakeLayer] = #layers;));
    let sql = object.sql.as_ref().map(|sql| {
        let list = sql.migrations.as_ref().map(Expr::to_token_stream);
        let migrations = list.unwrap_or_else(|| quote!(&[]));
        quote! {
            const SQL: ::core::option::Option<__rt::SqlClass> =
                ::core::option::Option::Some(__rt::SqlClass::new(#migrations));
        }
    });
    let has_sql = object.sql.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl __rt::HasSql for #ident {}
        }
    });
    quote! {
        __rt::stub_as_value!(#stub);
        #[automatically_derived]
        impl __rt::Object for #ident {
            const CLASS: &'static str = #class;
            const WAS: &'static [&'static str] = &[#(#was),*];
            #jurisdiction
            #create
            #key_hours
            #destroy_after
            #layers
            #sql
        }
        #has_sql
        const _: () = __rt::check_class::<#ident>();
    }
}

fn mount_ident(index: usize) -> Ident {
    super::local(&format!("__Mount{index}"))
}

/// The tables of all impl blocks; one that is missing is missed where its name stands.
fn object_parts(object: &Object, blocks: &[TokenStream]) -> Vec<TokenStream> {
    let names = std::iter::once(&object.ident).chain(&object.blocks);
    let part = |(name, block): (&Ident, &TokenStream)| quote_spanned!(name.span()=> <Self as __rt::Actions<#block>>::TABLE);
    names.zip(blocks).map(part).collect()
}

/// The numbers of all impl blocks, each where its name stands.
fn block_numbers(object: &Object) -> Vec<TokenStream> {
    let named = object.blocks.iter().map(|name| {
        let mut number = proc_macro2::Literal::u64_unsuffixed(block_number(&unraw(name)));
        number.set_span(name.span());
        number.to_token_stream()
    });
    std::iter::once(quote!(0)).chain(named).collect()
}
