//! `stub!("users.json")`: reads another app's manifest and makes typed stubs of its classes.
//!
//! | File | What it does |
//! |---|---|
//! | `json.rs` | reads JSON |
//! | `schema.rs` | what a JSON Schema says of itself |
//! | `types.rs`, `enums.rs` | named types: structs, enums, aliases |
//! | `errors.rs` | what actions fail with |
//! | `stubs.rs` | classes, stubs and methods |
//! | `names.rs` | Rust names for all that |

mod enums;
mod errors;
mod json;
mod names;
mod schema;
mod stubs;
mod types;

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

use self::errors::Errors;
use self::json::Json;
use self::names::{Scope, pascal};
use self::stubs::Stubs;
use self::types::Types;
use crate::diag::Diag;
use crate::output::assemble;
use crate::paths::Rt;
use crate::syntax::names::binding_fault;

/// The major version of the manifests that are read.
const MAJOR: &str = "1";

/// The arguments of the macro.
pub(crate) struct Args {
    file: LitStr,
    name: Option<LitStr>,
    krate: Option<syn::Path>,
}

/// By which names the other app is configured.
struct Prefix {
    app: String,
    /// `USERS`.
    word: String,
}

impl Prefix {
    fn setting(&self) -> String {
        format!("STAYPUT_{}", self.word)
    }
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut args = Self {
            file: input.parse()?,
            name: None,
            krate: None,
        };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                args.krate = Some(input.call(syn::Path::parse_mod_style)?);
                continue;
            }
            let key: Ident = input.parse()?;
            if key != "name" {
                let message = format!(
                    "unknown key `{key}`\nhelp: write `stub!(\"users.json\")`, `name = \"USERS\"` or `crate = path` after it"
                );
                return Err(syn::Error::new(key.span(), message));
            }
            input.parse::<Token![=]>()?;
            args.name = Some(input.parse()?);
        }
        Ok(args)
    }
}

/// The macro. `folder` is that of the crate's `Cargo.toml`.
pub(crate) fn stub(args: TokenStream, folder: &Path) -> TokenStream {
    let mut diag = Diag::new();
    let args = match syn::parse2::<Args>(args) {
        Ok(args) => args,
        Err(error) => {
            diag.parse_error(&error);
            return assemble(TokenStream::new(), TokenStream::new(), diag);
        }
    };
    if let Some(name) = &args.name
        && let Some(fault) = binding_fault(&name.value())
    {
        diag.error(name, fault)
            .help("write a name such as `name = \"USERS\"`");
        return assemble(TokenStream::new(), TokenStream::new(), diag);
    }
    let name = args.file.value();
    let code = match std::fs::read_to_string(folder.join(&name)) {
        Ok(text) => read(&text, &args, &mut diag).map(|document| expand(&document, &args)),
        Err(error) => {
            diag.error(&args.file, format!("cannot read `{name}`: {error}"))
                .help("write the other app's manifest there: `my-app manifest FILE`; the path begins beside `Cargo.toml`");
            None
        }
    };
    assemble(TokenStream::new(), code.unwrap_or_default(), diag)
}

/// The document, if it is a manifest.
fn read(text: &str, args: &Args, diag: &mut Diag) -> Option<Json> {
    let name = args.file.value();
    let again = "write it anew: `my-app manifest FILE`";
    let document = match Json::parse(text) {
        Ok(document) => document,
        Err(fault) => {
            let (line, column) = (fault.line, fault.column);
            let message = format!(
                "`{name}` is no JSON: line {line}, column {column}: expected {}",
                fault.expected
            );
            diag.error(&args.file, message).help(again);
            return None;
        }
    };
    let version = document
        .get("stayput")
        .and_then(|stayput| stayput.get("manifest"));
    match version.and_then(Json::number) {
        Some(MAJOR) => {}
        Some(other) => {
            diag.error(
                &args.file,
                format!("`{name}` is a manifest of version {other}, and version 1 is read here"),
            )
            .help("let both apps use the same release of stayput");
            return None;
        }
        None => {
            diag.error(&args.file, format!("`{name}` is no manifest of an app"))
                .help(again);
            return None;
        }
    }
    let classes = document.get("classes").map_or(&[][..], Json::members);
    let app = document.get("app").map_or("", |app| app.text_of("name"));
    if classes.is_empty() || app.is_empty() {
        diag.error(
            &args.file,
            format!("`{name}` names no app, or no class of it"),
        )
        .help(again);
        return None;
    }
    Some(document)
}

/// Expands to what makes the compiler read the file again, the app's types and errors, and for each class
/// ```ignore
/// pub enum Account {}
/// impl Account {
///     const __REMOTE: &'static Remote = &Remote { app: "users", class: "account", .. };
///     pub fn named(cx, name) -> AccountStub; pub fn by_id(cx, id) -> AccountStub;
/// }
/// pub struct AccountStub { __core: StubCore }
/// impl AccountStub { pub fn balance(&self) -> Call<u64, AccountError>; .. }
/// ```
fn expand(document: &Json, args: &Args) -> TokenStream {
    let rt = Rt::new(args.krate.clone());
    let private = rt.private();
    let app = document.get("app").map_or("", |app| app.text_of("name"));
    let prefix = Prefix {
        app: app.to_owned(),
        word: args.name.as_ref().map_or_else(|| word(app), LitStr::value),
    };
    let mut scope = Scope::default();
    let classes = document.get("classes").map_or(&[][..], Json::members);
    let named: Vec<(&str, &Json, Ident)> = classes
        .iter()
        .map(|(path, class)| {
            (
                path.as_str(),
                class,
                scope.claim(&pascal(class.text_of("type"))),
            )
        })
        .collect();
    let schemas = document
        .get("components")
        .and_then(|components| components.get("schemas"));
    let types = Types::new(schemas.map_or(&[], Json::members), &mut scope, &rt);
    let mut stubs = Stubs {
        types: &types,
        scope: &mut scope,
        errors: Errors::default(),
        prefix: &prefix,
    };
    let mut code = TokenStream::new();
    for (path, class, ident) in &named {
        code.extend(stubs.class(path, class, ident));
    }
    let errors = stubs.errors.code;
    let declared = types.declare();
    let idents = named.iter().map(|(_, _, ident)| ident);
    let file = &args.file;
    quote! {
        const _: &[u8] =
            ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #file));
        #private::remote_needs_client!();
        /// These classes, for `stayput::app!(..; uses(..))`.
        #[allow(dead_code, reason = "not every app lists it")]
        pub const APP: #private::RemoteApp = #private::RemoteApp { classes: &[#(#idents::__REMOTE),*] };
        #code
        #errors
        #declared
    }
}

/// `user-service` is configured as `USER_SERVICE`.
fn word(app: &str) -> String {
    let word = |char: char| {
        if char.is_ascii_alphanumeric() {
            char.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    app.chars().map(word).collect()
}

/// The docs of something of another app. No example in them is one of this crate's tests.
fn docs(text: &str, otherwise: &str) -> TokenStream {
    let text = if text.trim().is_empty() {
        otherwise
    } else {
        text
    };
    let mut open = false;
    let lines = text.trim().lines().map(|line| {
        let bare = line.trim_start();
        if bare.starts_with("```") {
            open = !open;
            return if open {
                " ```text".to_owned()
            } else {
                " ```".to_owned()
            };
        }
        // Four spaces would be a program, too.
        let kept = line.len() - bare.len();
        format!(
            " {}{bare}",
            " ".repeat(if open { kept } else { kept.min(3) })
        )
    });
    let lines: Vec<String> = lines.collect();
    quote!(#(#[doc = #lines])*)
}

#[cfg(test)]
pub(crate) fn expand_text(text: &str, file: &str) -> TokenStream {
    let args: Args = syn::parse_str(&format!("{file:?}")).expect("a literal");
    let mut diag = Diag::new();
    let code = read(text, &args, &mut diag).map(|document| expand(&document, &args));
    assemble(TokenStream::new(), code.unwrap_or_default(), diag)
}
