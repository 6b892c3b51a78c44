//! How much may wait for one object; what is too much is refused at once.

use std::cell::Cell;
use std::rc::Rc;

use crate::error::{Code, RetryAfter};
use crate::rpc::WireError;

/// How many calls and frames may wait for one object.
const MAX_QUEUED: usize = 1_000;

/// How many bytes of their parameters may.
const MAX_QUEUED_BYTES: usize = 16 << 20;

/// When who was refused may try again: how long a full queue takes is not known.
const PAUSE_MS: u64 = 1_000;

/// Counts what waits.
#[derive(Default)]
pub(super) struct Queue {
    count: Cell<usize>,
    bytes: Cell<usize>,
}

/// The place of one that waits; it is free when this is dropped.
pub(super) struct Place {
    queue: Rc<Queue>,
    bytes: usize,
}

impl Queue {
    /// Why nobody else may wait now, if so.
    pub(super) fn refusal(&self) -> Option<Box<WireError>> {
        let message = format!("{MAX_QUEUED} calls wait for this object already");
        (self.count.get() >= MAX_QUEUED).then(|| overloaded(message))
    }

    /// A place for one with so many bytes.
    pub(super) fn admit(self: &Rc<Self>, bytes: usize) -> Result<Place, Box<WireError>> {
        if let Some(refusal) = self.refusal() {
            return Err(refusal);
        }
        if self.bytes.get() + bytes > MAX_QUEUED_BYTES {
            let limit = MAX_QUEUED_BYTES >> 20;
            let message =
                format!("{limit} MiB of parameters wait for this object already, or nearly so");
            return Err(overloaded(message));
        }
        Ok(self.take(bytes))
    }

    /// A place for one that must not be refused.
    pub(super) fn take(self: &Rc<Self>, bytes: usize) -> Place {
        self.count.set(self.count.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        Place {
            queue: self.clone(),
            bytes,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Queue { count, bytes } = &*self.queue;
        count.set(count.get() - 1);
        bytes.set(bytes.get() - self.bytes);
    }
}

fn overloaded(message: String) -> Box<WireError> {
    let error = WireError::framework(Code::Overloaded, message);
    Box::new(error.details(&RetryAfter::millis(PAUSE_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_counts_calls_and_bytes_and_gives_both_back() {
        let queue = Rc::new(Queue::default());
        let mut places: Vec<_> = (0..16).flat_map(|_| queue.admit(1 << 20)).collect();
        assert_eq!(places.len(), 16);
        let Err(refusal) = queue.admit(1) else {
            panic!("16 MiB are full")
        };
        assert!(refusal.is(Code::Overloaded) && refusal.retryable);
        assert_eq!(
            refusal.details.map(|details| details.get().to_owned()),
            Some("{\"retry_after_ms\":1000}".to_owned())
        );
        places.extend((16..MAX_QUEUED).flat_map(|_| queue.admit(0)));
        assert_eq!(places.len(), MAX_QUEUED);
        assert!(queue.admit(0).is_err(), "the 1,001st");
        let left = queue.take(10);
        places.clear();
        assert_eq!((queue.count.get(), queue.bytes.get()), (1, 10));
        drop(left);
        assert_eq!((queue.count.get(), queue.bytes.get()), (0, 0));
    }
}
