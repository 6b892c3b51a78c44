//! Where expansions find the runtime; the only file that writes a path to it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// The runtime crate as the user's crate names it.
#[derive(Clone, Default)]
pub(crate) struct Rt {
    /// What `crate = path` said; `None` means `::stayput`.
    krate: Option<Path>,
}

impl Rt {
    pub(crate) fn new(krate: Option<Path>) -> Self {
        Self { krate }
    }

    /// The module that expansions may name, for code outside the `const _` block.
    pub(crate) fn private(&self) -> TokenStream {
        self.krate.as_ref().map_or_else(
            || quote!(::stayput::__private),
            |path| quote!(#path::__private),
        )
    }

    /// The crate itself, as attributes name it.
    pub(crate) fn public(&self) -> TokenStream {
        self.krate
            .as_ref()
            .map_or_else(|| quote!(::stayput), ToTokens::to_token_stream)
    }

    /// The import that gives a `const _` block its short name for that module, `__rt`.
    pub(crate) fn import(&self) -> TokenStream {
        let private = self.private();
        quote!(use #private as __rt;)
    }

    /// The path of a crate that the runtime re-exports, as the text that derives want.
    pub(crate) fn text_of(&self, krate: &str) -> String {
        let path = self
            .private()
            .into_token_stream()
            .to_string()
            .replace(' ', "");
        format!("{path}::{krate}")
    }

    /// Whether the first segment of an attribute's path names the runtime.
    pub(crate) fn is_runtime(&self, first: &str) -> bool {
        let renamed = self.krate.as_ref().and_then(|path| path.segments.last());
        first == "stayput" || renamed.is_some_and(|last| last.ident == first)
    }
}
