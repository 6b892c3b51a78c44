//! What stays in memory: idle objects leave, and so do the least recently used when there are too many or too large.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Resident, Shard};
use crate::object::Timestamp;

/// A class whose loaded fields take more bytes is warned of.
const HEAVY_CLASS: usize = 64 << 20;
/// Loaded fields of all objects that take more bytes than this send the least recently used ones out of memory.
const MAX_FIELD_BYTES: usize = 512 << 20;
/// So many objects have a file of their own open, which takes three descriptors each.
const MAX_FILES: usize = 1_024;

impl Shard {
    /// Keeps the loaded fields of all objects bounded, and says which class takes much.
    pub(super) fn watch_bytes(&self) {
        let mut classes: HashMap<Arc<str>, usize> = HashMap::new();
        for resident in self.residents.borrow().values() {
            let class = resident.stored.target().class.clone();
            *classes.entry(class).or_default() += resident.live.field_bytes();
        }
        let mut heavy = self.heavy.borrow_mut();
        heavy.retain(|class| classes.get(class).is_some_and(|bytes| *bytes > HEAVY_CLASS));
        for (class, bytes) in &classes {
            if *bytes > HEAVY_CLASS && heavy.insert(class.clone()) {
                let mib = bytes >> 20;
                tracing::warn!(
                    "the plain fields of loaded `{class}` objects take {mib} MiB; keep many items in a `Log`, `Map` or `Set`"
                );
            }
        }
        drop(heavy);
        if classes.values().sum::<usize>() > MAX_FIELD_BYTES / self.shared.shards {
            self.make_room();
        }
    }

    /// Drops the objects that were not used for longest: an eighth of all, so that this is rare.
    pub(super) fn make_room(&self) {
        self.make_room_among(|_| true);
    }

    /// Objects with a file of their own hold it open while they are in memory: there must not be too many.
    pub(super) fn close_files(&self) {
        if self.store.open_files() >= MAX_FILES / self.shared.shards {
            self.make_room_among(|resident| resident.stored.has_file());
        }
    }

    fn make_room_among(&self, among: impl Fn(&Resident) -> bool) {
        let mut used: Vec<Timestamp> = self
            .residents
            .borrow()
            .values()
            .filter(|resident| among(resident))
            .map(|resident| resident.used)
            .collect();
        if used.is_empty() {
            return;
        }
        let eighth = used.len() / 8;
        let (_, cut, _) = used.select_nth_unstable(eighth);
        let cut = *cut;
        let mut left = eighth + 1;
        self.evict(|resident| {
            let evicted = left > 0 && resident.used <= cut && among(resident);
            left -= usize::from(evicted);
            evicted
        });
    }

    /// Drops idle objects that fit. Nothing is lost: what they hold is on disk, transient fields aside.
    pub(super) fn evict(&self, mut fits: impl FnMut(&Resident) -> bool) {
        let evicted: Vec<Resident> = self
            .residents
            .borrow_mut()
            .extract_if(|_, resident| {
                resident.live.is_idle() && resident.stored.is_idle() && fits(resident)
            })
            .map(|(_, resident)| resident)
            .collect();
        self.shared
            .evicted
            .fetch_add(evicted.len(), Ordering::Relaxed);
        drop(evicted);
        let mut residents = self.residents.borrow_mut();
        if residents.capacity() > 64 && residents.len() < residents.capacity() / 4 {
            residents.shrink_to_fit();
        }
    }
}
