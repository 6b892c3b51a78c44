//! What an error that wraps an action's own would tell callers, found without its type.
//!
//! `?` makes [`stayput::Error`](super::Error) of any `std::error::Error`, and nothing of such a one but its texts can be asked
//! for: neither what it is generic over, nor whether that is an [`ActionError`](super::ActionError). So it is asked for its
//! text, and a [`CallError`](super::CallError) that is asked within that tells its other form beside it.

use std::cell::RefCell;
use std::error::Error;

use crate::rpc::WireError;

/// Whether somebody asks, and what was told.
enum Asked {
    Nobody,
    Open,
    Told(Box<WireError>),
}

thread_local! {
    static ASKED: RefCell<Asked> = const { RefCell::new(Asked::Nobody) };
}

/// An error's text, and the first form that was told while it was written.
pub(super) fn ask(error: &dyn Error) -> (String, Option<Box<WireError>>) {
    /// Puts back what was asked before, also if writing the text panics.
    struct Before(Asked);
    impl Drop for Before {
        fn drop(&mut self) {
            let before = std::mem::replace(&mut self.0, Asked::Nobody);
            ASKED.with(|asked| asked.replace(before));
        }
    }
    let _before = Before(ASKED.with(|asked| asked.replace(Asked::Open)));
    let text = error.to_string();
    let told = match ASKED.with(|asked| asked.replace(Asked::Nobody)) {
        Asked::Told(form) => Some(form),
        Asked::Nobody | Asked::Open => None,
    };
    (text, told)
}

/// Tells whoever asks now.
pub(super) fn tell(form: impl FnOnce() -> WireError) {
    let wanted = ASKED.with(|asked| matches!(&*asked.borrow(), Asked::Open));
    if wanted {
        let form = Box::new(form());
        ASKED.with(|asked| asked.replace(Asked::Told(form)));
    }
}
