//! `#[derive(Row)]`: table and columns as data, a constant for each column, a method of the repository for each index.
//!
//! ```ignore
//! impl User { pub const AGE: __rt::Column<Self, u32> = __rt::Column::at(2); }
//! pub struct __Finders(__rt::SqlRows<User>);
//! impl __Finders { pub fn find_by_email(&self, email: impl __rt::Operand<String>) -> Result<Option<User>, ..> { .. } }
//! impl __rt::FromRow for User { fn from_row(row: &mut __rt::SqlRow<'_>) -> Result<Self, __rt::SqlError> { .. } }
//! impl __rt::ToRow for User { fn to_row(&self) -> Result<Vec<__rt::SqlValue>, __rt::SqlError> { .. } }
//! impl __rt::Row for User { const DEFINITION: &'static __rt::RowDefinition = &..; fn key(&self) -> &u64; .. }
//! ```

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::entity::{constant, finder_name, version};
use super::{allows, local};
use crate::model::entity::Index;
use crate::model::row::Row;

/// The implementations.
pub(crate) fn expand(row: &Row) -> TokenStream {
    let (ident, vis) = (&row.ident, &row.vis);
    let (import, allows) = (row.rt.import(), allows());
    let constants = constants(row);
    let finders = row.indexes.iter().map(|index| finder(row, index));
    let (reading, writing) = (reading(row), writing(row));
    let columns = columns(row);
    let entity = entity(row);
    quote! {
        const _: () = {
            #import
            #allows
            impl #ident { #(#constants)* }
            #[doc(hidden)]
            #allows
            #vis struct __Finders(__rt::SqlRows<#ident>);
            #allows
            impl __Finders { #(#finders)* }
            #[automatically_derived]
            impl __rt::SqlFinders for __Finders {
                type Of = #ident;
                fn over(__rows: __rt::SqlRows<#ident>) -> Self { Self(__rows) }
                fn rows(&self) -> &__rt::SqlRows<#ident> { &self.0 }
            }
            #reading
            #writing
            #columns
            #entity
        };
    }
}

/// One constant for each column, as visible as its field.
fn constants(row: &Row) -> Vec<TokenStream> {
    let columns = row.columns.iter().zip(&row.stored).enumerate();
    let constants = columns.map(|(number, (column, stored))| {
        let name = constant(&column.name, &column.ident);
        let (vis, ty) = (&column.vis, &column.ty);
        let docs = (column.docs).attrs_or(&format!("The column `{}`.", stored.name));
        quote!(#docs #vis const #name: __rt::Column<Self, #ty> = __rt::Column::at(#number);)
    });
    constants.collect()
}

/// `find_by_..`: of a unique index the row, of another one a query.
fn finder(row: &Row, index: &Index) -> TokenStream {
    let (ident, name) = (&row.ident, finder_name(index));
    let columns = index.columns.iter();
    let columns: Vec<_> = columns.map(|(column, _)| &row.columns[*column]).collect();
    let names: Vec<_> = columns.iter().map(|column| &column.ident).collect();
    let params = columns.iter().map(|column| {
        let (ident, ty) = (&column.ident, &column.ty);
        quote!(#ident: impl __rt::Operand<#ty>)
    });
    let constants = columns
        .iter()
        .map(|column| constant(&column.name, &column.ident));
    let query = quote! {
        __rt::RowQuery::over(&self.0) #(.filter(__rt::equal(#ident::#constants, #names)))*
    };
    if index.unique {
        let docs = format!(
            " The row with these values, by what is unique: `{}`.",
            index.name
        );
        return quote! {
            #[doc = #docs]
            pub fn #name(&self, #(#params),*)
                -> ::core::result::Result<::core::option::Option<#ident>, __rt::RepositoryError>
            { #query.first() }
        };
    }
    let docs = format!(
        " The rows with these values, by the index `{}`.",
        index.name
    );
    quote! {
        #[doc = #docs]
        pub fn #name(&self, #(#params),*) -> __rt::RowQuery<'_, #ident> { #query }
    }
}

/// Out of a row.
fn reading(row: &Row) -> TokenStream {
    let ident = &row.ident;
    let from = local("row");
    let fields = row.columns.iter().zip(&row.stored).map(|(column, stored)| {
        let (ident, ty, name, how) = (&column.ident, &column.ty, &stored.name, &stored.how);
        quote!(#ident: __rt::row_field!(#from, #name, #ty #how)?,)
    });
    let skipped = row.skipped.iter();
    let skipped = skipped.map(|ident| quote!(#ident: ::core::default::Default::default(),));
    quote! {
        #[automatically_derived]
        impl __rt::FromRow for #ident {
            fn from_row(#from: &mut __rt::SqlRow<'_>) -> ::core::result::Result<Self, __rt::SqlError> {
                ::core::result::Result::Ok(Self { #(#fields)* #(#skipped)* })
            }
        }
    }
}

/// Into one.
fn writing(row: &Row) -> TokenStream {
    let ident = &row.ident;
    let names = row.stored.iter().map(|stored| &stored.name);
    let values = row.columns.iter().zip(&row.stored).map(|(column, stored)| {
        let (ident, ty, how) = (&column.ident, &column.ty, &stored.how);
        quote!(__rt::row_value!(&self.#ident, #ty #how)?)
    });
    quote! {
        #[automatically_derived]
        impl __rt::ToRow for #ident {
            const COLUMNS: &'static [&'static str] = &[#(#names),*];
            fn to_row(&self) -> ::core::result::Result<::std::vec::Vec<__rt::SqlValue>, __rt::SqlError> {
                ::core::result::Result::Ok(::std::vec![#(#values),*])
            }
        }
    }
}

/// How a row shows its columns, and its version if it has one.
fn columns(row: &Row) -> TokenStream {
    let ident = &row.ident;
    let (column, out) = (local("column"), local("out"));
    let texts = row.columns.iter().enumerate().map(|(number, column)| {
        let (ident, ty) = (&column.ident, &column.ty);
        quote!(#number => __rt::probed!(&self.#ident, #ty, #out),)
    });
    let version = row.version.map(|number| version(&row.columns[number]));
    quote! {
        #[automatically_derived]
        impl __rt::Columns for #ident {
            fn write_column(&self, #column: usize, #out: &mut ::std::string::String) {
                match #column { #(#texts)* _ => {} }
            }
            #version
        }
    }
}

/// Table and columns as data.
fn entity(row: &Row) -> TokenStream {
    let (ident, table, number, auto) = (&row.ident, &row.table, row.key, row.auto);
    let key = &row.columns[row.key];
    let (key_ident, key_type) = (&key.ident, &key.ty);
    let columns = row.columns.iter().zip(&row.stored).map(|(column, stored)| {
        let (ty, name, how) = (&column.ty, &stored.name, &stored.how);
        quote!(__rt::row_column!(#name, #ty #how))
    });
    let version = row.version.map_or_else(
        || quote!(::core::option::Option::None),
        |number| quote!(::core::option::Option::Some(#number)),
    );
    let given = local("key");
    let set_key = row.auto.then(|| {
        let from = quote_spanned!(key_type.span()=> <#key_type as __rt::AutoKey>::given(#given));
        quote!(fn set_key(&mut self, #given: u64) { self.#key_ident = #from; })
    });
    quote! {
        #[automatically_derived]
        impl __rt::Row for #ident {
            type Key = #key_type;
            type Finders = __Finders;
            const DEFINITION: &'static __rt::RowDefinition = &__rt::RowDefinition {
                table: #table,
                columns: &[#(#columns),*],
                key: #number,
                auto: #auto,
                version: #version,
            };
            fn key(&self) -> &#key_type { &self.#key_ident }
            #set_key
        }
    }
}
