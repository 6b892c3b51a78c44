//! What several changes are kept in together, or not at all.

use std::fmt;
use std::rc::Rc;

use super::RepositoryError;
use crate::state::Records;

/// A part of a turn.
pub(crate) type Part<'p> = dyn FnMut() -> Result<(), RepositoryError> + 'p;

/// Something that can undo a part of a turn.
pub(crate) trait Transaction {
    /// Runs a part, and undoes it if it fails.
    fn attempt(&self, part: &mut Part<'_>) -> Result<(), RepositoryError>;
    /// Where it is, to tell two apart.
    fn place(&self) -> *const ();
}

/// Where a repository's changes are kept.
#[doc(hidden)]
#[derive(Clone)]
pub struct Scope(Option<Rc<dyn Transaction>>);

impl Scope {
    pub(crate) fn of(transaction: Option<Rc<dyn Transaction>>) -> Self {
        Self(transaction)
    }

    pub(crate) fn records(records: &Records) -> Self {
        Self(Some(Rc::new(records.clone())))
    }

    /// Where it is, to tell two apart.
    fn place(&self) -> Option<*const ()> {
        self.0.as_ref().map(|scope| scope.place())
    }
}

/// Runs a part within all of these, and undoes all of it if it fails.
pub(super) fn within(scopes: &[Scope], part: &mut Part<'_>) -> Result<(), RepositoryError> {
    let Some((scope, others)) = scopes.split_first() else {
        return part();
    };
    let again = others.iter().any(|other| other.place() == scope.place());
    match &scope.0 {
        Some(transaction) if !again => transaction.attempt(&mut || within(others, part)),
        _ => within(others, part),
    }
}

/// Records that are written over, to be taken back also by a panic.
struct Overlay<'r> {
    records: &'r Records,
    kept: bool,
}

impl Drop for Overlay<'_> {
    fn drop(&mut self) {
        if self.kept {
            self.records.keep();
        } else {
            self.records.undo();
        }
    }
}

impl Transaction for Records {
    fn attempt(&self, part: &mut Part<'_>) -> Result<(), RepositoryError> {
        self.begin();
        let mut overlay = Overlay {
            records: self,
            kept: false,
        };
        let outcome = part();
        overlay.kept = outcome.is_ok();
        outcome
    }

    fn place(&self) -> *const () {
        self.place()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope(..)")
    }
}
