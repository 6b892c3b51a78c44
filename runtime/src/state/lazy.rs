//! One large value.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::collection::{Site, field_by_site};
use super::encode::{decode, encode};
use super::field::Field;
use crate::backend::StorageFault;
use crate::manifest::StateManifest;

/// One value of up to 2,000,000 bytes, read when it is asked for and not when the object wakes.
///
/// A plain field is at hand at once, but at most 64 KiB long, and each action that may have changed it encodes it anew to find
/// out. This is one record: `get` reads and decodes it, `set` encodes and writes it, nothing else touches it.
///
/// ```
/// use stayput::prelude::*;
///
/// #[durable_object]
/// struct Page {
///     title: String,
///     body: Lazy<String>,
/// }
///
/// #[durable_object]
/// impl Page {
///     #[action]
///     fn write(&mut self, text: String) {
///         self.body.set(&text);
///     }
///     #[action]
///     fn append(&mut self, line: String) -> usize {
///         self.body.update(|text| {
///             text.push_str(&line);
///             text.len()
///         })
///     }
///     #[action]
///     fn body(&self) -> Option<String> {
///         self.body.get()
///     }
/// }
/// # stayput::app!(Page);
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let page = Page::named(t, "home");
///     assert_eq!(page.body().await.unwrap(), None);
///     page.write("one ").await.unwrap();
///     assert_eq!(page.append("two").await.unwrap(), 7);
///     assert_eq!(page.body().await.unwrap().unwrap(), "one two");
/// });
/// # }
/// ```
///
/// Faults poison the action: it fails as a whole, and until then there is no value. The `try_` forms return the fault instead
/// and leave the action alone.
pub struct Lazy<T> {
    site: Site,
    value: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Lazy<T> {
    /// The value; `None` if none was set.
    pub fn get(&self) -> Option<T> {
        self.site.settle(self.try_get())
    }

    /// [`get`](Self::get), with the fault.
    pub fn try_get(&self) -> Result<Option<T>, StorageFault> {
        let place = self.site.place()?;
        let key = place.mark_key();
        let bytes = place.records.try_get(&key)?;
        bytes.map(|bytes| decode(&key, &bytes)).transpose()
    }

    /// Sets the value, whatever it was, without reading it.
    pub fn set(&mut self, value: &T) {
        let result = self.try_set(value);
        self.site.settle(result);
    }

    /// [`set`](Self::set), with the fault.
    pub fn try_set(&mut self, value: &T) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        let bytes = encode(&place.path, value)?;
        place.records.try_put(place.mark_key(), bytes)
    }

    /// Takes the value away and returns it.
    pub fn take(&mut self) -> Option<T> {
        let result = self.try_take();
        self.site.settle(result)
    }

    /// [`take`](Self::take), with the fault.
    pub fn try_take(&mut self) -> Result<Option<T>, StorageFault> {
        let value = self.try_get()?;
        if value.is_some() {
            let place = self.site.place()?;
            place.records.delete_found(place.mark_key())?;
        }
        Ok(value)
    }
}

impl<T: Serialize + DeserializeOwned + Default> Lazy<T> {
    /// Changes the value, a default one if none was set, and returns what `change` does. Writes only what differs.
    pub fn update<R: Default>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = self.try_update(change);
        self.site.settle(result)
    }

    /// [`update`](Self::update), with the fault.
    pub fn try_update<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> Result<R, StorageFault> {
        let place = self.site.place()?;
        let key = place.mark_key();
        let before = place.records.try_get(&key)?;
        let mut value = match &before {
            Some(bytes) => decode(&key, bytes)?,
            None => T::default(),
        };
        let changed = change(&mut value);
        let after = encode(&place.path, &value)?;
        if before.as_ref().is_none_or(|before| *before != after) {
            place.records.try_put(key, after)?;
        }
        Ok(changed)
    }
}

impl<T> Lazy<T> {
    /// Whether a value was set. Reads it, and does not decode it.
    pub fn is_set(&self) -> bool {
        let place = self.site.place();
        let set = place.and_then(|place| Ok(place.records.try_get(&place.mark_key())?.is_some()));
        self.site.settle(set)
    }

    /// Removes the value, even one that cannot be read.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        place.records.try_delete(&place.mark_key()).map(drop)
    }
}

/// A value that belongs to no object: there is none, and it takes none.
impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            value: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Lazy", f)
    }
}

impl<T: Serialize + DeserializeOwned + JsonSchema> Field for Lazy<T> {
    field_by_site!(value);

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Lazy {
            value: generator.subschema_for::<T>().to_value(),
        }
    }
}
