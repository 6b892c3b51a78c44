//! A map whose entries have a time to live.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::collection::{Place, Site, field_by_site};
use super::encode::{decode, encode};
use super::field::Field;
use super::iter::Pages;
use super::key::{AsKey, Key};
use super::sweep::{self, DUE};
use crate::backend::{Record, StorageFault};
use crate::manifest::StateManifest;
use crate::object::Timestamp;

/// Values by key, each for as long as it was put there for: sessions, locks, codes, who is typing.
///
/// An entry whose time is up is not there any more, for whoever looks from that moment on. Its record is removed a little
/// later: the object is woken for that at the time of the next entry that expires, and not at all if there is none.
///
/// ```
/// use stayput::prelude::*;
///
/// #[durable_object]
/// struct Door { codes: TtlMap<String, String> }
///
/// #[durable_object]
/// impl Door {
///     /// A code that opens the door within ten minutes.
///     #[action]
///     fn issue(&mut self, cx: &mut Context<Self>, to: String) -> String {
///         let code = cx.uuid();
///         self.codes.insert(code.clone(), to, minutes(10));
///         code
///     }
///
///     /// Whose code that is, which is used up by it.
///     #[action]
///     fn open(&mut self, code: String) -> Option<String> { self.codes.remove(&code) }
/// }
///
/// stayput::app!(Door);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let door = Door::named(t, "front");
///     let (one, two) = (door.issue("ann").await.unwrap(), door.issue("bob").await.unwrap());
///     t.advance(minutes(9)).await;
///     assert_eq!(door.open(one).await.unwrap().as_deref(), Some("ann"));
///     t.advance(minutes(1)).await;
///     assert_eq!(door.open(two).await.unwrap(), None);
/// });
/// # }
/// ```
///
/// An entry is two records, one of them to find what expires. Times are those of the running action ([`cx.now()`]).
///
/// Faults poison the action: it fails as a whole, and until then the map looks empty. The `try_` forms return the fault
/// instead and leave the action alone.
///
/// [`cx.now()`]: crate::prelude::Context::now
pub struct TtlMap<K, V> {
    site: Site,
    entries: PhantomData<(K, V)>,
}

/// A stored entry: until when it is there, in milliseconds, and what it is.
type Stored<V> = (Timestamp, V);

impl<K: Key, V: Serialize + DeserializeOwned> TtlMap<K, V> {
    /// Puts `value` under `key` for so long, and returns the one it replaces.
    pub fn insert(&mut self, key: K, value: V, ttl: Duration) -> Option<V> {
        let result = self.try_insert(key, value, ttl);
        self.site.settle(result)
    }

    /// [`insert`](Self::insert), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "like a `BTreeMap`, it takes what it keeps"
    )]
    pub fn try_insert(
        &mut self,
        key: K,
        value: V,
        ttl: Duration,
    ) -> Result<Option<V>, StorageFault> {
        let place = self.site.place()?;
        let (key, now) = (place.key(&key)?, place.records.now());
        let old = Self::take(place, &key)?;
        let until = now + ttl;
        if until > now {
            let bytes = encode(&place.path, &(until, &value))?;
            place.records.try_put(key.clone(), bytes)?;
            sweep::note(place, place.key_text(&key), until)?;
        }
        Ok(old)
    }

    /// The value under `key`, if its time is not up.
    pub fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.site.settle(self.try_get(key))
    }

    /// [`get`](Self::get), with the fault.
    pub fn try_get<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<V>, StorageFault>
    where
        K: Borrow<Q>,
    {
        Ok(self.find(key)?.map(|(_, value)| value))
    }

    /// When the entry of `key` expires, if there is one.
    pub fn expires_at<Q: AsKey + ?Sized>(&self, key: &Q) -> Option<Timestamp>
    where
        K: Borrow<Q>,
    {
        let found = self.find(key).map(|found| found.map(|(until, _)| until));
        self.site.settle(found)
    }

    /// Gives the entry of `key` so long from now, and says whether there is one.
    pub fn touch<Q: AsKey + ?Sized>(&mut self, key: &Q, ttl: Duration) -> bool
    where
        K: Borrow<Q>,
    {
        let result = self.try_touch(key, ttl);
        self.site.settle(result)
    }

    /// [`touch`](Self::touch), with the fault.
    pub fn try_touch<Q: AsKey + ?Sized>(
        &mut self,
        key: &Q,
        ttl: Duration,
    ) -> Result<bool, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let key = place.key(key)?;
        let Some(value) = Self::take(place, &key)? else {
            return Ok(false);
        };
        let now = place.records.now();
        let until = now + ttl;
        if until > now {
            let bytes = encode(&place.path, &(until, &value))?;
            place.records.try_put(key.clone(), bytes)?;
            sweep::note(place, place.key_text(&key), until)?;
        }
        Ok(true)
    }

    /// Removes the entry of `key` and returns its value, if its time is not up.
    pub fn remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let result = self.try_remove(key);
        self.site.settle(result)
    }

    /// [`remove`](Self::remove), with the fault.
    pub fn try_remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<Option<V>, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        Self::take(place, &place.key(key)?)
    }

    /// The entries whose time is not up, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (K, V)> + '_ {
        let place = self.site.settle(self.site.place().map(Some));
        let live = move |record: Result<Record, StorageFault>| {
            let place = place?;
            let entry = record.and_then(|record| read::<K, V>(place, &record));
            self.site.settle(entry)
        };
        place
            .into_iter()
            .flat_map(Place::everything)
            .filter_map(live)
    }

    fn find<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<Stored<V>>, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let key = place.key(key)?;
        let Some(bytes) = place.records.try_get(&key)? else {
            return Ok(None);
        };
        let stored: Stored<V> = decode(&key, &bytes)?;
        Ok(Some(stored).filter(|(until, _)| *until > place.records.now()))
    }

    /// Removes an entry, and the value if its time is not up.
    fn take(place: &Place, key: &str) -> Result<Option<V>, StorageFault> {
        let Some(bytes) = place.records.try_get(key)? else {
            return Ok(None);
        };
        let (until, value): Stored<V> = decode(key, &bytes)?;
        place.records.try_delete(key)?;
        sweep::forget(place, place.key_text(key), until)?;
        Ok((until > place.records.now()).then_some(value))
    }
}

impl<K: Key, V> TtlMap<K, V> {
    /// Removes all entries.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        place.delete_all(place.everything())?;
        let due = place.index_prefix(DUE);
        let end = sweep::end_of(&due);
        place.delete_all(Pages::new(place, due, end))?;
        sweep::rearm(&place.records, place.stored_path())
    }

    /// How many entries there are whose time is not up. Reads them all.
    pub fn len(&self) -> u64
    where
        V: DeserializeOwned,
    {
        let count = || -> Result<u64, StorageFault> {
            let place = self.site.place()?;
            let mut count = 0;
            for record in place.everything() {
                count += u64::from(read::<K, V>(place, &record?)?.is_some());
            }
            Ok(count)
        };
        self.site.settle(count())
    }

    /// Whether there is no entry whose time is not up.
    pub fn is_empty(&self) -> bool
    where
        V: DeserializeOwned,
    {
        self.len() == 0
    }
}

/// An entry, unless its time is up.
fn read<K: Key, V: DeserializeOwned>(
    place: &Place,
    record: &Record,
) -> Result<Option<(K, V)>, StorageFault> {
    let (until, value): Stored<V> = decode(&record.key, &record.value)?;
    if until <= place.records.now() {
        return Ok(None);
    }
    Ok(Some((place.item_key(&record.key)?, value)))
}

/// A map that belongs to no object: it is empty and takes nothing.
impl<K, V> Default for TtlMap<K, V> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            entries: PhantomData,
        }
    }
}

impl<K, V> fmt::Debug for TtlMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("TtlMap", f)
    }
}

impl<K: Key, V: Serialize + DeserializeOwned + JsonSchema> Field for TtlMap<K, V> {
    field_by_site!(entries);

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::TtlMap {
            key: K::key_type(),
            value: generator.subschema_for::<V>().to_value(),
        }
    }
}
