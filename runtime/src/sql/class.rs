//! What a class with SQL brings along.

use std::fmt;

use super::Migration;
use crate::state::Stateful;

/// A class whose objects have SQL: `#[durable_object(sql)]` says it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no SQL",
    label = "its tables would be kept apart from the records of objects that have none",
    note = "say it on the struct: `#[durable_object(sql)]`"
)]
pub trait HasSql: Stateful {}

/// The SQL of a class: what a class without it does not link.
#[derive(Clone, Copy)]
pub struct SqlClass {
    pub(crate) migrations: &'static [Migration],
    #[cfg(target_arch = "wasm32")]
    pub(crate) workers: crate::backend::workers::OpenSql,
}

impl SqlClass {
    /// The SQL of a class with these migrations.
    #[doc(hidden)]
    pub const fn new(migrations: &'static [Migration]) -> Self {
        Self {
            migrations,
            #[cfg(target_arch = "wasm32")]
            workers: crate::backend::workers::OPEN_SQL,
        }
    }
}

impl fmt::Debug for SqlClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlClass")
            .field("migrations", &self.migrations)
            .finish_non_exhaustive()
    }
}
