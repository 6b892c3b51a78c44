//! Gives freed memory back to the system.
//!
//! glibc keeps the pages of what was freed, also where whole pages are free, until it is asked for them. This crate is
//! that question, and for tests an allocator that counts.

mod counting;

pub use counting::Counting;

/// Has the allocator return whole free pages to the system. Takes some milliseconds per 100 MB and holds up threads that
/// allocate meanwhile. Does nothing where the allocator is not glibc's.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: `malloc_trim` may be called at any time from any thread (glibc marks it MT-Safe); it touches free
        // memory only.
        unsafe { libc::malloc_trim(0) };
    }
}
