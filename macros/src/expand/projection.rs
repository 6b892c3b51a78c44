//! A struct that a projection keeps: how the runtime loads and saves it.

use proc_macro2::TokenStream;
use quote::quote;

use super::fields;
use crate::model::projection::Projection;
use crate::paths::Rt;

/// ```ignore
/// const _: () = {
///     use ::stayput::__private as __rt;
///     const __FIELDS: __rt::Walk<OrderTotals> = ..;      // load, reload, save, describe
///     impl __rt::ReadModel for OrderTotals { const NAME: &'static str = "order_totals"; .. }
/// };
/// ```
pub(crate) fn expand(projection: &Projection, rt: &Rt) -> TokenStream {
    let (ident, name, version) = (&projection.ident, &projection.name, projection.version);
    let (import, docs) = (rt.import(), projection.docs.expr());
    let walk = fields::walk(ident, &projection.fields);
    quote! {
        const _: () = {
            #import
            #walk
            #[automatically_derived]
            impl __rt::ReadModel for #ident {
                const NAME: &'static str = #name;
                const VERSION: u32 = #version;
                const DOCS: &'static str = #docs;
                const FIELDS: &'static __rt::Walk<Self> = &__FIELDS;
            }
        };
    }
}
