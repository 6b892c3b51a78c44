//! The turn whose code is running on this thread right now.
//!
//! Stubs and ids that were decoded from state or params have no context of their own; they call on behalf of the code
//! that uses them. The value is set around every poll, so interleaved turns never see each other's.

use std::cell::RefCell;
use std::rc::Rc;

use super::origin::Origin;
use super::turn::Turn;

thread_local! {
    static CURRENT: RefCell<Vec<Rc<Turn>>> = const { RefCell::new(Vec::new()) };
}

/// Runs code on behalf of a turn.
pub(crate) fn scope<R>(turn: &Rc<Turn>, run: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(|turns| drop(turns.pop()));
        }
    }
    CURRENT.with_borrow_mut(|turns| turns.push(turn.clone()));
    let _leave = Leave;
    run()
}

/// On whose behalf code runs.
pub(crate) fn origin() -> Option<Origin> {
    CURRENT.with_borrow(|turns| turns.last().map(|turn| Origin::new(turn.clone())))
}
