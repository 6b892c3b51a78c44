//! A durable object or mixin: the struct with its fields.

use quote::ToTokens as _;
use syn::{Expr, Fields, Generics, Ident, ItemStruct, Lit, LitStr, Path, Type, Visibility};

use crate::attrs::action::check_scope;
use crate::attrs::field::{StateArgs, parse_mount, parse_transient};
use crate::attrs::literal;
use crate::attrs::object::{Kind, SqlArgs, StructArgs};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::cfg::Cfgs;
use crate::syntax::docs::Docs;
use crate::syntax::helpers::Taken;
use crate::syntax::names::{binding_fault, class_fault, kebab, unraw};
use crate::syntax::types::borrow_in;

/// A struct that is a durable object or a mixin.
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) docs: Docs,
    pub(crate) class: String,
    pub(crate) was: Option<LitStr>,
    pub(crate) jurisdiction: Option<LitStr>,
    pub(crate) create: Option<LitStr>,
    pub(crate) key_hours: Option<u64>,
    pub(crate) destroy_after: Option<Expr>,
    pub(crate) upgrades: Vec<Path>,
    pub(crate) binding: Option<LitStr>,
    pub(crate) events: Vec<Path>,
    pub(crate) middleware: Vec<Expr>,
    pub(crate) blocks: Vec<Ident>,
    pub(crate) sql: Option<SqlArgs>,
    pub(crate) defers: bool,
    pub(crate) webhooks: bool,
    pub(crate) subscribes: Vec<Path>,
    pub(crate) fields: Vec<Field>,
}

/// A field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The name in storage and in messages.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) docs: Docs,
    pub(crate) cfgs: Cfgs,
    pub(crate) role: Role,
}

/// What a field is.
pub(crate) enum Role {
    /// Durable.
    State {
        default: Option<Expr>,
        was: Option<LitStr>,
    },
    /// Memory only.
    Transient { default: Option<Expr> },
    /// A mounted mixin.
    Mount,
    /// Refused; stands there so that nothing else is refused for want of it.
    Faulty,
}

/// Takes our attributes off the struct and checks what they say. `None`: nothing can be generated.
pub(crate) fn read(
    kind: Kind,
    args: StructArgs,
    item: &mut ItemStruct,
    rt: &Rt,
    diag: &mut Diag,
) -> Option<Object> {
    Taken::from(&mut item.attrs, rt, diag).refuse_rest("this struct", diag);
    let noun = kind.noun();
    let plain = refuse_generics(&item.generics, &format!("a {noun}"), diag);
    let mut fields = Vec::new();
    match &mut item.fields {
        Fields::Named(named) => {
            for field in &mut named.named {
                fields.extend(read_field(field, rt, diag));
            }
        }
        Fields::Unit => {}
        Fields::Unnamed(unnamed) => {
            for field in &mut unnamed.unnamed {
                Taken::from(&mut field.attrs, rt, diag);
            }
            diag.error(&*unnamed, format!("the fields of a {noun} need names"))
                .help("write `struct Name { field: Type }`")
                .note("a field is stored under its name");
            return None;
        }
    }
    check_class(&item.ident, args.class.as_ref(), kind, diag);
    let jurisdiction = args
        .jurisdiction
        .filter(|text| check_jurisdiction(text, diag));
    let create =
        (args.create).filter(|scope| check_scope(scope, "create = \"rooms:create\"", diag));
    let key_hours = args.key_hours.and_then(|hours| check_hours(&hours, diag));
    check_version(&item.ident, args.version.as_ref(), &args.upgrades, diag);
    let binding = args.binding.filter(|name| check_binding(name, diag));
    let events = unique_events(args.events, diag);
    let subscribes = unique_events(args.subscribes, diag);
    let blocks = unique_blocks(args.blocks, diag);
    let class = args
        .class
        .as_ref()
        .map_or_else(|| kebab(&unraw(&item.ident)), LitStr::value);
    plain.then(|| Object {
        kind,
        ident: item.ident.clone(),
        vis: item.vis.clone(),
        docs: Docs::of(&item.attrs),
        class,
        was: args.was,
        jurisdiction,
        create,
        key_hours,
        destroy_after: args.destroy_after,
        upgrades: args.upgrades,
        binding,
        events,
        middleware: args.middleware,
        blocks,
        sql: args.sql,
        defers: args.defers,
        webhooks: args.webhooks,
        subscribes,
        fields,
    })
}

/// The jurisdictions that Cloudflare has (<https://developers.cloudflare.com/durable-objects/reference/data-location/>).
const JURISDICTIONS: [&str; 3] = ["eu", "fedramp", "us"];

fn check_jurisdiction(text: &LitStr, diag: &mut Diag) -> bool {
    let known = JURISDICTIONS.contains(&text.value().as_str());
    if !known {
        diag.error(text, format!("there is no jurisdiction `{}`", text.value()))
            .help(format!("it is one of {}", JURISDICTIONS.join(", ")));
    }
    known
}

/// How long answers to calls with a key may be kept: up to a year.
const KEY_HOURS: std::ops::RangeInclusive<u64> = 1..=8_760;

fn check_hours(value: &Expr, diag: &mut Diag) -> Option<u64> {
    let hours = match literal(value) {
        Some(Lit::Int(hours)) => hours.base10_parse().ok(),
        _ => None,
    };
    let hours = hours.filter(|hours| KEY_HOURS.contains(hours));
    if hours.is_none() {
        diag.error(value, "answers are kept for 1 to 8760 hours")
            .help("write a whole number, such as `key_hours = 72`");
    }
    hours
}

/// Each version but the first has a step that leads to it.
fn check_version(ident: &Ident, version: Option<&Expr>, upgrades: &[Path], diag: &mut Diag) {
    let Some(value) = version else {
        if let Some(first) = upgrades.first() {
            diag.error(
                first,
                format!(
                    "steps between versions of `{}`, which says no version",
                    unraw(ident)
                ),
            )
            .help(format!(
                "add `version = {}`: one more than there are steps",
                upgrades.len() + 1
            ));
        }
        return;
    };
    let number = match literal(value) {
        Some(Lit::Int(number)) => number
            .base10_parse::<u32>()
            .ok()
            .filter(|number| *number > 0),
        _ => None,
    };
    let Some(number) = number else {
        diag.error(value, "a version is a whole number from 1 on")
            .help("write `version = 2`, and the step that leads there: `upgrades(from_1_to_2)`");
        return;
    };
    let (wanted, found) = (number - 1, upgrades.len());
    if usize::try_from(wanted) != Ok(found) {
        let steps = if wanted == 1 { "step" } else { "steps" };
        diag.error(value, format!("version {number} takes {wanted} {steps}, and there are {found}"))
            .help("list them all, in order: `upgrades(from_1_to_2, from_2_to_3, ..)`")
            .note("an object may wake after years, so each version that there was must still be brought up to date");
    }
}

fn check_binding(name: &LitStr, diag: &mut Diag) -> bool {
    let fault = binding_fault(&name.value());
    if let Some(fault) = &fault {
        diag.error(name, fault)
            .help("write a name such as `binding = \"CHAT_ROOM\"`");
    }
    fault.is_none()
}

/// Reports generics and where clauses; returns whether there are none.
pub(crate) fn refuse_generics(generics: &Generics, what: &str, diag: &mut Diag) -> bool {
    if !generics.params.is_empty() {
        diag.error(&generics.params, format!("{what} cannot be generic"))
            .help("write the types out")
            .note("its schema, and the clients made from it, know it by one name");
    } else if let Some(clause) = &generics.where_clause {
        diag.error(clause, format!("{what} cannot have a where clause"))
            .help("remove it: there is nothing generic to bound");
    }
    generics.params.is_empty() && generics.where_clause.is_none()
}

fn check_class(ident: &Ident, class: Option<&LitStr>, kind: Kind, diag: &mut Diag) {
    if kind == Kind::Mixin {
        return;
    }
    match class {
        Some(class) => {
            if let Some(fault) = class_fault(&class.value()) {
                diag.error(class, fault)
                    .help("write a path such as `class = \"chat-room\"`");
            }
        }
        None => {
            if let Some(fault) = class_fault(&kebab(&unraw(ident))) {
                diag.error(ident, fault)
                    .help("give a path: `#[durable_object(class = \"chat-room\")]`");
            }
        }
    }
}

/// Each event once; a second mention is reported.
fn unique_events(events: Vec<Path>, diag: &mut Diag) -> Vec<Path> {
    let mut unique: Vec<(String, Path)> = Vec::new();
    for event in events {
        let shown = event.to_token_stream().to_string();
        if unique.iter().any(|(before, _)| *before == shown) {
            diag.error(&event, format!("the event `{shown}` is listed twice"))
                .help("list each event once");
        } else {
            unique.push((shown, event));
        }
    }
    unique.into_iter().map(|(_, event)| event).collect()
}

/// Each impl block once; a second mention is reported.
fn unique_blocks(blocks: Vec<Ident>, diag: &mut Diag) -> Vec<Ident> {
    let mut unique: Vec<Ident> = Vec::new();
    for block in blocks {
        if unique.contains(&block) {
            diag.error(&block, format!("the impl block `{block}` is listed twice"))
                .help("list each block once");
        } else {
            unique.push(block);
        }
    }
    unique
}

pub(crate) fn read_field(field: &mut syn::Field, rt: &Rt, diag: &mut Diag) -> Option<Field> {
    let mut taken = Taken::from(&mut field.attrs, rt, diag);
    let state = taken.one("state", diag);
    let transient = taken.one("transient", diag);
    let mount = taken.one("mixin", diag);
    taken.refuse_rest("a field", diag);
    let ident = field.ident.clone()?;
    let present: Vec<_> = [&state, &transient, &mount].into_iter().flatten().collect();
    if present.len() > 1 {
        for attr in &present {
            diag.error(
                attr,
                "`#[state]`, `#[transient]` and `#[mixin]` exclude each other",
            )
            .help("a field is durable, memory only or a mounted mixin: keep one");
        }
    }
    let mut role = if let Some(attr) = &mount {
        parse_mount(attr, diag);
        Role::Mount
    } else if let Some(attr) = &transient {
        Role::Transient {
            default: parse_transient(attr, diag),
        }
    } else {
        let args = state
            .as_ref()
            .map(|attr| StateArgs::parse(attr, diag))
            .unwrap_or_default();
        Role::State {
            default: args.default,
            was: args.was,
        }
    };
    if let Some(borrow) = borrow_in(&field.ty)
        && !matches!(role, Role::Transient { .. })
    {
        diag.error(borrow, format!("the field `{ident}` borrows"))
            .help("own the value, for example by `String` or `Vec<T>`")
            .note("a durable field outlives every borrow: it is read back after a restart");
        role = Role::Faulty;
    }
    Some(Field {
        name: unraw(&ident),
        ident,
        ty: field.ty.clone(),
        docs: Docs::of(&field.attrs),
        cfgs: Cfgs::of(&field.attrs),
        role,
    })
}
