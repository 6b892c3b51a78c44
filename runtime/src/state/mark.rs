//! What collections that number their items keep beside them, so that no number is given twice.

use super::collection::Place;
use super::encode::decode;
use crate::backend::StorageFault;

/// What the record beside the items says.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    /// The last number given.
    last: u64,
    /// How many items there are.
    pub(super) count: u64,
}

impl Mark {
    pub(super) fn read(place: &Place) -> Result<Self, StorageFault> {
        let key = place.mark_key();
        let Some(bytes) = place.records.try_get(&key)? else {
            return Ok(Self::default());
        };
        let (last, count) = decode(&key, &bytes)?;
        Ok(Self { last, count })
    }

    fn write(self, place: &Place) -> Result<(), StorageFault> {
        let text = format!("[{},{}]", self.last, self.count);
        place.records.try_put(place.mark_key(), text.into_bytes())
    }

    /// The last number given.
    pub(super) const fn last(self) -> u64 {
        self.last
    }

    /// Gives the next number to one more item.
    pub(super) fn next(self, place: &Place) -> Result<u64, StorageFault> {
        let last = self
            .last
            .checked_add(1)
            .ok_or_else(|| StorageFault::Encode {
                path: place.path.as_ref().to_owned(),
                reason: "all numbers are used up".to_owned(),
            })?;
        let count = self.count + 1;
        Self { last, count }.write(place)?;
        Ok(last)
    }

    /// So many items are gone.
    pub(super) fn removed(self, count: u64, place: &Place) -> Result<(), StorageFault> {
        if count == 0 {
            return Ok(());
        }
        Self {
            last: self.last,
            count: self.count.saturating_sub(count),
        }
        .write(place)
    }
}
