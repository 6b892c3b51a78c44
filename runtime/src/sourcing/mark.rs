//! What is known of an event store as a whole: one record beside the events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::projection::Named;
use crate::backend::StorageFault;
use crate::object::Timestamp;
use crate::state::{decode, encode};

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The position of the last event.
    pub(super) last: u64,
    /// Drawn by the first append: the first half of the ids of all events.
    pub(super) origin: u64,
    /// Where the projections are, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) at: BTreeMap<String, Place>,
}

/// Where a projection is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The version of the code that made the state.
    pub(super) version: u32,
    /// Which state is read: each rebuild makes a new one.
    pub(super) generation: u32,
    /// The last event in it.
    pub(super) position: u64,
    /// When that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated: Option<Timestamp>,
    /// A rebuild that has not come to its end: the generation it makes, and the last event in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rebuild: Option<(u32, u64)>,
    /// Generations whose records are not all removed yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) stale: Vec<u32>,
}

impl Mark {
    pub(super) fn read(keys: Keys<'_>) -> Result<Self, StorageFault> {
        let key = keys.mark();
        let bytes = keys.records().try_get(&key)?;
        bytes.map_or_else(|| Ok(Self::default()), |bytes| decode(&key, &bytes))
    }

    pub(super) fn write(&self, keys: Keys<'_>) -> Result<(), StorageFault> {
        let bytes = encode(keys.path(), self)?;
        keys.records().try_put(keys.mark(), bytes)
    }

    /// Where a projection is. A state that other code made counts for nothing: it begins anew, beside it.
    pub(super) fn place(&self, named: Named) -> Place {
        let Some(place) = self.at.get(named.name) else {
            return Place {
                version: named.version,
                ..Place::default()
            };
        };
        if place.version == named.version {
            return place.clone();
        }
        let mut stale = place.stale.clone();
        stale.push(place.generation);
        stale.extend(place.rebuild.map(|(generation, _)| generation));
        Place {
            version: named.version,
            generation: place.newest().saturating_add(1),
            stale,
            ..Place::default()
        }
    }

    pub(super) fn set(&mut self, name: &str, place: Place) {
        match self.at.get_mut(name) {
            Some(there) => *there = place,
            None => {
                self.at.insert(name.to_owned(), place);
            }
        }
    }
}

impl Place {
    /// The highest generation that there was.
    pub(super) fn newest(&self) -> u32 {
        let rebuild = self.rebuild.map_or(0, |(generation, _)| generation);
        let stale = self.stale.iter().copied().max().unwrap_or(0);
        self.generation.max(rebuild).max(stale)
    }
}
