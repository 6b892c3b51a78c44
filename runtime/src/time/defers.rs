//! Who may defer calls.

use crate::state::Stateful;

/// A class or mixin that defers calls: `#[durable_object(defers)]` and `#[mixin(defers)]` say it. What makes them is linked into
/// programs that say so, and no others: it is a tenth of a Worker.
#[diagnostic::on_unimplemented(
    message = "`{Self}` defers no calls",
    label = "what makes them is linked only for who says so",
    note = "say it on the struct: `#[durable_object(defers)]`, or `#[mixin(defers)]` for a mixin"
)]
pub trait Defers: Stateful {}

/// A class or mixin that sends requests surely: `#[durable_object(webhooks)]` and `#[mixin(webhooks)]` say it. Who says so
/// [defers](Defers) as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` sends no webhooks",
    label = "what sends them is linked only for who says so",
    note = "say it on the struct: `#[durable_object(webhooks)]`, or `#[mixin(webhooks)]` for a mixin"
)]
pub trait Webhooks: Defers {}
