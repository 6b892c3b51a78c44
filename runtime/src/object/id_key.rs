//! Where the ids of a class come from.

use std::fmt;
#[cfg(target_arch = "wasm32")]
use std::sync::Arc;

#[cfg(not(target_arch = "wasm32"))]
use hmac::{Hmac, KeyInit, Mac};
#[cfg(not(target_arch = "wasm32"))]
use sha2::{Digest, Sha256};

use super::{IdError, ObjectId};

/// Derives and checks the ids of one class.
///
/// Holds the keyed state rather than the key: an id is derived for every request, and keying is half of the work.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone)]
pub struct IdKey(Hmac<Sha256>);

#[cfg(not(target_arch = "wasm32"))]
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
        first.copy_from_slice(&id.as_bytes()[..16]);
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
        ObjectId::from_bytes(bytes)
    }

    fn mac(&self, data: &[u8]) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(data);
        let mut half = [0; 16];
        half.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        half
    }
}

/// Has the platform derive and check the ids of one class: its keys are its own.
#[cfg(target_arch = "wasm32")]
#[derive(Clone)]
pub struct IdKey {
    class: Arc<str>,
    platform: PlatformIds,
}

/// What the platform is asked, each time with the class path. An id that it cannot give, because the class has no
/// namespace, is none of any object: whoever is called by it says what is missing.
#[cfg(target_arch = "wasm32")]
#[derive(Debug, Clone, Copy)]
pub struct PlatformIds {
    /// The id of a name.
    pub named: fn(&str, &str) -> Option<ObjectId>,
    /// A new id.
    pub unique: fn(&str) -> Option<ObjectId>,
    /// Whether an id is one of the class.
    pub check: fn(&str, ObjectId) -> bool,
}

#[cfg(target_arch = "wasm32")]
impl IdKey {
    /// The ids of a class.
    pub fn platform(class: &str, platform: PlatformIds) -> Self {
        Self {
            class: class.into(),
            platform,
        }
    }

    /// The id of the object with this name.
    pub fn named(&self, name: &str) -> ObjectId {
        (self.platform.named)(&self.class, name).unwrap_or(NOBODY)
    }

    /// A new id; the platform has randomness of its own.
    pub fn unique(&self, _: [u8; 16]) -> ObjectId {
        (self.platform.unique)(&self.class).unwrap_or(NOBODY)
    }

    /// Checks that `id` is one of the class.
    pub fn check(&self, id: ObjectId) -> Result<ObjectId, IdError> {
        if (self.platform.check)(&self.class, id) {
            Ok(id)
        } else {
            Err(IdError::Foreign)
        }
    }
}

#[cfg(target_arch = "wasm32")]
const NOBODY: ObjectId = ObjectId::from_bytes([0; 32]);

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::IdError;

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
