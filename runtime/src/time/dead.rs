//! Deferred calls that failed too often: kept, to be looked at and made again.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::backoff::Backoff;
use super::call::StoredCall;
use super::outbox;
use super::schedule;
use super::stored::write;
use crate::backend::{Scan, StorageFault};
use crate::error::Code;
use crate::object::{Identity, RawContext, Timestamp};
use crate::rpc::WireError;
use crate::state::{AsKey, Records, decode};

const PREFIX: &str = "!dead/call/";
const BEHIND: &str = "!dead/call0";
/// How many there are.
const COUNT: &str = "!dead#";

/// How many an object keeps; the oldest goes for one more.
const MOST: u64 = 1_000;

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// The error's code, as on the wire.
    pub code: String,
    /// What it said.
    pub message: String,
}

/// A deferred call that failed too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct DeadLetter {
    /// What it is replayed or discarded by; in the order in which they died.
    pub id: String,
    /// The schedule that it was a run of; `None` if it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Whom it was for: class and name.
    pub target: String,
    /// The action.
    pub action: String,
    /// When it was due, or was sent.
    pub due: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub error: Failure,
    /// When it failed for the last time.
    pub died: Timestamp,
}

/// A dead letter as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Dead {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<String>,
    pub(super) due: Timestamp,
    pub(super) attempts: u32,
    pub(super) error: Failure,
    pub(super) died: Timestamp,
    #[serde(default, skip_serializing_if = "Backoff::is_default")]
    pub(super) backoff: Backoff,
    pub(super) call: StoredCall,
}

impl Failure {
    /// The longest text that is kept, in bytes.
    const LONGEST: usize = 4 << 10;

    pub(super) fn of(error: &WireError) -> Self {
        let mut message = error.message.clone().into_owned();
        if message.len() > Self::LONGEST {
            let mut end = Self::LONGEST;
            while !message.is_char_boundary(end) {
                end -= 1;
            }
            message.truncate(end);
        }
        Self {
            code: error.code().to_owned(),
            message,
        }
    }

    /// Of what was begun again and again, and never ended.
    pub(super) fn lost() -> Self {
        Self {
            code: Code::ObjectReset.info().code.to_owned(),
            message:
                "each attempt was cut short: by a crash, or by a turn that took the program with it"
                    .to_owned(),
        }
    }
}

/// Keeps one.
pub(super) fn put(records: &Records, dead: &Dead, random: u64) -> Result<(), StorageFault> {
    let mut key = PREFIX.to_owned();
    dead.died.write_key(&mut key);
    random.write_key(&mut key);
    let count = count(records)?;
    if count < MOST {
        write(records, COUNT.to_owned(), &(count + 1))?;
    } else if let Some(oldest) = scan(records, 1)?.into_iter().next() {
        records.try_delete(&oldest.key)?;
    }
    write(records, key, dead)
}

/// Takes one away, and answers it.
fn take(records: &Records, id: &str) -> Result<Option<Dead>, StorageFault> {
    let key = [PREFIX, id].concat();
    let Some(text) = records.try_get(&key)? else {
        return Ok(None);
    };
    let dead = decode(&key, &text)?;
    records.try_delete(&key)?;
    write(
        records,
        COUNT.to_owned(),
        &count(records)?.saturating_sub(1),
    )?;
    Ok(Some(dead))
}

fn count(records: &Records) -> Result<u64, StorageFault> {
    let found = records.try_get(COUNT)?;
    let count = found.map(|text| decode(COUNT, &text)).transpose()?;
    Ok(count.unwrap_or(0))
}

fn scan(records: &Records, limit: usize) -> Result<Vec<crate::backend::Record>, StorageFault> {
    records.try_scan(&Scan {
        start: PREFIX,
        end: Some(BEHIND),
        reverse: false,
        limit,
    })
}

fn list(
    records: &Records,
    keeper: &Identity,
    limit: usize,
) -> Result<Vec<DeadLetter>, StorageFault> {
    let mut list = Vec::new();
    for record in scan(records, limit)? {
        let dead: Dead = decode(&record.key, &record.value)?;
        list.push(DeadLetter {
            id: record
                .key
                .get(PREFIX.len()..)
                .unwrap_or_default()
                .to_owned(),
            schedule: dead.schedule,
            target: dead.call.target(keeper),
            action: dead.call.action,
            due: dead.due,
            attempts: dead.attempts,
            error: dead.error,
            died: dead.died,
        });
    }
    Ok(list)
}

/// The object's dead letters, to read.
#[derive(Debug)]
pub struct DeadLetters<'a> {
    raw: RawContext,
    context: PhantomData<&'a ()>,
}

/// The object's dead letters, to do something about.
#[derive(Debug)]
pub struct DeadLettersMut<'a> {
    raw: RawContext,
    context: PhantomData<&'a mut ()>,
}

impl DeadLetters<'_> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            context: PhantomData,
        }
    }

    /// The oldest of them, at most `limit`. An object keeps 1,000.
    pub fn list(&self, limit: usize) -> Vec<DeadLetter> {
        let records = self.raw.records();
        records.settle(list(&records, self.raw.identity(), limit))
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        let records = self.raw.records();
        records.settle(count(&records))
    }
}

impl DeadLettersMut<'_> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            context: PhantomData,
        }
    }

    /// Makes the call again, with as many attempts as it had: one that was sent is sent anew, behind those that wait; a
    /// run of a schedule is run now, once. Whether there was such a dead letter.
    pub fn replay(&mut self, id: &str) -> bool {
        let records = self.raw.records();
        let Some(dead) = records.settle(take(&records, id)) else {
            return false;
        };
        let now = self.raw.turn.now;
        if dead.schedule.is_some() {
            let name = schedule::unnamed(&self.raw);
            records.settle(schedule::plan_once(
                &records,
                &name,
                now,
                dead.backoff,
                dead.call,
            ));
        } else {
            match outbox::push(&records, self.raw.identity(), now, dead.call, dead.backoff) {
                Ok((lane, _)) => self.raw.turn.note_send(lane),
                Err(error) => self.raw.fail(error),
            }
        }
        true
    }

    /// Forgets one. Whether there was such a dead letter.
    pub fn discard(&mut self, id: &str) -> bool {
        let records = self.raw.records();
        records.settle(take(&records, id).map(|found| found.is_some()))
    }
}
