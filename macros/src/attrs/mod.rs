//! Attribute arguments: `key`, `key = value` and `key(list)`, with one table of every key there is.

pub(crate) mod action;
pub(crate) mod entity;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod field;
mod number;
pub(crate) mod object;
pub(crate) mod param;
mod places;
pub(crate) mod projection;
pub(crate) mod route;
pub(crate) mod row;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token};

use crate::diag::Diag;
use crate::syntax::names::{nearest, unraw};
pub(crate) use places::{PLACES, Place, TEST};

/// One argument of an attribute.
pub(crate) struct Arg {
    pub(crate) key: Path,
    pub(crate) value: Value,
}

/// What follows the key.
pub(crate) enum Value {
    Flag,
    Eq(Expr),
    List(TokenStream),
}

impl Arg {
    fn name(&self) -> Option<String> {
        self.key.get_ident().map(unraw)
    }
}

/// The arguments of one attribute that nobody has taken yet.
pub(crate) struct Args {
    place: &'static Place,
    args: Vec<Arg>,
}

fn parse_arg(input: ParseStream<'_>) -> syn::Result<Arg> {
    if input.peek(Lit) {
        return Err(input.error("expected a key, found a literal"));
    }
    let keyword = input.peek(Token![crate]) && !input.peek2(Token![::]);
    let key: Path = if keyword || input.peek(Token![where]) {
        Path::from(input.call(syn::Ident::parse_any)?)
    } else {
        input.parse()?
    };
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        Value::Eq(input.parse()?)
    } else if input.peek(syn::token::Paren) {
        let list;
        syn::parenthesized!(list in input);
        Value::List(list.parse()?)
    } else {
        Value::Flag
    };
    Ok(Arg { key, value })
}

impl Args {
    /// Reads `key, key = value, key(list)`; what cannot be read is reported and left out.
    pub(crate) fn parse(place: &'static Place, tokens: TokenStream, diag: &mut Diag) -> Self {
        let parser = |input: ParseStream<'_>| {
            Punctuated::<Arg, Token![,]>::parse_terminated_with(input, parse_arg)
        };
        let args = match parser.parse2(tokens) {
            Ok(args) => args.into_iter().collect(),
            Err(error) => {
                diag.parse_error(&error).help(place.usage());
                Vec::new()
            }
        };
        Self { place, args }
    }

    /// Reads the arguments of `#[name(..)]`.
    pub(crate) fn of(place: &'static Place, attr: &Attribute, diag: &mut Diag) -> Self {
        let tokens = match &attr.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                diag.error(
                    pair,
                    format!("`{}` takes its keys in parentheses", place.shown),
                )
                .help(place.usage());
                TokenStream::new()
            }
        };
        Self::parse(place, tokens, diag)
    }

    /// Takes an argument out; a second one of the same key is reported.
    pub(crate) fn take(&mut self, key: &str, diag: &mut Diag) -> Option<Arg> {
        let mut found: Option<Arg> = None;
        let mut rest = Vec::with_capacity(self.args.len());
        for arg in self.args.drain(..) {
            if arg.name().as_deref() != Some(key) {
                rest.push(arg);
            } else if found.is_none() {
                found = Some(arg);
            } else {
                diag.error(&arg.key, format!("`{key}` is given twice"))
                    .help(format!("keep one `{key}` in `{}`", self.place.shown));
            }
        }
        self.args = rest;
        found
    }

    /// Takes the first argument that is a path or word of the user's and no key of the place.
    pub(crate) fn take_leading(&mut self) -> Option<Path> {
        let first = self.args.first()?;
        let is_key = first.name().is_some_and(|name| self.place.has(&name));
        if is_key || !matches!(first.value, Value::Flag) {
            return None;
        }
        Some(self.args.remove(0).key)
    }

    /// Takes the first argument that is a word of the user's with a list, and no key of the place.
    pub(crate) fn take_named_list(&mut self) -> Option<(syn::Ident, TokenStream)> {
        let first = self.args.first()?;
        let ident = first.key.get_ident()?.clone();
        let Value::List(list) = &first.value else {
            return None;
        };
        if self.place.has(&unraw(&ident)) {
            return None;
        }
        let list = list.clone();
        self.args.remove(0);
        Some((ident, list))
    }

    fn wrong_shape(&self, arg: &Arg, diag: &mut Diag) {
        let name = arg.name().unwrap_or_default();
        let at = match &arg.value {
            Value::Flag => arg.key.to_token_stream(),
            Value::Eq(value) => value.to_token_stream(),
            Value::List(list) if list.is_empty() => arg.key.to_token_stream(),
            Value::List(list) => list.clone(),
        };
        diag.error(
            at,
            format!("`{name}` in `{}` has another form", self.place.shown),
        )
        .help(format!("write `{}`", self.place.form(&name)));
    }

    /// `key`
    pub(crate) fn flag(&mut self, key: &str, diag: &mut Diag) -> Option<Path> {
        let arg = self.take(key, diag)?;
        if !matches!(arg.value, Value::Flag) {
            self.wrong_shape(&arg, diag);
        }
        Some(arg.key)
    }

    /// `key = EXPR`
    pub(crate) fn expr(&mut self, key: &str, diag: &mut Diag) -> Option<Expr> {
        let arg = self.take(key, diag)?;
        if let Value::Eq(value) = arg.value {
            return Some(value);
        }
        self.wrong_shape(&arg, diag);
        None
    }

    /// `key = "text"`
    pub(crate) fn text(&mut self, key: &str, diag: &mut Diag) -> Option<LitStr> {
        let arg = self.take(key, diag)?;
        if let Value::Eq(value) = &arg.value
            && let Some(Lit::Str(text)) = literal(value)
        {
            return Some(text.clone());
        }
        self.wrong_shape(&arg, diag);
        None
    }

    /// `key(path, path)`
    pub(crate) fn paths(&mut self, key: &str, diag: &mut Diag) -> Vec<Path> {
        let Some(arg) = self.take(key, diag) else {
            return Vec::new();
        };
        if let Value::List(list) = &arg.value
            && let Ok(paths) = Punctuated::<Path, Token![,]>::parse_terminated.parse2(list.clone())
        {
            return paths.into_iter().collect();
        }
        self.wrong_shape(&arg, diag);
        Vec::new()
    }

    /// `key(EXPR, EXPR)`
    pub(crate) fn exprs(&mut self, key: &str, diag: &mut Diag) -> Vec<Expr> {
        let Some(arg) = self.take(key, diag) else {
            return Vec::new();
        };
        if let Value::List(list) = &arg.value
            && let Ok(exprs) = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list.clone())
        {
            return exprs.into_iter().collect();
        }
        self.wrong_shape(&arg, diag);
        Vec::new()
    }

    /// `crate = path`
    pub(crate) fn krate(&mut self, diag: &mut Diag) -> Option<Path> {
        let arg = self.take("crate", diag)?;
        if let Value::Eq(value) = &arg.value
            && let Ok(path) = syn::parse2::<Path>(ungroup(value).to_token_stream())
        {
            return Some(path);
        }
        self.wrong_shape(&arg, diag);
        None
    }

    /// Reports everything that nobody took.
    pub(crate) fn finish(self, diag: &mut Diag) {
        for arg in &self.args {
            let shown = self.place.full();
            let Some(name) = arg.name() else {
                diag.error(&arg.key, format!("{shown} takes keys, not paths"))
                    .help(self.place.usage());
                continue;
            };
            let fault = diag.error(&arg.key, format!("unknown key `{name}` in {shown}"));
            let elsewhere = PLACES.iter().find(|place| place.has(&name));
            if let Some(near) = nearest(&name, self.place.names()) {
                fault.help(format!("did you mean `{}`?", self.place.form(near)));
            } else if let Some(place) = elsewhere {
                fault.help(format!("`{name}` belongs in {}", place.full()));
            }
            fault.help(self.place.usage());
        }
    }
}

/// An expression without the invisible groups that `macro_rules` leaves around it.
pub(crate) fn ungroup(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungroup(&group.expr),
        other => other,
    }
}

/// The literal that an expression is, if it is one.
pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match ungroup(expr) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}
