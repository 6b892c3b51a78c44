//! What an error that wraps an action's own would tell callers, found without its type.
//!
//! `?` makes [`stayput::Error`](super::Error) of any `std::error::Error`, and nothing of such a one but its texts can be asked
//! for: neither what it is generic over, nor whether that is an [`ActionError`](super::ActionError). So it is asked for its
//! text, and a [`CallError`](super::CallError) that is asked within that tells its other form beside it.

use std::cell::RefCell;
use std::error::Error;

use crate::rpc::WireError;

thread_local! {
    /// What was told to whoever asks now, if somebody does.
    static ASKED: RefCell<Option<Option<Box<WireError>>>> = const { RefCell::new(None) };
}

/// An error's text, and the first form that was told while it was written.
pub(super) fn ask(error: &dyn Error) -> (String, Option<Box<WireError>>) {
    /// Puts back what was asked before, also if writing the text panics.
    struct Before(Option<Option<Box<WireError>>>);
    impl Drop for Before {
        fn drop(&mut self) {
            let before = self.0.take();
            ASKED.with(|asked| asked.replace(before));
        }
    }
    let _before = Before(ASKED.with(|asked| asked.replace(Some(None))));
    let text = error.to_string();
    (text, ASKED.with(RefCell::take).flatten())
}

/// Tells whoever asks now.
pub(super) fn tell(form: impl FnOnce() -> WireError) {
    let wanted = ASKED.with(|asked| matches!(&*asked.borrow(), Some(None)));
    if wanted {
        let form = Box::new(form());
        ASKED.with(|asked| asked.replace(Some(Some(form))));
    }
}
