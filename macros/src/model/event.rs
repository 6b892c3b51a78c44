//! An event: a type that `#[event]` stands on.

use syn::{Data, DeriveInput, Ident};

use crate::attrs::event::{EventArgs, Kept};
use crate::diag::Diag;
use crate::syntax::docs::Docs;
use crate::syntax::names::{nearest, unraw};

/// An event.
pub(crate) struct Event<'a> {
    pub(crate) ident: &'a Ident,
    /// The wire name.
    pub(crate) name: &'a str,
    pub(crate) args: &'a EventArgs,
    pub(crate) docs: &'a Docs,
    /// The field of whose every value the last event is kept.
    pub(crate) key: Option<Ident>,
}

/// The field that `key` names.
pub(crate) fn key(kept: &Kept, event: &DeriveInput, diag: &mut Diag) -> Option<Ident> {
    let Kept::Latest(Some(key)) = kept else {
        return None;
    };
    let wanted = key.value();
    let Data::Struct(data) = &event.data else {
        diag.error(
            key,
            "the variants of an enum have no field in common that could be the key",
        )
        .help("make the event a struct, or remove `key`: then the last one of all is kept");
        return None;
    };
    let mut fields = data.fields.iter().filter_map(|field| field.ident.as_ref());
    let found = fields.find(|ident| unraw(ident) == wanted).cloned();
    if found.is_none() {
        let names = data
            .fields
            .iter()
            .filter_map(|field| field.ident.as_ref())
            .map(unraw);
        let names: Vec<String> = names.collect();
        let error = diag.error(key, format!("the event has no field `{wanted}`"));
        match nearest(&wanted, names.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("name the field of whose every value the last event is kept"),
        };
    }
    found
}
