//! A call on its way to its object.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::object::Envelope;
use crate::rpc::Reply;

/// A call that reached its object.
pub struct IncomingCall {
    /// The call.
    pub delivery: Arc<Delivery>,
    /// Takes the answer, once it may be seen.
    pub reply: Box<dyn FnOnce(Reply)>,
}

/// A call, and whether it has begun to run: one that has not may still be taken away and delivered elsewhere.
#[derive(Debug)]
pub struct Delivery {
    pub(super) envelope: Envelope,
    state: AtomicU8,
}

const WAITING: u8 = 0;

const BEGUN: u8 = 1;

const TAKEN: u8 = 2;

impl Delivery {
    /// A call that waits.
    pub fn new(envelope: Envelope) -> Arc<Self> {
        Arc::new(Self {
            envelope,
            state: AtomicU8::new(WAITING),
        })
    }

    /// The call.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Takes the call away from a place that does not get on with it; `None` if it has begun to run there.
    pub fn take(&self) -> Option<Envelope> {
        let taken =
            self.state
                .compare_exchange(WAITING, TAKEN, Ordering::AcqRel, Ordering::Acquire);
        taken.is_ok().then(|| self.envelope.clone())
    }

    /// Whether the call may run here: false if it was taken away.
    pub(super) fn begin(&self) -> bool {
        self.state
            .compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

impl fmt::Debug for IncomingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IncomingCall")
            .field(&self.delivery.envelope)
            .finish()
    }
}
