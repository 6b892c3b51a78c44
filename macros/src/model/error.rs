//! A type that derives `ActionError`: its codes, statuses and messages.

use quote::ToTokens as _;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Meta, Type};

use super::object::refuse_generics;
use super::placeholders::{self, Message};
use crate::attrs::error::{ErrorArgs, ErrorTypeArgs};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::docs::Docs;
use crate::syntax::names::{snake, unraw, wire_fault};

/// A type of errors.
pub(crate) struct Errors {
    pub(crate) rt: Rt,
    pub(crate) ident: Ident,
    pub(crate) variants: Vec<Variant>,
}

/// One error.
pub(crate) struct Variant {
    /// `None` for a struct.
    pub(crate) ident: Option<Ident>,
    pub(crate) cfgs: Cfgs,
    pub(crate) docs: Docs,
    pub(crate) code: String,
    pub(crate) status: u16,
    pub(crate) retryable: bool,
    pub(crate) message: Message,
    pub(crate) fields: Vec<ErrorField>,
}

/// A field of an error.
pub(crate) struct ErrorField {
    /// `max`, or `0` in a tuple.
    pub(crate) member: syn::Member,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// Codes of the framework itself, which clients must be able to tell apart.
pub(crate) const FRAMEWORK_CODES: [&str; 16] = [
    "bad_request",
    "conflict",
    "deadlock",
    "forbidden",
    "internal",
    "invalid_params",
    "isolate_reset",
    "method_not_found",
    "not_found",
    "object_reset",
    "overloaded",
    "rate_limited",
    "reentrant_call",
    "timeout",
    "too_large",
    "unauthenticated",
];

/// Reads and checks the type. `None`: nothing can be generated.
pub(crate) fn read(input: &DeriveInput, diag: &mut Diag) -> Option<Errors> {
    let plain = refuse_generics(&input.generics, "an error type", diag);
    let mut type_args = ErrorTypeArgs::default();
    let mut variants = Vec::new();
    match &input.data {
        Data::Enum(data) => {
            for attr in own(&input.attrs) {
                type_args = ErrorTypeArgs::parse(attr, diag);
            }
            for variant in &data.variants {
                let args = own(&variant.attrs)
                    .map(|attr| ErrorArgs::parse(attr, diag))
                    .last()
                    .unwrap_or_default();
                variants.push((Some(&variant.ident), &variant.attrs, &variant.fields, args));
            }
        }
        Data::Struct(data) => {
            let mut args = ErrorArgs::default();
            for attr in own(&input.attrs) {
                let tokens = match &attr.meta {
                    Meta::List(list) => list.tokens.clone(),
                    _ => proc_macro2::TokenStream::new(),
                };
                (type_args, args) = ErrorTypeArgs::parse_struct(tokens, diag);
            }
            variants.push((None, &input.attrs, &data.fields, args));
        }
        Data::Union(data) => {
            diag.error(data.union_token, "a union cannot be an error")
                .help("write an enum with a variant for each error");
            return None;
        }
    }
    let prefix = type_args.prefix.as_ref().map(LitStr::value);
    if let Some(literal) = &type_args.prefix
        && let Some(fault) = wire_fault("a prefix", &literal.value())
    {
        diag.error(literal, fault)
            .help("write a word such as `prefix = \"room\"`");
    }
    let mut read: Vec<Variant> = Vec::new();
    for (ident, attrs, fields, args) in variants {
        let ident_or_type = ident.unwrap_or(&input.ident);
        let at = args.code.as_ref().map_or_else(
            || ident_or_type.to_token_stream(),
            quote::ToTokens::to_token_stream,
        );
        let own_code = args
            .code
            .as_ref()
            .map_or_else(|| snake(&unraw(ident_or_type)), LitStr::value);
        let code = prefix
            .as_ref()
            .map_or_else(|| own_code.clone(), |prefix| format!("{prefix}.{own_code}"));
        if let Some(fault) = wire_fault("an error code", &own_code) {
            diag.error(&at, fault)
                .help("write a code such as `code = \"full\"`");
        } else if FRAMEWORK_CODES.contains(&code.as_str()) {
            diag.error(&at, format!("`{code}` is a code of the framework's own")).help(
                "give the type a prefix: `#[error(prefix = \"room\")]`, or the variant another `code`",
            );
        } else if read
            .iter()
            .any(|before| before.code == code && before.cfgs.is_empty())
        {
            diag.error(&at, format!("the code `{code}` is taken twice"))
                .help("write another: `#[error(code = \"..\")]`");
        }
        let docs = Docs::of(attrs);
        let fields_read = read_fields(fields);
        let message = read_message(args.message.as_ref(), &docs, &own_code, &fields_read, diag);
        read.push(Variant {
            ident: ident.cloned(),
            cfgs: if ident.is_some() {
                Cfgs::of(attrs)
            } else {
                Cfgs::default()
            },
            docs,
            code,
            status: args.status.unwrap_or(400),
            retryable: args.retryable,
            message,
            fields: fields_read,
        });
    }
    plain.then(|| Errors {
        rt: Rt::new(type_args.krate),
        ident: input.ident.clone(),
        variants: read,
    })
}

fn own(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("error"))
}

fn read_fields(fields: &Fields) -> Vec<ErrorField> {
    fields
        .members()
        .zip(fields.iter())
        .map(|(member, field)| ErrorField {
            name: match &member {
                syn::Member::Named(ident) => unraw(ident),
                syn::Member::Unnamed(index) => index.index.to_string(),
            },
            member,
            ty: field.ty.clone(),
        })
        .collect()
}

fn read_message(
    given: Option<&LitStr>,
    docs: &Docs,
    code: &str,
    fields: &[ErrorField],
    diag: &mut Diag,
) -> Message {
    let Some(literal) = given else {
        return placeholders::plain(&docs.summary().unwrap_or_else(|| code.to_owned()));
    };
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    placeholders::parse(&literal.value(), &names).unwrap_or_else(|(fault, help)| {
        diag.error(literal, fault).help(help);
        placeholders::plain(code)
    })
}
