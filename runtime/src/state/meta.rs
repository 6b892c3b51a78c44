//! `!meta`: the record that says whose state this is, and which version of the code wrote it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::backend::StorageFault;
use crate::object::Timestamp;

/// The record's key.
pub(crate) const META_KEY: &str = "!meta";

/// The version of the layout of records.
const LAYOUT: u32 = 1;

/// Written by an object's first commit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// The version of the layout of records.
    v: u32,
    /// The object's name.
    name: Option<String>,
    /// When it was born.
    born: Timestamp,
    /// The app that bore it, `name@version`.
    app: String,
    /// The version of the state by mount; the object's own under the empty path.
    state: Map<String, Value>,
    /// Which migrations of the object's tables have run.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    sql: Map<String, Value>,
}

/// The version of state that nothing is said of.
const FIRST: u32 = 1;

fn number(version: &Value) -> u32 {
    let number = version.as_u64();
    number.map_or(u32::MAX, |number| number.try_into().unwrap_or(u32::MAX))
}

/// The member of `sql` that lists them.
const MIGRATIONS: &str = "migrations";

impl Meta {
    /// The record of an object that is born now.
    pub(crate) fn encode(
        name: Option<&str>,
        born: Timestamp,
        app: &str,
        versions: &[(Arc<str>, u32)],
        migrated: Option<Value>,
    ) -> Result<Vec<u8>, StorageFault> {
        let mut state = Map::new();
        state.insert(String::new(), FIRST.into());
        for (mount, version) in versions {
            state.insert(mount.as_ref().to_owned(), (*version).into());
        }
        // Inserted, not collected: that sorts, and each type that is sorted costs a Worker 4 KB.
        let mut sql = Map::new();
        if let Some(migrated) = migrated {
            sql.insert(MIGRATIONS.to_owned(), migrated);
        }
        let meta = Self {
            v: LAYOUT,
            name: name.map(str::to_owned),
            born,
            app: app.to_owned(),
            state,
            sql,
        };
        super::encode(META_KEY, &meta)
    }

    /// Which migrations have run.
    pub(crate) fn sql(bytes: &[u8]) -> Result<Value, StorageFault> {
        let mut meta: Self = super::decode(META_KEY, bytes)?;
        Ok(meta.sql.remove(MIGRATIONS).unwrap_or_default())
    }

    /// The record, saying that these have.
    pub(crate) fn with_sql(bytes: &[u8], migrated: Value) -> Result<Vec<u8>, StorageFault> {
        let mut meta: Self = super::decode(META_KEY, bytes)?;
        meta.sql.insert(MIGRATIONS.to_owned(), migrated);
        super::encode(META_KEY, &meta)
    }

    /// The name the object was born with.
    pub(crate) fn name(bytes: &[u8]) -> Result<Option<String>, StorageFault> {
        let meta: Self = super::decode(META_KEY, bytes)?;
        Ok(meta.name)
    }

    /// The record, of an object of another name.
    pub(crate) fn renamed(bytes: &[u8], name: Option<&str>) -> Result<Vec<u8>, StorageFault> {
        let mut meta: Self = super::decode(META_KEY, bytes)?;
        meta.name = name.map(str::to_owned);
        super::encode(META_KEY, &meta)
    }

    /// The stored version of a mount's state; the first one, where none is said.
    pub(crate) fn version(bytes: &[u8], mount: &str) -> Result<u32, StorageFault> {
        let meta: Self = super::decode(META_KEY, bytes)?;
        Ok(meta.state.get(mount).map_or(FIRST, number))
    }

    /// The record, saying that mounts have these versions.
    pub(crate) fn with_versions(
        bytes: &[u8],
        versions: &[(Arc<str>, u32)],
    ) -> Result<Vec<u8>, StorageFault> {
        let mut meta: Self = super::decode(META_KEY, bytes)?;
        for (mount, version) in versions {
            meta.state
                .insert(mount.as_ref().to_owned(), (*version).into());
        }
        super::encode(META_KEY, &meta)
    }

    /// Refuses state that a newer program wrote. `known`: the program's versions, where it has such a mount.
    pub(crate) fn check(
        bytes: &[u8],
        known: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<(), StorageFault> {
        let meta: Self = super::decode(META_KEY, bytes)?;
        if meta.v > LAYOUT {
            return Err(StorageFault::Newer {
                mount: String::new(),
                stored: meta.v,
                known: LAYOUT,
            });
        }
        for (mount, version) in meta.state {
            let stored = number(&version);
            if let Some(known) = known(&mount).filter(|known| *known < stored) {
                return Err(StorageFault::Newer {
                    mount,
                    stored,
                    known,
                });
            }
        }
        Ok(())
    }
}
