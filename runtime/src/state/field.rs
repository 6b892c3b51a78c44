//! What a durable field may be, and the encodings that plain fields have in store.

use std::rc::Rc;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::encode::{decode, encode_into};
use super::load::Loader;
use super::save::Saver;
use crate::manifest::StateManifest;

/// A durable field of an object or a mixin.
///
/// Every type with `Serialize`, `Deserialize` and `JsonSchema` is one, kept as one record of at most
/// 64 KiB that is written when its encoding changed. [`Log`](super::Log), [`Map`](super::Map), [`Set`](super::Set),
/// [`Queue`](super::Queue) and [`Table`](super::Table) are fields of one record an item.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a durable field",
    label = "not a durable type",
    note = "put `#[data]` on the type and on what it holds, or derive `Serialize`, `Deserialize` and `JsonSchema`",
    note = "or put `#[transient]` on the field to keep it in memory only, `#[mixin]` if it is one",
    note = "a collection, such as a `Log` or a `Table`, is a field by itself, not a part of another type"
)]
pub trait Field: Sized {
    /// The field as it is stored, or `initial`.
    #[doc(hidden)]
    fn load(
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        initial: impl FnOnce() -> Self,
    ) -> Self;

    /// Takes back what was changed since it was loaded or saved.
    #[doc(hidden)]
    fn reload(
        &mut self,
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        initial: impl FnOnce() -> Self,
    );

    /// Writes the field, if it changed.
    #[doc(hidden)]
    fn save(&self, saver: &mut Saver<'_>, name: &str);

    /// The field as the manifest shows it.
    #[doc(hidden)]
    fn describe(generator: &mut SchemaGenerator) -> StateManifest;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> Field for T {
    fn load(
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        initial: impl FnOnce() -> Self,
    ) -> Self {
        let slot = loader.find(name, was);
        if let Some(bytes) = slot.known.stored() {
            return match decode(&slot.key, bytes) {
                Ok(value) => value,
                Err(fault) => {
                    loader.records.poison(fault);
                    initial()
                }
            };
        }
        let value = initial();
        let mut encoding = Vec::new();
        // One that cannot be encoded stays unknown: the first save says what is wrong with it.
        if encode_into(&mut encoding, &value).is_ok() {
            slot.known = Known::Initial(encoding.into());
        }
        value
    }

    fn reload(
        &mut self,
        loader: &mut Loader<'_>,
        _name: &str,
        _was: &[&str],
        initial: impl FnOnce() -> Self,
    ) {
        let Some((slot, scratch)) = loader.next() else {
            return;
        };
        scratch.clear();
        let encoded = encode_into(scratch, self).is_ok();
        if encoded
            && slot
                .known
                .encoding()
                .is_some_and(|known| **known == **scratch)
        {
            return;
        }
        match slot.known.stored() {
            None => *self = initial(),
            Some(bytes) => match decode(&slot.key, bytes) {
                Ok(value) => *self = value,
                Err(fault) => loader.records.poison(fault),
            },
        }
    }

    fn save(&self, saver: &mut Saver<'_>, _name: &str) {
        saver.cache.scratch.clear();
        let encoded = encode_into(&mut saver.cache.scratch, self);
        saver.write(encoded);
    }

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Field {
            schema: generator.subschema_for::<T>().to_value(),
        }
    }
}

/// The encodings of an object's plain fields, as they were last loaded or saved, in the order of
/// the fields.
///
/// The host keeps it beside the object. A clone is a checkpoint and copies no encoding: with one
/// taken before a nested attempt, saved fields can be taken back to where they were.
#[derive(Debug, Clone, Default)]
pub struct FieldCache {
    pub(super) slots: Vec<Slot>,
    /// Lent to encoders, so that a field that did not change costs no allocation.
    pub(super) scratch: Vec<u8>,
}

impl FieldCache {
    /// Of an object that is not loaded yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first slot of the mixin mounted at `path`, and how the paths of its fields begin.
    pub(super) fn mount(&self, path: &str) -> (usize, String) {
        if path.is_empty() {
            return (0, String::new());
        }
        let prefix = format!("{path}.");
        let is_its = |slot: &Slot| {
            let path = slot.key.strip_prefix("f/").unwrap_or_default();
            path.starts_with(&prefix)
        };
        // One without plain fields asks for none of them.
        (self.slots.iter().position(is_its).unwrap_or(0), prefix)
    }

    /// How many bytes of JSON text the fields take together.
    pub(crate) fn bytes(&self) -> usize {
        self.slots
            .iter()
            .filter_map(|slot| slot.known.encoding())
            .map(|text| text.len())
            .sum()
    }
}

/// One plain field.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// The key of its record.
    pub(super) key: Rc<str>,
    pub(super) known: Known,
}

/// What is in store of a plain field.
#[derive(Debug, Clone)]
pub(super) enum Known {
    /// Its record.
    Stored(Rc<[u8]>),
    /// A record under a former name: it is moved by the next save.
    Former {
        /// The key of that record.
        key: Rc<str>,
        /// Its value.
        bytes: Rc<[u8]>,
    },
    /// Nothing; the encoding of the initial value.
    Initial(Rc<[u8]>),
    /// Nothing, and the initial value cannot be encoded.
    Nothing,
}

impl Known {
    /// The record's value.
    pub(super) fn stored(&self) -> Option<&[u8]> {
        match self {
            Self::Stored(bytes) | Self::Former { bytes, .. } => Some(bytes),
            Self::Initial(_) | Self::Nothing => None,
        }
    }

    /// The encoding of the field, stored or not.
    pub(super) fn encoding(&self) -> Option<&Rc<[u8]>> {
        match self {
            Self::Stored(bytes) | Self::Former { bytes, .. } | Self::Initial(bytes) => Some(bytes),
            Self::Nothing => None,
        }
    }
}
