//! What the macros tell about the fields of an object or a mixin.

use super::describe::StateDescriber;
use super::load::Loader;
use super::save::Saver;

/// The state of an object class or a mixin; implemented by `#[durable_object]` and `#[mixin]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a durable object nor a mixin",
    note = "put `#[durable_object]` or `#[mixin]` on the struct"
)]
pub trait Stateful: Sized + 'static {
    /// Builds it from what is stored.
    fn load(loader: &mut Loader<'_>) -> Self;

    /// Takes the durable fields back to what was last loaded or saved.
    fn reload(&mut self, loader: &mut Loader<'_>);

    /// Writes the durable fields that changed.
    fn save(&self, saver: &mut Saver<'_>);

    /// Lists the durable fields.
    fn describe(describer: &mut StateDescriber<'_>);
}
