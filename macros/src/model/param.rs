//! A parameter of an action.

use proc_macro2::TokenStream;
use syn::{Attribute, FnArg, Ident, Pat, PatType, Signature, Type};

use crate::attrs::param::ParamArgs;
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::docs::Docs;
use crate::syntax::helpers::Taken;
use crate::syntax::names::unraw;
use crate::syntax::types::{borrow_in, impl_trait_in, last_segment, ungroup};

/// A parameter of an action.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) docs: Docs,
    pub(crate) builders: TokenStream,
}

/// Takes our attributes and the docs off a parameter and checks the rest.
pub(crate) fn read(input: &mut PatType, rt: &Rt, diag: &mut Diag) -> Option<Param> {
    let mut taken = Taken::from(&mut input.attrs, rt, diag);
    let attr = taken.one("param", diag);
    taken.refuse_rest("a parameter", diag);
    let mut docs = Docs::of(&input.attrs);
    input.attrs.retain(|attr| !attr.path().is_ident("doc"));
    if !Cfgs::of(&input.attrs).is_empty()
        && let Some(attr) = input.attrs.iter().find(|attr| attr.path().is_ident("cfg"))
    {
        diag.error(attr, "a parameter cannot be conditional")
            .help("put `#[cfg(..)]` on the action and write two of them");
    }
    let args = attr
        .map(|attr| ParamArgs::parse(&attr, diag))
        .unwrap_or_default();
    if let Some(text) = &args.description {
        if !docs.is_empty() {
            diag.error(text, "the parameter is described twice")
                .help("keep the doc comment or `description`");
        }
        docs = Docs::text(&text.value());
    }
    let ident = name_of(&input.pat, diag)?;
    check_type(&input.ty, diag).then(|| Param {
        name: unraw(&ident),
        ident,
        ty: (*input.ty).clone(),
        docs,
        builders: args.builders,
    })
}

fn name_of(pat: &Pat, diag: &mut Diag) -> Option<Ident> {
    if let Pat::Ident(pat) = pat
        && pat.subpat.is_none()
        && pat.by_ref.is_none()
    {
        return Some(pat.ident.clone());
    }
    diag.error(pat, "a parameter needs a name, by which callers give it")
        .help("write `name: Type` and take it apart in the body");
    None
}

fn check_type(ty: &Type, diag: &mut Diag) -> bool {
    let before = diag.count();
    if let Some(found) = impl_trait_in(ty) {
        diag.error(found, "the type of a parameter needs a name")
            .help("write the type that callers send")
            .note("stubs accept `&str` for `String` and `T` for `Option<T>` already");
    } else if let Some(name) = last_segment(ty).filter(|name| name.ends_with("Context"))
        && matches!(name.as_str(), "Context" | "ProcessContext")
    {
        diag.error(ty, "the context stands right after the receiver")
            .help("write `fn name(&mut self, cx: &mut Context<Self>, ..)`");
    } else if let Type::Reference(reference) = ungroup(ty)
        && last_segment(&reference.elem).as_deref() == Some("Context")
    {
        diag.error(ty, "the context stands right after the receiver")
            .help("write `fn name(&mut self, cx: &mut Context<Self>, ..)`");
    } else if matches!(ungroup(ty), Type::Reference(_)) {
        diag.error(ty, "parameters are owned; a reference is the context")
            .help("take `String` for `&str`, `Vec<T>` for `&[T]`, `T` for `&T`");
    } else if let Some(borrow) = borrow_in(ty) {
        diag.error(borrow, "parameters are owned, and this one borrows")
            .help("take an owned type, for example `String` or `Vec<T>`");
    }
    diag.count() == before
}

/// Reports our attributes where a parameter has none to say.
pub(crate) fn refuse_attrs(attrs: &mut Vec<Attribute>, rt: &Rt, place: &str, diag: &mut Diag) {
    Taken::from(attrs, rt, diag).refuse_rest(place, diag);
}

/// The same for all parameters of a method that is no action.
pub(crate) fn refuse_params(sig: &mut Signature, rt: &Rt, place: &str, diag: &mut Diag) {
    for input in &mut sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &mut receiver.attrs,
            FnArg::Typed(typed) => &mut typed.attrs,
        };
        refuse_attrs(attrs, rt, &format!("the parameter of {place}"), diag);
    }
}

/// Takes our attributes off where another error says enough.
pub(crate) fn strip_params(sig: &mut Signature, rt: &Rt, diag: &mut Diag) {
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            Taken::from(&mut typed.attrs, rt, diag);
        }
    }
}
