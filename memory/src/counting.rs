//! The system's allocator, with a look at what is allocated: for tests that nothing leaks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator that counts: `#[global_allocator] static ALLOCATOR: Counting = Counting::new();`
#[derive(Debug, Default)]
pub struct Counting {
    bytes: AtomicUsize,
    allocations: AtomicUsize,
}

impl Counting {
    /// One that has counted nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            allocations: AtomicUsize::new(0),
        }
    }

    /// How many bytes are allocated now.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How often something was allocated.
    pub fn allocations(&self) -> usize {
        self.allocations.load(Ordering::Relaxed)
    }
}

// SAFETY: every method is the system's own, called with what it was called with; the counters change nothing of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.bytes.fetch_add(layout.size(), Ordering::Relaxed);
        self.allocations.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.bytes.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: what was allocated here came from the system's allocator, with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}
