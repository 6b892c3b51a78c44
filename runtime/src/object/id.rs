//! Object identity: how a class and a name become 32 bytes.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{HasOrigin, Object};

/// The id of one object: 32 bytes, written as 64 lower-case hex digits.
///
/// The first half is derived from the name (or random), the second half authenticates the first under the class's key,
/// so an id of another class or a made-up one is told apart. Same derivation as workerd's. Ids are local to a backend:
/// move objects between backends by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId([u8; 32]);

/// Derives the ids of one class.
///
/// Holds the keyed state rather than the key: an id is derived for every request, and keying is half of the work.
#[derive(Clone)]
pub struct IdKey(Hmac<Sha256>);

/// Why a text is no id of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// Not 64 hex digits.
    Malformed,
    /// Well-formed, but made by or for another class or app.
    Foreign,
}

impl IdKey {
    /// The key of a namespace with this unique name (`stayput:{app}:{class path}`).
    pub fn new(unique_name: &str) -> Self {
        // HMAC fills a short key up with zeros; a whole block cannot be of a wrong length.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&Sha256::digest(unique_name.as_bytes()));
        Self(Hmac::new(&block.into()))
    }

    /// The id of the object with this name.
    pub fn named(&self, name: &str) -> ObjectId {
        self.seal(self.mac(name.as_bytes()))
    }

    /// The id made of 16 random bytes.
    pub fn unique(&self, random: [u8; 16]) -> ObjectId {
        self.seal(random)
    }

    /// Checks that `id` was made with this key.
    pub fn check(&self, id: ObjectId) -> Result<ObjectId, IdError> {
        let mut first = [0; 16];
        first.copy_from_slice(&id.0[..16]);
        if self.seal(first) == id {
            Ok(id)
        } else {
            Err(IdError::Foreign)
        }
    }

    fn seal(&self, first: [u8; 16]) -> ObjectId {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&first);
        bytes[16..].copy_from_slice(&self.mac(&first));
        ObjectId(bytes)
    }

    fn mac(&self, data: &[u8]) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(data);
        let mut half = [0; 16];
        half.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        half
    }
}

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(..)")
    }
}

impl ObjectId {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// An id from bytes that were an id before.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

impl FromStr for ObjectId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        fn digit(byte: u8) -> Result<u8, IdError> {
            match byte {
                b'0'..=b'9' => Ok(byte - b'0'),
                b'a'..=b'f' => Ok(byte - b'a' + 10),
                b'A'..=b'F' => Ok(byte - b'A' + 10),
                _ => Err(IdError::Malformed),
            }
        }
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(IdError::Malformed);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "an object id is 64 hex digits",
            Self::Foreign => "the object id belongs to another class",
        })
    }
}

impl std::error::Error for IdError {}

impl schemars::JsonSchema for ObjectId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ObjectId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "object-id"})
    }
}

/// The id of an object of class `T`: a value for parameters, results and state fields.
pub struct Id<T> {
    id: ObjectId,
    class: PhantomData<fn() -> T>,
}

impl<T: Object> Id<T> {
    /// The bare id.
    pub fn object_id(&self) -> ObjectId {
        self.id
    }

    /// A stub that calls the object.
    pub fn stub(&self, cx: &impl HasOrigin) -> T::Stub {
        T::by_id(cx, self.id)
    }
}

impl<T> Id<T> {
    pub(crate) fn of(id: ObjectId) -> Self {
        Self {
            id,
            class: PhantomData,
        }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<T> Eq for Id<T> {}

impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id.serialize(serializer)
    }
}

impl<'de, T: Object> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The stub's decoder checks that the id is one of the class.
        super::stub::deserialize_stub(T::CLASS, deserializer)?
            .id()
            .map(Self::of)
            .map_err(|error| serde::de::Error::custom(error.message))
    }
}

impl<T: Object> schemars::JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}Id", T::TYPE_NAME).into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        super::stub::id_schema(T::CLASS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_workerd() {
        let key = IdKey::new("mykey");
        for (name, hex) in [
            (
                "http://foo/",
                "59002eb8cf872e541722977a258a12d6a93bbe8192b502e1c0cb250aa91af234",
            ),
            (
                "http://foo/bar",
                "02b496f65dd35cbac90e3e72dc5a398ee93926ea4a3821e26677082d2e6f9b79",
            ),
        ] {
            assert_eq!(key.named(name).to_string(), hex);
            assert_eq!(hex.to_uppercase().parse(), Ok(key.named(name)));
        }
    }

    #[test]
    fn a_foreign_id_is_told_from_a_malformed_one() {
        let id = IdKey::new("a").named("x");
        assert_eq!(IdKey::new("a").check(id), Ok(id));
        assert_eq!(IdKey::new("b").check(id), Err(IdError::Foreign));
        assert_eq!("zz".parse::<ObjectId>(), Err(IdError::Malformed));
        assert_eq!(
            id.to_string()[1..].parse::<ObjectId>(),
            Err(IdError::Malformed)
        );
    }
}
