//! The error sink: every stage adds to it, the end of the macro turns it into `compile_error!`s.

use std::fmt::{Display, Write as _};

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Gathers the errors of one macro call, so that all of a stage show at once.
#[derive(Default)]
#[must_use = "errors that are not finished are lost"]
pub(crate) struct Diag {
    faults: Vec<Fault>,
}

/// One error on the user's tokens.
pub(crate) struct Fault {
    at: TokenStream,
    text: String,
}

impl Fault {
    /// Adds a line that says what to write instead.
    pub(crate) fn help(&mut self, text: impl Display) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "\nhelp: {text}");
        self
    }

    /// Adds a line that says why.
    pub(crate) fn note(&mut self, text: impl Display) -> &mut Self {
        let _ = write!(self.text, "\nnote: {text}");
        self
    }
}

impl Diag {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Reports `text` on the tokens `at`.
    pub(crate) fn error(&mut self, at: impl ToTokens, text: impl Display) -> &mut Fault {
        self.faults.push(Fault {
            at: at.into_token_stream(),
            text: text.to_string(),
        });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    /// Reports what the parser said, with where it said it.
    pub(crate) fn parse_error(&mut self, error: &syn::Error) -> &mut Fault {
        let mut marker = TokenStream::new();
        let mut ident = proc_macro2::Ident::new("_", error.span());
        ident.set_span(error.span());
        ident.to_tokens(&mut marker);
        self.error(marker, error)
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.faults.is_empty()
    }

    /// How many errors there are: a stage that added none may go on.
    pub(crate) fn count(&self) -> usize {
        self.faults.len()
    }

    /// One `compile_error!` for each error.
    pub(crate) fn finish(self) -> TokenStream {
        self.faults
            .into_iter()
            .map(|fault| syn::Error::new_spanned(fault.at, fault.text).into_compile_error())
            .collect()
    }
}
