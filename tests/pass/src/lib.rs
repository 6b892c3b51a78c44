//! Sources that must compile, one reason a module, natively and for wasm32.

mod cfg_off;
mod errors;
mod from_macro;
mod keyword_names;
pub mod missing_docs_denied;
mod no_implicit_prelude;
mod receivers;
mod shadowed;
mod split_impls;
mod stubs_as_values;
mod two_objects;
mod visibility;

#[cfg(test)]
mod tests;
