//! Calls with an idempotency key: what one answered is kept beside what it did, in the same commit, and is the answer
//! to every call that comes with the same key for a day, or as long as the class says.
//!
//! Two records a key: `!idem/<key>` holds the answer, `!idem@/<time><key>` says when it is forgotten. `<key>` is the
//! caller's subject, the action and the key, so nobody gets the answer to somebody else's call.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::access::HandleOf;
use super::core::Core;
use super::settle::Keep;
use super::storage_error;
use crate::backend::{Scan, StorageFault};
use crate::error::Code;
use crate::object::{Envelope, Mode, Object, Timestamp, hours};
use crate::rpc::{Reply, WireError, from_utf8};
use crate::state::{AsKey, Records, decode};

const ANSWERS: &str = "!idem/";
const DUE: &str = "!idem@/";

/// How many forgotten answers a call with a key clears away.
const SWEPT: usize = 16;

/// A call's key, and what tells this call from another with the same key.
#[derive(Debug, Clone)]
pub(crate) struct Keyed {
    /// Subject, action and key.
    key: String,
    /// Of the parameters.
    digest: String,
}

/// What is kept of a call.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// When it is forgotten.
    until: Timestamp,
    params: String,
    /// A process that has not ended, and the life of the object in which it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    running: Option<u64>,
    /// What it answered. No `Option`: `null` is an answer.
    reply: Box<RawValue>,
}

impl Keyed {
    pub(crate) fn of(call: &Envelope) -> Option<Self> {
        let given = call.key.as_deref()?;
        let mut key = String::new();
        for part in [call.caller.subject(), &*call.action, given] {
            part.write_key(&mut key);
        }
        Some(Self {
            key,
            digest: digest(&call.params),
        })
    }

    fn record(&self) -> String {
        format!("{ANSWERS}{}", self.key)
    }

    /// What the call with this key has answered, if there was one.
    pub(super) fn answered(
        &self,
        core: &Core,
        now: Timestamp,
    ) -> Result<Option<Bytes>, Box<WireError>> {
        let kept = self.kept(&core.records);
        let Some(kept) = kept.map_err(|fault| storage_error(&fault))? else {
            return Ok(None);
        };
        if kept.until <= now {
            return Ok(None);
        }
        if kept.params != self.digest {
            let message = "this idempotency key was used for a call with other parameters";
            return Err(Box::new(WireError::framework(Code::KeyReused, message)));
        }
        // What began in an earlier life ended with it: an object has one at a time.
        if kept.running.is_some_and(|life| life != core.life()) {
            return Ok(None);
        }
        if kept.running.is_some() {
            let message = "the process that was started with this idempotency key has not ended";
            return Err(Box::new(WireError::framework(Code::KeyInUse, message)));
        }
        Ok(Some(Bytes::copy_from_slice(kept.reply.get().as_bytes())))
    }

    /// Keeps an answer, and clears away some that nobody asks for any more.
    pub(crate) fn remember(
        &self,
        records: &Records,
        reply: &[u8],
        now: Timestamp,
        kept_hours: u64,
    ) -> Result<(), StorageFault> {
        let text = if reply.is_empty() {
            &b"null"[..]
        } else {
            reply
        };
        let reply = from_utf8::<Box<RawValue>>(text).map_err(|fault| StorageFault::Encode {
            path: "the reply".to_owned(),
            reason: fault.to_string(),
        })?;
        sweep(records, now)?;
        self.put(records, now + hours(kept_hours), None, &reply)
    }

    /// Notes that a process has begun, which is taken for lost if it has not ended by `until`.
    fn claim(&self, core: &Core, until: Timestamp) -> Result<(), StorageFault> {
        self.put(&core.records, until, Some(core.life()), RawValue::NULL)
    }

    fn put(
        &self,
        records: &Records,
        until: Timestamp,
        running: Option<u64>,
        reply: &RawValue,
    ) -> Result<(), StorageFault> {
        self.forget(records)?;
        let kept = Kept {
            until,
            params: self.digest.clone(),
            running,
            reply: reply.to_owned(),
        };
        let value = serde_json::to_vec(&kept).map_err(|fault| StorageFault::Encode {
            path: "the reply".to_owned(),
            reason: fault.to_string(),
        })?;
        records.try_put(self.record(), value)?;
        records.try_put(self.due(until), Vec::from("1"))
    }

    fn forget(&self, records: &Records) -> Result<(), StorageFault> {
        let Some(kept) = self.kept(records)? else {
            return Ok(());
        };
        records.try_delete(&self.due(kept.until))?;
        records.try_delete(&self.record()).map(drop)
    }

    /// What is kept. What cannot be read is no licence to run the call again.
    fn kept(&self, records: &Records) -> Result<Option<Kept>, StorageFault> {
        let record = self.record();
        let stored = records.try_get(&record)?;
        stored.map(|bytes| decode(&record, &bytes)).transpose()
    }

    fn due(&self, until: Timestamp) -> String {
        let mut due = DUE.to_owned();
        until.write_key(&mut due);
        due.push_str(&self.key);
        due
    }
}

/// Clears away the oldest of what is forgotten.
fn sweep(records: &Records, now: Timestamp) -> Result<(), StorageFault> {
    let mut end = DUE.to_owned();
    now.write_key(&mut end);
    let oldest = Scan {
        start: DUE,
        end: Some(&end),
        reverse: false,
        limit: SWEPT,
    };
    let digits = end.len();
    for due in records.try_scan(&oldest)? {
        if let Some(key) = due.key.get(digits..) {
            records.try_delete(&format!("{ANSWERS}{key}"))?;
        }
        records.try_delete(&due.key)?;
    }
    Ok(())
}

/// Tells one text of parameters from another: 128 bits of FNV-1a. Who makes two of the same digest has only fooled
/// himself, since keys are a caller's own.
pub(in crate::object) fn digest(bytes: &[u8]) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = bytes.iter().fold(BASIS, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
    });
    format!("{hash:032x}")
}

impl<T: Object> HandleOf<T> {
    /// Before a process with a key runs: what it has answered, or the note that it begins, which is on disk then.
    pub(super) async fn begin_keyed(&self, keyed: &Keyed) -> Result<Option<Bytes>, Box<WireError>> {
        let mut answered = None;
        let core = &self.host.core;
        self.change_records(|_, now| {
            answered = keyed.answered(core, now)?;
            if answered.is_some() {
                return Ok(());
            }
            let until = self.turn.deadline;
            keyed
                .claim(core, until)
                .map_err(|fault| storage_error(&fault))
        })
        .await?;
        self.host.core.durable().await?;
        Ok(answered)
    }

    /// After it: keeps what it answered; what failed may be tried again.
    pub(super) async fn end_keyed(&self, keyed: &Keyed, reply: Reply) -> Reply {
        let kept = self
            .change_records(|records, now| {
                match &reply {
                    Ok(value) => keyed.remember(records, value, now, T::KEY_HOURS),
                    Err(_) => keyed.forget(records),
                }
                .map_err(|fault| storage_error(&fault))
            })
            .await;
        match (reply, kept) {
            (Ok(_), Err(error)) => Err(Box::new(error.maybe_executed())),
            (reply, _) => reply,
        }
    }

    /// Changes records alone, in a commit of their own.
    async fn change_records(
        &self,
        change: impl FnOnce(&Records, Timestamp) -> Result<(), Box<WireError>>,
    ) -> Result<(), Box<WireError>> {
        let guard = self.enter(Mode::Write).await?;
        let turn = self.turn.inner(Mode::Write, guard);
        let records = &self.host.core.records;
        records.begin();
        let outcome = change(records, turn.now).map(|()| Bytes::new());
        let reply = self.host.settle(&turn, Ok(outcome), Keep { commit: true });
        self.host.recover(&turn);
        turn.end();
        reply.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        // Test vectors of draft-eastlake-fnv.
        assert_eq!(digest(b""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(digest(b"a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(digest(b"foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }
}
