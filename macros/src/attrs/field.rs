//! The attributes of a field: `#[state(..)]`, `#[transient]`, `#[mixin]`, and `#[config(..)]`.

use syn::{Attribute, Expr, LitStr, Path};

use super::Args;
use super::places::{CONFIG, CONFIG_TYPE, MOUNT, STATE, TRANSIENT};
use crate::diag::Diag;

/// `#[state(default = .., was = "..")]`
#[derive(Default)]
pub(crate) struct StateArgs {
    pub(crate) default: Option<Expr>,
    pub(crate) was: Option<LitStr>,
}

impl StateArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&STATE, attr, diag);
        let default = args.expr("default", diag);
        let was = args.text("was", diag);
        args.finish(diag);
        Self { default, was }
    }
}

/// `#[transient]` or `#[transient(default = ..)]`
pub(crate) fn parse_transient(attr: &Attribute, diag: &mut Diag) -> Option<Expr> {
    let mut args = Args::of(&TRANSIENT, attr, diag);
    let default = args.expr("default", diag);
    args.finish(diag);
    default
}

/// `#[mixin]`, which takes nothing here.
pub(crate) fn parse_mount(attr: &Attribute, diag: &mut Diag) {
    Args::of(&MOUNT, attr, diag).finish(diag);
}

/// `#[config(name = "..", default = ..)]`
#[derive(Default)]
pub(crate) struct ConfigArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) default: Option<Expr>,
}

impl ConfigArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&CONFIG, attr, diag);
        let name = args.text("name", diag);
        let default = args.expr("default", diag);
        args.finish(diag);
        Self { name, default }
    }
}

/// `#[config(crate = path)]` on the struct.
pub(crate) fn parse_config_type(attr: &Attribute, diag: &mut Diag) -> Option<Path> {
    let mut args = Args::of(&CONFIG_TYPE, attr, diag);
    let krate = args.krate(diag);
    args.finish(diag);
    krate
}
