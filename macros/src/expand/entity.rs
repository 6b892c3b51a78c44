//! `#[derive(Entity)]`: columns and indexes as data, a constant for each, a method of the table for each index.
//!
//! ```ignore
//! impl User { pub const AGE: __rt::Column<Self, u32> = __rt::Column::at(2); }
//! pub struct __Finders(__rt::Rows<User>);
//! impl __Finders { pub fn find_by_email(&self, email: impl __rt::Operand<String>) -> Option<User> { .. } }
//! impl __rt::Columns for User { fn write_column(&self, column: usize, out: &mut String) { .. } }
//! impl __rt::Entity for User { const DEFINITION: &'static __rt::Definition = &..; fn key(&self) -> &u64; .. }
//! ```

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

use super::{allows, local};
use crate::model::entity::{Column, Entity, Index};
use crate::syntax::names::screaming;

/// The implementations.
pub(crate) fn expand(entity: &Entity) -> TokenStream {
    let (ident, vis) = (&entity.ident, &entity.vis);
    let (import, allows) = (entity.rt.import(), allows());
    let constants = constants(entity);
    let finders = (entity.indexes.iter()).map(|index| finder(entity, index));
    let definition = definition(entity);
    let methods = methods(entity);
    let columns = columns(entity);
    let key_type = &entity.columns[entity.key].ty;
    quote! {
        const _: () = {
            #import
            #allows
            impl #ident { #(#constants)* }
            #[doc(hidden)]
            #allows
            #vis struct __Finders(__rt::Rows<#ident>);
            #allows
            impl __Finders { #(#finders)* }
            #[automatically_derived]
            impl __rt::Finders for __Finders {
                type Of = #ident;
                fn over(__rows: __rt::Rows<#ident>) -> Self { Self(__rows) }
                fn rows(&self) -> &__rt::Rows<#ident> { &self.0 }
            }
            #[automatically_derived]
            impl __rt::Columns for #ident { #columns }
            #[automatically_derived]
            impl __rt::Entity for #ident {
                type Key = #key_type;
                type Finders = __Finders;
                const DEFINITION: &'static __rt::Definition = &#definition;
                #methods
            }
        };
    }
}

pub(super) fn constant(name: &str, at: &Ident) -> Ident {
    Ident::new(&screaming(name), at.span())
}

/// One constant for each column, as visible as its field, and one for each index on the struct.
fn constants(entity: &Entity) -> Vec<TokenStream> {
    let columns = entity.columns.iter().enumerate().map(|(number, column)| {
        let name = constant(&column.name, &column.ident);
        let (vis, ty) = (&column.vis, &column.ty);
        let docs = column
            .docs
            .attrs_or(&format!("The column `{}`.", column.name));
        quote!(#docs #vis const #name: __rt::Column<Self, #ty> = __rt::Column::at(#number);)
    });
    let named = entity.indexes.iter().enumerate();
    let indexes = named
        .filter(|(_, index)| index.named)
        .map(|(number, index)| {
            let name = constant(&index.name, &index.ident);
            let docs = format!(" The index `{}`.", index.name);
            quote!(#[doc = #docs] pub const #name: __rt::Index<Self> = __rt::Index::at(#number);)
        });
    columns.chain(indexes).collect()
}

/// The name of the method by an index.
pub(super) fn finder_name(index: &Index) -> Ident {
    if index.name.starts_with("by_") {
        format_ident!("find_{}", index.name, span = index.ident.span())
    } else {
        format_ident!("find_by_{}", index.name, span = index.ident.span())
    }
}

/// `find_by_..`: of a unique index the row, of another one a query.
fn finder(entity: &Entity, index: &Index) -> TokenStream {
    let ident = &entity.ident;
    let name = finder_name(index);
    let columns: Vec<&Column> = (index.columns.iter())
        .map(|(column, _)| &entity.columns[*column])
        .collect();
    let names: Vec<_> = columns.iter().map(|column| &column.ident).collect();
    let params = columns.iter().map(|column| {
        let (ident, ty) = (&column.ident, &column.ty);
        quote!(#ident: impl __rt::Operand<#ty>)
    });
    let constants = columns
        .iter()
        .map(|column| constant(&column.name, &column.ident));
    let within = index.condition.as_ref().map(|_| {
        let constant = constant(&index.name, &index.ident);
        quote!(.within(#ident::#constant))
    });
    let query = quote! {
        __rt::Query::over(&self.0)#within #(.filter(__rt::equal(#ident::#constants, #names)))*
    };
    let docs = format!(
        " The rows with these values, by the index `{}`.",
        index.name
    );
    if index.unique {
        let docs = format!(
            " The row with these values, by the unique index `{}`.",
            index.name
        );
        return quote! {
            #[doc = #docs]
            pub fn #name(&self, #(#params),*) -> ::core::option::Option<#ident> { #query.first() }
        };
    }
    quote! {
        #[doc = #docs]
        pub fn #name(&self, #(#params),*) -> __rt::Query<'_, #ident> { #query }
    }
}

fn definition(entity: &Entity) -> TokenStream {
    let columns = entity.columns.iter().enumerate().map(|(number, column)| {
        let (name, ty) = (&column.name, &column.ty);
        if entity.is_indexed(number) {
            quote_spanned!(ty.span()=> __rt::ColumnInfo::of::<#ty>(#name))
        } else {
            quote!(__rt::probed!(#name, #ty))
        }
    });
    let indexes = entity.indexes.iter().map(|index| {
        let (name, unique, include) = (&index.name, index.unique, &index.include);
        let columns = index.columns.iter();
        let columns = columns.map(|(column, descending)| quote!((#column, #descending)));
        let condition = match &index.condition {
            Some(condition) => compact(&condition.to_token_stream().to_string()),
            None => String::new(),
        };
        quote! {
            __rt::IndexInfo {
                name: #name,
                columns: &[#(#columns),*],
                unique: #unique,
                include: &[#(#include),*],
                condition: #condition,
            }
        }
    });
    let (key, auto) = (entity.key, entity.auto);
    quote! {
        __rt::Definition {
            columns: &[#(#columns),*],
            key: #key,
            auto: #auto,
            indexes: &[#(#indexes),*],
        }
    }
}

/// Source text without the spaces that nobody needs: where a compiler leaves some is its own affair, and the text is stored.
fn compact(text: &str) -> String {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut compact = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        compact.push_str(word);
        let next = words.peek().is_some_and(|next| next.starts_with(is_word));
        if next && word.ends_with(is_word) {
            compact.push(' ');
        }
    }
    compact
}

fn methods(entity: &Entity) -> TokenStream {
    let key = &entity.columns[entity.key];
    let (key_ident, key_type) = (&key.ident, &key.ty);
    let (given, index) = (local("key"), local("index"));
    let set_key = entity.auto.then(|| {
        let from = quote_spanned!(key_type.span()=> <#key_type as __rt::AutoKey>::given(#given));
        quote!(fn set_key(&mut self, #given: u64) { self.#key_ident = #from; })
    });
    let conditions: Vec<_> = (entity.indexes.iter().enumerate())
        .filter_map(|(number, index)| {
            let condition = index.condition.as_ref()?;
            Some(quote!(#number => __rt::holds(self, #condition),))
        })
        .collect();
    let belongs = (!conditions.is_empty()).then(|| {
        quote! {
            fn belongs_in(&self, #index: usize) -> bool {
                match #index { #(#conditions)* _ => true }
            }
        }
    });
    quote! {
        fn key(&self) -> &#key_type { &self.#key_ident }
        #set_key
        #belongs
    }
}

/// How a row shows its columns, and its version if it has one.
fn columns(entity: &Entity) -> TokenStream {
    let (column, out) = (local("column"), local("out"));
    let texts = entity.columns.iter().enumerate().map(|(number, column)| {
        let (ident, ty) = (&column.ident, &column.ty);
        quote!(#number => __rt::probed!(&self.#ident, #ty, #out),)
    });
    let version = (entity.version).map(|number| version(&entity.columns[number]));
    quote! {
        fn write_column(&self, #column: usize, #out: &mut ::std::string::String) {
            match #column { #(#texts)* _ => {} }
        }
        #version
    }
}

/// The version of a row, and how it takes another.
pub(super) fn version(column: &Column) -> TokenStream {
    let (ident, ty, number) = (&column.ident, &column.ty, local("number"));
    let version = quote_spanned!(ty.span()=> <#ty as __rt::Version>);
    quote! {
        fn version(&self) -> ::core::option::Option<u64> {
            ::core::option::Option::Some(#version::number(self.#ident))
        }
        fn set_version(&mut self, #number: u64) { self.#ident = #version::of(#number); }
    }
}
