//! The ids of names that were asked for lately: deriving one costs more than the rest of a request's routing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::object::{IdKey, ObjectId};

/// How many names a thread remembers before it starts over.
const MAX_NAMES: usize = 4_096;

/// Names by the class they are asked of; see [`Namer`].
type Known = HashMap<u64, HashMap<Arc<str>, ObjectId>>;

thread_local! {
    static KNOWN: RefCell<(usize, Known)> = RefCell::default();
}

/// Derives the ids of one class's names, remembering them thread by thread.
#[derive(Debug)]
pub(super) struct Namer {
    key: IdKey,
    /// Tells this class from all others of the process, so that none answers with another's ids.
    serial: u64,
}

impl Namer {
    pub(super) fn new(key: IdKey) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            key,
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(super) fn key(&self) -> &IdKey {
        &self.key
    }

    /// The id of a name, and the name to pass on.
    pub(super) fn named(&self, name: &str) -> (ObjectId, Arc<str>) {
        KNOWN.with_borrow_mut(|(count, known)| {
            if let Some((name, id)) = known
                .get(&self.serial)
                .and_then(|names| names.get_key_value(name))
            {
                return (*id, Arc::clone(name));
            }
            if *count >= MAX_NAMES {
                known.clear();
                *count = 0;
            }
            let (id, name) = (self.key.named(name), Arc::<str>::from(name));
            known
                .entry(self.serial)
                .or_default()
                .insert(Arc::clone(&name), id);
            *count += 1;
            (id, name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_id_is_the_derived_one_of_its_own_class() {
        let (one, other) = (IdKey::new("one"), IdKey::new("other"));
        let namers = [Namer::new(one.clone()), Namer::new(other.clone())];
        for round in 0..2 * MAX_NAMES {
            let name = format!("object-{}", round % (MAX_NAMES + 7));
            for (namer, key) in namers.iter().zip([&one, &other]) {
                let (id, kept) = namer.named(&name);
                assert_eq!((id, &*kept), (key.named(&name), &*name));
            }
        }
    }
}
