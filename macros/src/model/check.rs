//! What concerns several methods of an impl block at once.

use proc_macro2::TokenStream;
use quote::ToTokens as _;

use super::action::Action;
use super::handler::{Handler, HandlerKind};
use super::route;
use crate::attrs::event::Own;
use crate::diag::Diag;

/// Names are unique, and the object's life has one handler for each turn.
pub(crate) fn block(actions: &mut [Action], handlers: &[Handler], diag: &mut Diag) {
    unique_names(actions, diag);
    route::unique(actions, diag);
    for own in Own::ALL {
        let is_own = |handler: &&Handler| {
            matches!(handler.kind, HandlerKind::Own(kind) if kind == own) && handler.cfgs.is_empty()
        };
        let all: Vec<&Handler> = handlers.iter().filter(is_own).collect();
        if all.len() > 1 {
            for handler in all {
                diag.error(
                    &handler.ident,
                    format!("`{}` has more than one handler", own.word()),
                )
                .help("keep one and call the others from it");
            }
        }
    }
}

/// Every name and former name belongs to one action. Conditional ones are left to the runtime's own check.
fn unique_names(actions: &mut [Action], diag: &mut Diag) {
    let mut names: Vec<(String, TokenStream)> = Vec::new();
    for action in actions.iter().filter(|action| action.cfgs.is_empty()) {
        names.push((action.name.clone(), action.name_at.clone()));
        names.extend(
            action
                .was
                .iter()
                .map(|was| (was.value(), was.to_token_stream())),
        );
    }
    let taken_twice = |name: &str| {
        names
            .iter()
            .filter(|(other, _)| other == name)
            .nth(1)
            .is_some()
    };
    for (name, at) in &names {
        if taken_twice(name) {
            diag.error(at, format!("the action name `{name}` is taken twice"))
                .help("rename one: `#[action(name = \"..\")]`");
        }
    }
    // The rest of the crate is checked as if each had a name of its own.
    for (index, action) in actions.iter_mut().enumerate() {
        if taken_twice(&action.name) {
            action.name = format!("{}-{index}", action.name);
        }
    }
}
