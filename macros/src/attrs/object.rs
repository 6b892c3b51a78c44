//! `#[durable_object(..)]` and `#[mixin(..)]`, on a struct and on an impl block.

use proc_macro2::TokenStream;
use syn::{Expr, Ident, LitStr, Path};

use super::places::{MIXIN, MIXIN_IMPL, OBJECT, OBJECT_IMPL, SQL};
use super::{Args, Value};
use crate::diag::Diag;

/// Which of the two attributes stands there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Mixin,
}

impl Kind {
    /// How messages show the attribute.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Object => "#[durable_object]",
            Self::Mixin => "#[mixin]",
        }
    }

    /// What a type with the attribute is called.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Object => "durable object",
            Self::Mixin => "mixin",
        }
    }
}

/// The arguments on a struct.
#[derive(Default)]
pub(crate) struct StructArgs {
    pub(crate) krate: Option<Path>,
    pub(crate) class: Option<LitStr>,
    pub(crate) was: Option<LitStr>,
    pub(crate) jurisdiction: Option<LitStr>,
    pub(crate) create: Option<LitStr>,
    pub(crate) key_hours: Option<Expr>,
    pub(crate) destroy_after: Option<Expr>,
    pub(crate) version: Option<Expr>,
    pub(crate) upgrades: Vec<Path>,
    pub(crate) binding: Option<LitStr>,
    pub(crate) events: Vec<Path>,
    pub(crate) middleware: Vec<Expr>,
    pub(crate) blocks: Vec<Ident>,
    pub(crate) sql: Option<SqlArgs>,
    /// Whether calls are deferred here.
    pub(crate) defers: bool,
    /// Then it defers as well.
    pub(crate) webhooks: bool,
    /// Events of other objects; then it defers as well.
    pub(crate) subscribes: Vec<Path>,
}

/// `sql`, or `sql(migrations = MIGRATIONS)`.
#[derive(Default)]
pub(crate) struct SqlArgs {
    pub(crate) migrations: Option<Expr>,
}

impl SqlArgs {
    fn take(args: &mut Args, diag: &mut Diag) -> Option<Self> {
        let arg = args.take("sql", diag)?;
        match &arg.value {
            Value::Flag => Some(Self::default()),
            Value::List(list) => {
                let mut inner = Args::parse(&SQL, list.clone(), diag);
                let migrations = inner.expr("migrations", diag);
                inner.finish(diag);
                Some(Self { migrations })
            }
            Value::Eq(_) => {
                args.wrong_shape(&arg, diag);
                None
            }
        }
    }
}

impl StructArgs {
    pub(crate) fn parse(kind: Kind, tokens: TokenStream, diag: &mut Diag) -> Self {
        let place = if kind == Kind::Object {
            &OBJECT
        } else {
            &MIXIN
        };
        let mut args = Args::parse(place, tokens, diag);
        let krate = args.krate(diag);
        let mut text = |key| match kind {
            Kind::Object => args.text(key, diag),
            Kind::Mixin => None,
        };
        let (class, was, jurisdiction) = (text("class"), text("was"), text("jurisdiction"));
        let (binding, create) = (text("binding"), text("create"));
        let mut expr = |key| match kind {
            Kind::Object => args.expr(key, diag),
            Kind::Mixin => None,
        };
        let (key_hours, destroy_after) = (expr("key_hours"), expr("destroy_after"));
        let version = args.expr("version", diag);
        let upgrades = args.paths("upgrades", diag);
        let events = args.paths("events", diag);
        let middleware = match kind {
            Kind::Object => args.exprs("middleware", diag),
            Kind::Mixin => Vec::new(),
        };
        let sql = match kind {
            Kind::Object => SqlArgs::take(&mut args, diag),
            Kind::Mixin => None,
        };
        let webhooks = args.flag("webhooks", diag).is_some();
        let subscribes = args.paths("subscribes", diag);
        let defers = args.flag("defers", diag).is_some() || webhooks || !subscribes.is_empty();
        let mut blocks = Vec::new();
        for path in args.paths("impls", diag) {
            if let Some(ident) = path.get_ident() {
                blocks.push(ident.clone());
            } else {
                diag.error(&path, "the name of an impl block is one word")
                    .help("write `impls(moderation)` here and `#[durable_object(moderation)]` on the block");
            }
        }
        args.finish(diag);
        Self {
            krate,
            class,
            was,
            jurisdiction,
            create,
            key_hours,
            destroy_after,
            version,
            upgrades,
            binding,
            events,
            middleware,
            blocks,
            sql,
            defers,
            webhooks,
            subscribes,
        }
    }
}

/// The arguments on an impl block.
#[derive(Default)]
pub(crate) struct ImplArgs {
    pub(crate) krate: Option<Path>,
    /// The name of a further block; `None` is the first one.
    pub(crate) block: Option<Ident>,
}

impl ImplArgs {
    pub(crate) fn parse(kind: Kind, tokens: TokenStream, diag: &mut Diag) -> Self {
        let place = if kind == Kind::Object {
            &OBJECT_IMPL
        } else {
            &MIXIN_IMPL
        };
        let mut args = Args::parse(place, tokens, diag);
        let krate = args.krate(diag);
        let path = args.take_leading();
        let block = path.as_ref().and_then(|path| path.get_ident().cloned());
        if let (Some(path), None) = (&path, &block) {
            let open = kind.shown().trim_end_matches(']');
            diag.error(path, "the name of an impl block is one word")
                .help(format!(
                    "write `{open}(moderation)]` and list it on the struct: `impls(moderation)`"
                ));
        }
        args.finish(diag);
        Self { krate, block }
    }
}
