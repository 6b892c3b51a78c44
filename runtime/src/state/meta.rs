//! `!meta`: the record that says whose state this is, and which version of the code wrote it.

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

/// The member of `sql` that lists them.
const MIGRATIONS: &str = "migrations";

impl Meta {
    /// The record of an object that is born now.
    pub(crate) fn encode(
        name: Option<&str>,
        born: Timestamp,
        app: &str,
        migrated: Option<Value>,
    ) -> Result<Vec<u8>, StorageFault> {
        let mut state = Map::new();
        state.insert(String::new(), 1.into());
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

    /// Refuses state that a newer program wrote.
    pub(crate) fn check(bytes: &[u8]) -> Result<(), StorageFault> {
        let meta: Self = super::decode(META_KEY, bytes)?;
        if meta.v > LAYOUT {
            return Err(StorageFault::Newer {
                mount: String::new(),
                stored: meta.v,
                known: LAYOUT,
            });
        }
        let newer = meta.state.into_iter().find(|(_, version)| *version != 1);
        match newer {
            Some((mount, version)) => Err(StorageFault::Newer {
                mount,
                stored: version
                    .as_u64()
                    .and_then(|version| version.try_into().ok())
                    .unwrap_or(u32::MAX),
                known: 1,
            }),
            None => Ok(()),
        }
    }
}
