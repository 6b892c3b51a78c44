//! `#[event(..)]`, on a type and on a method, and `#[data(..)]`.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Expr, Ident, LitStr, Path};

use super::Args;
use super::action::Auth;
use super::places::{DATA, EVENT, HANDLER};
use crate::diag::Diag;

/// What a handler answers to.
pub(crate) enum Trigger {
    /// Something that happens to the object or to a connection to it.
    Own(Own, Ident),
    Event(Path),
}

/// What an object handles besides events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    Start,
    Alarm,
    Connect,
    Message,
    Disconnect,
    Fetch,
}

impl Own {
    pub(crate) const ALL: [Self; 6] = [
        Self::Start,
        Self::Alarm,
        Self::Connect,
        Self::Message,
        Self::Disconnect,
        Self::Fetch,
    ];

    /// The word in the attribute.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Alarm => "alarm",
            Self::Connect => "connect",
            Self::Message => "message",
            Self::Disconnect => "disconnect",
            Self::Fetch => "fetch",
        }
    }
}

/// The arguments of `#[event]` on a method.
pub(crate) struct HandlerArgs {
    pub(crate) trigger: Option<Trigger>,
    pub(crate) required: bool,
    /// Whether it runs once in the object's life.
    pub(crate) once: bool,
    /// Who may use it, if it answers requests.
    pub(crate) auth: Auth,
    pub(crate) form: Form,
}

/// The names of the members of messages, where they are said.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) tag: Option<LitStr>,
    pub(crate) payload: Option<LitStr>,
    pub(crate) id: Option<LitStr>,
}

/// What `#[event]` on a method accepts, for messages.
pub(crate) const TRIGGERS: &str =
    "write `#[event(EventType)]`, or one of start, alarm, connect, message, disconnect, fetch";

impl HandlerArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&HANDLER, attr, diag);
        let own = Own::ALL.map(|own| (own, args.flag(own.word(), diag)));
        let required = args.flag("required", diag);
        let once = args.flag("once", diag);
        let public = args.flag("public", diag);
        let scope = args.text("scope", diag);
        let spoken = public.as_ref().map(quote::ToTokens::to_token_stream);
        let spoken = spoken.or_else(|| scope.as_ref().map(quote::ToTokens::to_token_stream));
        let auth = Auth::of(public, scope, None, diag);
        let form = Form {
            tag: args.text("tag", diag),
            payload: args.text("payload", diag),
            id: args.text("id", diag),
        };
        let word = |path: &Path| path.get_ident().cloned();
        let mut found: Vec<Trigger> = Vec::new();
        for (own, flag) in &own {
            let ident = flag.as_ref().and_then(word);
            found.extend(ident.map(|ident| Trigger::Own(*own, ident)));
        }
        while let Some(path) = args.take_leading() {
            let lower = path.get_ident().filter(|ident| {
                ident
                    .to_string()
                    .trim_start_matches("r#")
                    .starts_with(char::is_lowercase)
            });
            if let Some(ident) = lower {
                diag.error(
                    ident,
                    format!("`{ident}` is nothing that an object can handle"),
                )
                .help(TRIGGERS)
                .note("an event is handled by the type that declares it");
                args.finish(diag);
                return Self {
                    trigger: None,
                    required: false,
                    once: false,
                    auth,
                    form,
                };
            }
            found.push(Trigger::Event(path));
        }
        args.finish(diag);
        let mut found = found.into_iter();
        let trigger = found.next();
        if trigger.is_none() && !diag.has_errors() {
            diag.error(attr, "`#[event]` on a method says what it handles")
                .help(TRIGGERS);
        }
        for more in found {
            let at = match &more {
                Trigger::Own(_, ident) => ident.to_token_stream(),
                Trigger::Event(path) => path.to_token_stream(),
            };
            diag.error(at, "a method handles one thing")
                .help("write a method for each, and let both call a third");
        }
        if let (Some(required), Some(Trigger::Own(own, _))) = (&required, &trigger) {
            diag.error(required, "`required` is for handlers of events")
                .help(format!(
                    "remove it: a failing `{}` is never ignored",
                    own.word()
                ));
        }
        if let (Some(once), Some(Trigger::Own(own, _))) = (&once, &trigger) {
            diag.error(once, "`once` is for handlers of events")
                .help(format!(
                    "remove it: `{}` is handled whenever it happens",
                    own.word()
                ));
        }
        let is_message = matches!(trigger, Some(Trigger::Own(Own::Message, _)));
        let said = [&form.tag, &form.payload, &form.id];
        if let (Some(said), false) = (said.into_iter().flatten().next(), is_message) {
            diag.error(said, "only a `message` handler has a form of messages")
                .help("remove it, or write `#[event(message, ..)]`");
        }
        let is_fetch = matches!(trigger, Some(Trigger::Own(Own::Fetch, _)));
        if let (Some(spoken), false) = (spoken, is_fetch) {
            diag.error(spoken, "only a `fetch` handler is used by callers")
                .help("remove it: write `#[event(fetch, public)]` on what answers requests")
                .note("who may hear an event is said on its type");
        }
        Self {
            trigger,
            required: required.is_some(),
            once: once.is_some(),
            auth,
            form,
        }
    }
}

/// The arguments of `#[event]` on a type.
#[derive(Default)]
pub(crate) struct EventArgs {
    pub(crate) krate: Option<Path>,
    pub(crate) name: Option<LitStr>,
    pub(crate) auth: Auth,
    pub(crate) kept: Kept,
    /// Whether other objects may subscribe to it.
    pub(crate) objects: bool,
    /// The function that decides who may subscribe.
    pub(crate) can_subscribe: Option<Path>,
    /// The function that says what a subscriber gets to see.
    pub(crate) view: Option<Path>,
}

/// What is kept of an event for those who come later.
#[derive(Default)]
pub(crate) enum Kept {
    #[default]
    Nothing,
    /// The last one of each value of a field; the last one of all, if none is named.
    Latest(Option<LitStr>),
    /// The last so many, and for so many hours.
    Log(Option<Box<Expr>>, Option<Box<Expr>>),
}

impl Kept {
    fn take(args: &mut Args, diag: &mut Diag) -> Self {
        let (durable, latest) = (args.flag("durable", diag), args.flag("latest", diag));
        let (keep, hours) = (args.expr("keep", diag), args.expr("keep_hours", diag));
        let key = args.text("key", diag);
        if let (Some(_), Some(latest)) = (&durable, &latest) {
            diag.error(latest, "an event is `durable` or `latest`")
                .help("remove one: a durable event is kept in a log, of a latest one only the last")
                .note("declare two events where both are wanted");
        }
        for (expr, key) in [(&keep, "keep"), (&hours, "keep_hours")] {
            if let (Some(expr), None) = (expr, &durable) {
                diag.error(
                    expr,
                    format!("`{key}` is said of an event that is kept in a log"),
                )
                .help(format!("write `durable, {key} = ..`"));
            }
        }
        if let (Some(key), None) = (&key, &latest) {
            diag.error(
                key,
                "`key` is said of an event of which the last one is kept",
            )
            .help(format!("write `latest, key = \"{}\"`", key.value()));
        }
        match (durable, latest) {
            (Some(_), _) => Self::Log(keep.map(Box::new), hours.map(Box::new)),
            (None, Some(_)) => Self::Latest(key),
            (None, None) => Self::Nothing,
        }
    }
}

impl EventArgs {
    pub(crate) fn parse(tokens: TokenStream, diag: &mut Diag) -> Self {
        let mut args = Args::parse(&EVENT, tokens, diag);
        let krate = args.krate(diag);
        let name = args.text("name", diag);
        let public = args.flag("public", diag);
        let scope = args.text("scope", diag);
        let auth = Auth::of(public, scope, None, diag);
        let kept = Kept::take(&mut args, diag);
        let objects = args.flag("objects", diag);
        if let (Some(objects), Kept::Nothing | Kept::Latest(_)) = (&objects, &kept) {
            diag.error(
                objects,
                "objects subscribe to events that are kept in a log",
            )
            .help("write `durable, objects`");
        }
        let can_subscribe = function("can_subscribe", &mut args, diag);
        let view = function("view", &mut args, diag);
        args.finish(diag);
        Self {
            krate,
            name,
            auth,
            kept,
            objects: objects.is_some(),
            can_subscribe,
            view,
        }
    }
}

/// `key = "path::to::function"`
fn function(key: &str, args: &mut Args, diag: &mut Diag) -> Option<Path> {
    let text = args.text(key, diag)?;
    let path = text.parse::<Path>();
    if path.is_err() {
        diag.error(&text, format!("`{key}` names a function"))
            .help(format!(
                "write `{key} = \"function\"`, or the function's path"
            ));
    }
    path.ok()
}

/// The argument of `#[data]`: where the runtime is.
pub(crate) fn parse_data(tokens: TokenStream, diag: &mut Diag) -> Option<Path> {
    let mut args = Args::parse(&DATA, tokens, diag);
    let krate = args.krate(diag);
    args.finish(diag);
    krate
}
