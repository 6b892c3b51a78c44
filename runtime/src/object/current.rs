//! On whose behalf the code that is running on this thread right now calls objects.
//!
//! Stubs and ids that were decoded from state or params have no context of their own; they call on behalf of the code
//! that uses them. The value is set around every poll, so interleaved turns never see each other's.

use std::cell::RefCell;

use super::origin::Origin;

thread_local! {
    static CURRENT: RefCell<Vec<Origin>> = const { RefCell::new(Vec::new()) };
}

/// Runs code on behalf of a turn, or of whoever waits for an answer.
pub(crate) fn scope<R>(origin: Origin, run: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(|origins| drop(origins.pop()));
        }
    }
    CURRENT.with_borrow_mut(|origins| origins.push(origin));
    let _leave = Leave;
    run()
}

/// On whose behalf code runs.
pub(crate) fn origin() -> Option<Origin> {
    CURRENT.with_borrow(|origins| origins.last().cloned())
}
