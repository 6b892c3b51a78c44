//! `#[derive(Config)]`: every variable is read before the first fault is reported.
//!
//! ```ignore
//! fn read(env: &__rt::EnvReader) -> Result<Self, __rt::ConfigError> {
//!     let mut faults = __rt::ConfigFaults::new();
//!     let host = env.required::<String>("HOST", &mut faults);
//!     let all = || Some(Self { host: host? });
//!     all().ok_or_else(|| faults.into_error())
//! }
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use super::local;
use crate::model::config::{Config, Need};

/// The implementation.
pub(crate) fn expand(config: &Config) -> TokenStream {
    let (ident, import) = (&config.ident, config.rt.import());
    let (env, faults, all) = (local("env"), local("faults"), local("all"));
    let env = if config.fields.is_empty() {
        local("_env")
    } else {
        env
    };
    let reads = config.fields.iter().map(|setting| {
        let (cfgs, variable, ty) = (&setting.cfgs, &setting.variable, &setting.ty);
        let name = &setting.ident;
        let read = match &setting.need {
            Need::Required => quote!(#env.required::<#ty>(#variable, &mut #faults)),
            Need::Optional => quote!(#env.optional::<#ty>(#variable, &mut #faults)),
            Need::Default(value) => {
                quote!(#env.or_else::<#ty>(#variable, || #value, &mut #faults))
            }
        };
        quote!(#cfgs let #name = #read;)
    });
    let fields = config.fields.iter().map(|setting| {
        let (cfgs, ident, name) = (&setting.cfgs, &setting.ident, &setting.ident);
        quote!(#cfgs #ident: #name?)
    });
    // Without fields nothing notes a fault.
    let mutable = (!config.fields.is_empty()).then(|| quote!(mut));
    quote! {
        const _: () = {
            #import
            #[automatically_derived]
            impl __rt::Config for #ident {
                fn read(#env: &__rt::EnvReader) -> ::core::result::Result<Self, __rt::ConfigError> {
                    let #mutable #faults = __rt::ConfigFaults::new();
                    #(#reads)*
                    let #all = || ::core::option::Option::Some(Self { #(#fields),* });
                    #all().ok_or_else(|| #faults.into_error())
                }
            }
        };
    }
}
