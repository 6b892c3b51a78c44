//! `#[event(..)]`, on a type and on a method, and `#[data(..)]`.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Ident, LitStr, Path};

use super::Args;
use super::places::{DATA, EVENT, HANDLER};
use crate::diag::Diag;

/// What a handler answers to.
pub(crate) enum Trigger {
    Start(Ident),
    Alarm(Ident),
    Event(Path),
}

/// The arguments of `#[event]` on a method.
pub(crate) struct HandlerArgs {
    pub(crate) trigger: Option<Trigger>,
    pub(crate) required: bool,
}

/// What `#[event]` on a method accepts, for messages.
pub(crate) const TRIGGERS: &str =
    "write `#[event(start)]`, `#[event(alarm)]` or `#[event(EventType)]`";

impl HandlerArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&HANDLER, attr, diag);
        let start = args.flag("start", diag);
        let alarm = args.flag("alarm", diag);
        let required = args.flag("required", diag);
        let word = |path: &Path| path.get_ident().cloned();
        let mut found: Vec<Trigger> = Vec::new();
        found.extend(start.as_ref().and_then(word).map(Trigger::Start));
        found.extend(alarm.as_ref().and_then(word).map(Trigger::Alarm));
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
                Trigger::Start(ident) | Trigger::Alarm(ident) => ident.to_token_stream(),
                Trigger::Event(path) => path.to_token_stream(),
            };
            diag.error(at, "a method handles one thing")
                .help("write a method for each, and let both call a third");
        }
        if let (Some(required), Some(Trigger::Start(_) | Trigger::Alarm(_))) = (&required, &trigger)
        {
            diag.error(required, "`required` is for handlers of events")
                .help("remove it: a failing `start` or `alarm` is never ignored");
        }
        Self {
            trigger,
            required: required.is_some(),
        }
    }
}

/// The arguments of `#[event]` on a type.
#[derive(Default)]
pub(crate) struct EventArgs {
    pub(crate) krate: Option<Path>,
    pub(crate) name: Option<LitStr>,
}

impl EventArgs {
    pub(crate) fn parse(tokens: TokenStream, diag: &mut Diag) -> Self {
        let mut args = Args::parse(&EVENT, tokens, diag);
        let krate = args.krate(diag);
        let name = args.text("name", diag);
        args.finish(diag);
        Self { krate, name }
    }
}

/// The argument of `#[data]`: where the runtime is.
pub(crate) fn parse_data(tokens: TokenStream, diag: &mut Diag) -> Option<Path> {
    let mut args = Args::parse(&DATA, tokens, diag);
    let krate = args.krate(diag);
    args.finish(diag);
    krate
}
