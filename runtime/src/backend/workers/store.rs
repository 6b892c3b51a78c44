//! Records in the platform's synchronous key-value storage, one `Uint8Array` each.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::externs::{Bridge, text_of};
use crate::backend::{AlarmChange, Commit, ObjectStore, Record, Scan, Seq, StorageFault};
use crate::object::Timestamp;
use crate::state::{MAX_KEY_BYTES, MAX_VALUE_BYTES};

/// The storage of the object whose wasm instance this is.
#[derive(Debug)]
pub(super) struct WorkersStore {
    bridge: Bridge,
    commits: Cell<Seq>,
}

impl WorkersStore {
    pub(super) fn new(bridge: Bridge) -> Self {
        Self {
            bridge,
            commits: Cell::new(0),
        }
    }

    /// Commits are counted by instance: those before it are durable, and only the difference to none matters.
    pub(super) fn count_from(&self, seq: Seq) {
        self.commits.set(seq);
    }
}

impl ObjectStore for WorkersStore {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        let value = self.bridge.get(key).map_err(|thrown| fault(&thrown))?;
        value.map(|value| bytes_of(key, value.into())).transpose()
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        if scan.limit == 0 || scan.end.is_some_and(|end| end <= scan.start) {
            return Ok(Vec::new());
        }
        // The platform takes 31 bits, which is no limit: so many records fit nowhere.
        let limit = u32::try_from(scan.limit)
            .unwrap_or(u32::MAX)
            .min(i32::MAX.unsigned_abs());
        let found = self
            .bridge
            .scan(scan.start, scan.end, scan.reverse, limit)
            .map_err(|thrown| fault(&thrown))?;
        let mut records = Vec::with_capacity(found.length() as usize / 2);
        let mut members = found.iter();
        while let (Some(key), Some(value)) = (members.next(), members.next()) {
            let key = key
                .as_string()
                .ok_or_else(|| StorageFault::Io("a stored key is no text".to_owned()))?;
            let value = bytes_of(&key, value)?;
            records.push(Record { key, value });
        }
        Ok(records)
    }

    fn commit(&self, commit: Commit) -> Result<Seq, StorageFault> {
        let Commit {
            puts,
            deletes,
            alarm,
            destroy,
        } = &commit;
        for Record { key, value } in puts {
            check(key, value)?;
        }
        let accepted = match (puts.as_slice(), deletes.as_slice(), alarm) {
            _ if *destroy => self.bridge.destroy(),
            ([Record { key, value }], [], None) => self.bridge.put(key, value),
            _ => self.bridge.commit(
                &pairs(puts),
                &deletes.iter().map(|key| JsValue::from_str(key)).collect(),
                &match *alarm {
                    None => JsValue::UNDEFINED,
                    Some(AlarmChange::Clear) => JsValue::NULL,
                    Some(AlarmChange::Set(at)) => JsValue::from_f64(millis(at)),
                },
            ),
        };
        accepted.map_err(|thrown| fault(&thrown))?;
        let seq = self.commits.get() + 1;
        self.commits.set(seq);
        Ok(seq)
    }

    /// The platform holds back every reply and every call to elsewhere until what was written before is durable.
    fn gate(&self, _: Seq, release: Box<dyn FnOnce(Result<(), StorageFault>)>) {
        release(Ok(()));
    }
}

fn pairs(puts: &[Record]) -> Array {
    let pairs = Array::new();
    for Record { key, value } in puts {
        pairs.push(&JsValue::from_str(key));
        pairs.push(&Uint8Array::from(value.as_slice()));
    }
    pairs
}

/// The platform refuses times before its epoch; any past time means "now" to it.
pub(super) fn millis(at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact up to the year 287396")]
    let millis = at.as_millis().max(1) as f64;
    millis
}

fn check(key: &str, value: &[u8]) -> Result<(), StorageFault> {
    let too_large = |what: &str, length: usize, limit: usize| StorageFault::Encode {
        path: key.chars().take(100).collect(),
        reason: format!("the {what} has {length} bytes, at most {limit} can be stored"),
    };
    if key.len() > MAX_KEY_BYTES {
        return Err(too_large("key", key.len(), MAX_KEY_BYTES));
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(too_large("value", value.len(), MAX_VALUE_BYTES));
    }
    Ok(())
}

fn bytes_of(key: &str, value: JsValue) -> Result<Vec<u8>, StorageFault> {
    match value.dyn_into::<Uint8Array>() {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(_) => Err(StorageFault::Decode {
            key: key.to_owned(),
            reason: "the stored value was not written by this program".to_owned(),
        }),
    }
}

pub(super) fn fault(thrown: &JsValue) -> StorageFault {
    let text = text_of(thrown);
    if text.contains("SQLITE_FULL") {
        StorageFault::Full
    } else if text == "the object was reset" {
        StorageFault::Fenced
    } else {
        StorageFault::Io(text)
    }
}
