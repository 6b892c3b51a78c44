//! Bytes that wait to be written: small ones gathered in one buffer, large ones shared with other connections.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// Up to this length copying is cheaper than one more piece to write.
const SMALL: usize = 1 << 10;
/// An empty buffer of more than this is given back.
const KEEP: usize = 512;
/// At most so many pieces are written at once; the system takes no more than 1,024.
const PIECES: usize = 64;

/// Answers up to this length are not accounted for: all that may be under way together are less than an event's limit.
const SMALL_ANSWER: usize = 4 << 10;

#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Bytes>,
    /// What comes after the pieces.
    tail: BytesMut,
    len: usize,
    /// How many bytes were written before those that wait.
    written: u64,
    /// Where long answers end, counted from the first byte ever, and how long they are.
    answers: VecDeque<(u64, usize)>,
    answers_len: usize,
}

impl Queue {
    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many of them belong to long answers, those in part written counted whole.
    pub(super) fn answers_len(&self) -> usize {
        self.answers_len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Adds bytes that others hold too.
    pub(super) fn push_shared(&mut self, bytes: &Bytes) {
        if bytes.len() <= SMALL {
            return self.push(bytes);
        }
        self.seal();
        self.pieces.push_back(bytes.clone());
        self.len += bytes.len();
    }

    /// Notes that the last `len` bytes answer a request: the other side asked for them, and so is not slow.
    pub(super) fn note_answer(&mut self, len: usize) {
        if len > SMALL_ANSWER {
            let end = self.written + self.len as u64;
            self.answers.push_back((end, len));
            self.answers_len += len;
        }
    }

    /// Makes the tail a piece.
    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(self.tail.split().freeze());
        }
    }

    /// Takes everything that waits, as one piece after the other.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        self.seal();
        let piece = self.pieces.pop_front()?;
        self.count(piece.len());
        self.give_back();
        Some(piece)
    }

    /// Writes until nothing is left or `write` takes no more.
    pub(super) fn write(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> std::io::Result<usize>,
    ) -> std::io::Result<()> {
        while self.len > 0 {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let mut count = 0;
            let whole = self.pieces.iter().map(|piece| &**piece);
            for (slice, piece) in slices.iter_mut().zip(whole.chain([&*self.tail])) {
                *slice = IoSlice::new(piece);
                count += 1;
            }
            let written = write(&slices[..count])?;
            if written == 0 {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            self.advance(written);
        }
        self.give_back();
        Ok(())
    }

    fn advance(&mut self, mut written: usize) {
        self.count(written);
        while let Some(piece) = self.pieces.front_mut() {
            if written < piece.len() {
                piece.advance(written);
                return;
            }
            written -= piece.len();
            self.pieces.pop_front();
        }
        self.tail.advance(written);
    }

    /// Counts what is written.
    fn count(&mut self, written: usize) {
        self.len -= written;
        self.written += written as u64;
        while let Some((end, len)) = self.answers.front().copied() {
            if end > self.written {
                break;
            }
            self.answers.pop_front();
            self.answers_len -= len;
        }
    }

    fn give_back(&mut self) {
        if self.len == 0 && self.tail.capacity() > KEEP {
            self.tail = BytesMut::new();
        }
        if self.answers.is_empty() && self.answers.capacity() > 0 {
            self.answers = VecDeque::new();
        }
        if self.pieces.is_empty() && self.pieces.capacity() > PIECES {
            self.pieces = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is pushed comes out in order, however little the other side takes at a time.
        #[test]
        fn nothing_is_lost_or_reordered(
            pushes in prop::collection::vec((any::<bool>(), 1_usize..3_000, any::<u8>()), 0..40),
            takes in prop::collection::vec(1_usize..5_000, 1..20),
        ) {
            let mut queue = Queue::default();
            let (mut expected, mut got) = (Vec::new(), Vec::new());
            let mut answers = Vec::new();
            let mut takes = takes.iter().cycle();
            for (shared, len, byte) in pushes {
                let bytes = vec![byte; len];
                expected.extend_from_slice(&bytes);
                if shared { queue.push_shared(&bytes.into()) } else { queue.push(&bytes) }
                if byte % 3 == 0 {
                    let whole = len + 4 * 1024;
                    queue.push(&vec![byte; 4 * 1024]);
                    expected.resize(expected.len() + 4 * 1024, byte);
                    queue.note_answer(whole);
                    answers.push((expected.len(), whole));
                }
                let mut left = *takes.next().unwrap();
                let result = queue.write(|slices| {
                    if left == 0 { return Err(std::io::ErrorKind::WouldBlock.into()); }
                    let mut taken = 0;
                    for slice in slices {
                        let part = slice.len().min(left);
                        got.extend_from_slice(&slice[..part]);
                        (left, taken) = (left - part, taken + part);
                    }
                    Ok(taken)
                });
                prop_assert_eq!(result.is_ok(), queue.is_empty());
                prop_assert_eq!(queue.len(), expected.len() - got.len());
                let waiting = answers.iter().filter(|(end, _)| *end > got.len());
                prop_assert_eq!(queue.answers_len(), waiting.map(|(_, len)| len).sum::<usize>());
            }
            while let Some(piece) = queue.pop() { got.extend_from_slice(&piece); }
            prop_assert_eq!(got, expected);
            prop_assert!(queue.is_empty());
            prop_assert_eq!(queue.answers_len(), 0);
        }
    }
}
