//! Events emitted by a method that has not returned yet.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::EventSource;

/// An emitted event on its way to the handlers.
pub(crate) struct Queued {
    pub(crate) name: &'static str,
    /// The mixin that emitted; empty for the object itself.
    pub(crate) mount: Arc<str>,
    pub(crate) event: Rc<dyn Any>,
    /// Whose it is, if it is another object's.
    pub(crate) source: Option<Rc<EventSource>>,
}

impl Queued {
    /// Whether handlers of this mixin hear it, or the object's own if that is empty: a mixin hears itself and its host, not
    /// its siblings.
    pub(crate) fn is_heard_at(&self, mount: &str) -> bool {
        mount.is_empty() || self.mount.is_empty() || *self.mount == *mount
    }
}

/// First in, first out.
#[derive(Default)]
pub(crate) struct EventQueue(RefCell<VecDeque<Queued>>);

impl EventQueue {
    pub(crate) fn push(&self, name: &'static str, mount: Arc<str>, event: Rc<dyn Any>) {
        self.push_of(None, name, mount, event);
    }

    /// The same of an event of another object.
    pub(crate) fn push_of(
        &self,
        source: Option<Rc<EventSource>>,
        name: &'static str,
        mount: Arc<str>,
        event: Rc<dyn Any>,
    ) {
        self.0.borrow_mut().push_back(Queued {
            name,
            mount,
            event,
            source,
        });
    }

    pub(crate) fn pop(&self) -> Option<Queued> {
        self.0.borrow_mut().pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Forgets what was emitted after the first `len`.
    pub(crate) fn truncate(&self, len: usize) {
        self.0.borrow_mut().truncate(len);
    }
}
