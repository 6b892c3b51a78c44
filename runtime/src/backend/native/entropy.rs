//! Randomness: the system's, drawn in blocks, or a seeded row of numbers for tests.

use std::cell::RefCell;

/// How many bytes are asked of the system at once: a call a request would cost more than the request.
const BLOCK: usize = 4_096;

/// A thread's randomness.
pub(super) struct Entropy(RefCell<Source>);

enum Source {
    System {
        block: Box<[u8; BLOCK]>,
        used: usize,
    },
    Seeded(u64),
}

impl Entropy {
    /// The system's, or, with a seed, always the same row.
    pub(super) fn new(seed: Option<u64>) -> Self {
        Self(RefCell::new(match seed {
            Some(seed) => Source::Seeded(seed),
            None => Source::System {
                block: Box::new([0; BLOCK]),
                used: BLOCK,
            },
        }))
    }

    pub(super) fn fill(&self, bytes: &mut [u8]) {
        match &mut *self.0.borrow_mut() {
            Source::System { block, used } => {
                if bytes.len() > BLOCK {
                    fill_from_system(bytes);
                    return;
                }
                if BLOCK - *used < bytes.len() {
                    fill_from_system(&mut block[..]);
                    *used = 0;
                }
                let from = &mut block[*used..*used + bytes.len()];
                bytes.copy_from_slice(from);
                // Given out once, kept nowhere.
                from.fill(0);
                *used += bytes.len();
            }
            Source::Seeded(state) => {
                for byte in bytes {
                    // SplitMix64: enough for tests, which want the same row again.
                    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                    let mut mixed = *state;
                    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                    *byte = (mixed ^ mixed >> 31).to_le_bytes()[0];
                }
            }
        }
    }
}

/// The node asked the system for randomness when it started; a system that gave some then does not stop.
fn fill_from_system(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!("the system gives no randomness: {error}");
    }
}
