//! What a macro call gives back; the one place that puts the user's item, the code and the errors together.

use proc_macro2::TokenStream;

use crate::diag::Diag;

/// The item with our attributes stripped, then the generated code, then the errors.
pub(crate) fn assemble(item: TokenStream, code: TokenStream, diag: Diag) -> TokenStream {
    let mut out = item;
    out.extend(code);
    out.extend(diag.finish());
    out
}
