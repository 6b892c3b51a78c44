//! What was sent ahead of a reader that says what it has taken: sockets keep whatever they are given.

use std::collections::VecDeque;

/// So many items are sent ahead.
const MAX_ITEMS: usize = 64;
/// And no further one beyond so many bytes.
const MAX_BYTES: usize = 256 << 10;

/// The lengths of the frames that were sent and not taken.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    frames: VecDeque<usize>,
    bytes: usize,
}

impl Ahead {
    pub(super) fn has_room(&self) -> bool {
        self.frames.len() < MAX_ITEMS && self.bytes < MAX_BYTES
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.frames.push_back(bytes);
        self.bytes += bytes;
    }

    /// The first so many were taken.
    pub(super) fn take(&mut self, items: u32) {
        let items = usize::try_from(items).unwrap_or(usize::MAX);
        for bytes in self.frames.drain(..items.min(self.frames.len())) {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_sent_ahead_and_no_more() {
        let mut ahead = Ahead::default();
        for _ in 0..MAX_ITEMS {
            assert!(ahead.has_room());
            ahead.add(1);
        }
        assert!(!ahead.has_room());
        ahead.take(1);
        assert!(ahead.has_room());
        ahead.add(MAX_BYTES);
        ahead.take(u32::MAX);
        assert!(ahead.has_room() && ahead.bytes == 0);
        ahead.add(MAX_BYTES);
        assert!(!ahead.has_room(), "one that is too long goes alone");
    }
}
