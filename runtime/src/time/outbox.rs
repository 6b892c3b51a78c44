//! Calls that are handed over to be made surely, as they are stored.
//!
//! Those to one target are a lane, and those to one handler of the object's own events: one is made after the other. `!outbox/<lane><number>` is a send, `!lane/<lane>` says when
//! the first of a lane is tried next, and `!outbox#` counts. Numbers are those of the object; a target keeps the last of each lane.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Owed;
use super::backoff::Backoff;
use super::call::StoredCall;
use super::dead::{self, Dead, Failure};
use super::index::{self, Due};
use super::stored::write;
use crate::backend::{Record, Scan, StorageFault};
use crate::error::Code;
use crate::object::{Identity, Timestamp, seconds, storage_error};
use crate::rpc::WireError;
use crate::state::{AsKey, Key, Records, decode};

const SENDS: &str = "!outbox/";
const SENDS_BEHIND: &str = "!outbox0";
const COUNTER: &str = "!outbox#";
const LANES: &str = "!lane/";

/// How many records are looked through at once.
const PAGE: usize = 64;

/// How many sends of an object may wait.
pub(super) const MOST: u64 = 10_000;

/// How long whoever makes the calls of a lane may take until the alarm looks after it: after a crash nobody does.
const LEASE: Duration = seconds(2);
/// How long until the alarm looks again, if somebody does.
pub(super) const AT_WORK: Duration = seconds(10);

/// What a send is cancelled by.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct SendId(pub(super) u64);

impl fmt::Display for SendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A lane: class and name of the target, and the handler if it is one of the object's own.
pub(crate) type Lane = Arc<str>;

/// What was sent so far.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Counter {
    /// When the first send was made: an object that is born anew counts from 1 again.
    life: Timestamp,
    /// The number of the last.
    number: u64,
    /// How many wait.
    waiting: u64,
}

/// A send.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sent {
    /// When it was.
    #[serde(rename = "sent")]
    pub(super) at: Timestamp,
    #[serde(default, skip_serializing_if = "Backoff::is_default")]
    pub(super) backoff: Backoff,
    pub(super) call: StoredCall,
}

/// How the first send of a lane stands.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Standing {
    /// When it is looked at next.
    pub(super) at: Timestamp,
    /// Attempts begun so far.
    pub(super) attempt: u32,
}

/// What became of an attempt.
pub(crate) enum Delivered {
    Taken,
    Failed(Failed),
}

/// Why an attempt failed, and what follows from it.
pub(crate) struct Failed {
    pub(crate) error: Box<WireError>,
    /// How long the target wants to be left alone.
    pub(crate) rest: Option<Duration>,
    /// Whether it would fail for ever.
    pub(crate) is_final: bool,
}

impl From<Box<WireError>> for Failed {
    fn from(error: Box<WireError>) -> Self {
        Self {
            error,
            rest: None,
            is_final: false,
        }
    }
}

/// The first send of a lane.
pub(crate) struct Head {
    pub(crate) number: u64,
    pub(crate) call: StoredCall,
    pub(crate) owed: Owed,
    /// The number of the object's last send.
    pub(crate) last: u64,
}

/// Puts a call at the end of its lane.
pub(crate) fn push(
    records: &Records,
    keeper: &Identity,
    now: Timestamp,
    call: StoredCall,
    backoff: Backoff,
) -> Result<(Lane, SendId), Box<WireError>> {
    let mut counter = match counter(records).map_err(|fault| storage_error(&fault))? {
        Some(counter) => counter,
        None => Counter {
            life: now,
            number: 0,
            waiting: 0,
        },
    };
    if counter.waiting >= MOST {
        let message = "10,000 sends of this object wait for their targets: send less, or look at its dead letters";
        return Err(Box::new(WireError::framework(Code::Overloaded, message)));
    }
    counter.number += 1;
    counter.waiting += 1;
    let lane = Lane::from(call.lane(keeper));
    let sent = Sent {
        at: now,
        backoff,
        call,
    };
    let pushed = write(records, COUNTER.to_owned(), &counter)
        .and_then(|()| write(records, send_key(&lane, counter.number), &sent))
        .and_then(|()| match standing(records, &lane)? {
            Some(_) => Ok(()),
            None => stand(records, &lane, None, now + LEASE, 0),
        });
    pushed.map_err(|fault| storage_error(&fault))?;
    Ok((lane, SendId(counter.number)))
}

/// What is to be made next of a lane.
pub(crate) fn head(
    records: &Records,
    keeper: &Identity,
    lane: &str,
) -> Result<Option<Head>, StorageFault> {
    let (Some((number, sent)), Some(counter)) = (first(records, lane)?, counter(records)?) else {
        return Ok(None);
    };
    Ok(Some(Head {
        number,
        call: sent.call,
        owed: Owed::Send {
            from: debtor(keeper, lane),
            life: counter.life,
            number,
        },
        last: counter.number,
    }))
}

/// Who sends, as the target knows it: the sender and the lane. A target may be called by its name and by its id, and those are
/// two lanes, whose numbers come in no order.
fn debtor(keeper: &Identity, lane: &str) -> Arc<str> {
    let mut text = String::new();
    keeper.to_string().write_key(&mut text);
    text.push_str(lane);
    text.into()
}

/// Whether a lane is to be gone on with at once: after a failure it is its time that decides.
pub(crate) fn is_waiting(records: &Records, lane: &str) -> Result<bool, StorageFault> {
    Ok(standing(records, lane)?.is_some_and(|standing| standing.attempt == 0))
}

/// Notes what became of an attempt; `counted` if it was counted when it began. Answers whether the lane goes on at once,
/// and whether a dead letter was made.
pub(crate) fn note(
    records: &Records,
    (lane, number): (&str, u64),
    delivered: &Delivered,
    counted: bool,
    now: Timestamp,
    random: u64,
) -> Result<(bool, bool), StorageFault> {
    let (Some((first, sent)), Some(standing)) = (first(records, lane)?, standing(records, lane)?)
    else {
        return Ok((false, false));
    };
    // Cancelled meanwhile.
    if first != number {
        return Ok((true, false));
    }
    let failed = match delivered {
        Delivered::Taken => {
            take(records, lane, number, standing, now)?;
            return Ok((true, false));
        }
        Delivered::Failed(failed) => failed,
    };
    let attempt = if counted {
        standing.attempt
    } else {
        standing.attempt + 1
    };
    if failed.is_final || sent.backoff.is_spent(attempt) {
        bury(
            records,
            lane,
            (number, sent),
            standing,
            attempt,
            Failure::of(&failed.error),
            now,
            random,
        )?;
        return Ok((true, true));
    }
    let pause = sent.backoff.pause(attempt, random);
    let at = now + failed.rest.map_or(pause, |rest| rest.max(pause));
    stand(records, lane, Some(standing.at), at, attempt)?;
    Ok((false, false))
}

/// Looks after a lane whose time has come. Answers whether it is to be gone on with.
pub(super) fn due(
    records: &Records,
    lane: &str,
    is_at_work: bool,
    now: Timestamp,
    random: u64,
) -> Result<bool, StorageFault> {
    let Some(mut standing) = standing(records, lane)?.filter(|standing| standing.at <= now) else {
        return Ok(false);
    };
    if is_at_work {
        stand(
            records,
            lane,
            Some(standing.at),
            now + AT_WORK,
            standing.attempt,
        )?;
        return Ok(false);
    }
    // Counted before it begins: what takes the program with it must end as a dead letter, too.
    while let Some((number, sent)) = first(records, lane)? {
        if !sent.backoff.is_spent(standing.attempt) {
            let attempt = standing.attempt + 1;
            let at = now + sent.backoff.pause(attempt, random);
            stand(records, lane, Some(standing.at), at, attempt)?;
            return Ok(true);
        }
        let attempts = standing.attempt;
        bury(
            records,
            lane,
            (number, sent),
            standing,
            attempts,
            Failure::lost(),
            now,
            random,
        )?;
        let Some(next) = self::standing(records, lane)? else {
            return Ok(false);
        };
        standing = next;
    }
    Ok(false)
}

/// Takes a send off its lane that has been made.
fn take(
    records: &Records,
    lane: &str,
    number: u64,
    standing: Standing,
    now: Timestamp,
) -> Result<(), StorageFault> {
    drop_send(records, lane, number)?;
    let at = match first(records, lane)? {
        None => return unstand(records, lane, standing),
        // Not with every send: only so that the alarm finds nothing to look after.
        Some(_) if standing.attempt == 0 && standing.at > now + LEASE / 2 => return Ok(()),
        Some(_) => now + LEASE,
    };
    stand(records, lane, Some(standing.at), at, 0)
}

#[expect(
    clippy::too_many_arguments,
    reason = "what a dead letter says, and where it is from"
)]
fn bury(
    records: &Records,
    lane: &str,
    (number, sent): (u64, Sent),
    standing: Standing,
    attempts: u32,
    error: Failure,
    now: Timestamp,
    random: u64,
) -> Result<(), StorageFault> {
    let dead = Dead {
        schedule: None,
        due: sent.at,
        attempts,
        error,
        died: now,
        backoff: sent.backoff,
        call: sent.call,
    };
    dead::put(records, &dead, random)?;
    take(
        records,
        lane,
        number,
        Standing {
            attempt: attempts.max(1),
            ..standing
        },
        now,
    )
}

/// Cancels a send. Whether it waited.
pub(super) fn cancel(records: &Records, number: u64, now: Timestamp) -> Result<bool, StorageFault> {
    let Some(lane) = lane_of(records, number)? else {
        return Ok(false);
    };
    let is_first = first(records, &lane)?.is_some_and(|(first, _)| first == number);
    match standing(records, &lane)? {
        Some(standing) if is_first => take(
            records,
            &lane,
            number,
            Standing {
                attempt: standing.attempt.max(1),
                ..standing
            },
            now,
        )?,
        _ => drop_send(records, &lane, number)?,
    }
    Ok(true)
}

/// The lane of a send that waits: found by its key, a page at a time, for what is sent may be large.
fn lane_of(records: &Records, number: u64) -> Result<Option<String>, StorageFault> {
    let mut start = SENDS.to_owned();
    loop {
        let page = records.try_scan(&Scan {
            start: &start,
            end: Some(SENDS_BEHIND),
            reverse: false,
            limit: PAGE,
        })?;
        for record in &page {
            if let Some((lane, found)) = read_key(&record.key)
                && found == number
            {
                return Ok(Some(lane));
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => {
                start.clone_from(&last.key);
                start.push('\0');
            }
            _ => return Ok(None),
        }
    }
}

/// What waits, lane by lane.
pub(super) fn list(
    records: &Records,
    limit: usize,
) -> Result<Vec<(String, u64, Sent)>, StorageFault> {
    let found = records.try_scan(&Scan {
        start: SENDS,
        end: Some(SENDS_BEHIND),
        reverse: false,
        limit,
    })?;
    found
        .into_iter()
        .filter_map(|record| read(&record))
        .collect()
}

/// How many wait.
pub(super) fn waiting(records: &Records) -> Result<u64, StorageFault> {
    Ok(counter(records)?.map_or(0, |counter| counter.waiting))
}

pub(super) fn standing(records: &Records, lane: &str) -> Result<Option<Standing>, StorageFault> {
    let key = [LANES, lane].concat();
    let found = records.try_get(&key)?;
    found.map(|text| decode(&key, &text)).transpose()
}

fn stand(
    records: &Records,
    lane: &str,
    old: Option<Timestamp>,
    at: Timestamp,
    attempt: u32,
) -> Result<(), StorageFault> {
    let due = Due::Lane(lane.to_owned());
    if let Some(old) = old.filter(|old| *old != at) {
        index::delete(records, old, &due)?;
    }
    if old != Some(at) {
        index::put(records, at, &due)?;
    }
    write(records, [LANES, lane].concat(), &Standing { at, attempt })
}

fn unstand(records: &Records, lane: &str, standing: Standing) -> Result<(), StorageFault> {
    index::delete(records, standing.at, &Due::Lane(lane.to_owned()))?;
    records.try_delete(&[LANES, lane].concat()).map(drop)
}

fn drop_send(records: &Records, lane: &str, number: u64) -> Result<(), StorageFault> {
    if records.try_delete(&send_key(lane, number))?
        && let Some(mut counter) = counter(records)?
    {
        counter.waiting = counter.waiting.saturating_sub(1);
        write(records, COUNTER.to_owned(), &counter)?;
    }
    Ok(())
}

fn first(records: &Records, lane: &str) -> Result<Option<(u64, Sent)>, StorageFault> {
    let mut start = SENDS.to_owned();
    lane.write_key(&mut start);
    // Numbers are hex digits. Without an end all lanes behind would be looked at that are on their way to the disk.
    let end = [&start, "g"].concat();
    let found = records.try_scan(&Scan {
        start: &start,
        end: Some(&end),
        reverse: false,
        limit: 1,
    })?;
    let Some(record) = found.into_iter().next() else {
        return Ok(None);
    };
    let sent = read(&record).transpose()?;
    Ok(sent.map(|(_, number, sent)| (number, sent)))
}

fn read(record: &Record) -> Option<Result<(String, u64, Sent), StorageFault>> {
    let (lane, number) = read_key(&record.key)?;
    let sent = decode(&record.key, &record.value);
    Some(sent.map(|sent| (lane, number, sent)))
}

fn read_key(key: &str) -> Option<(String, u64)> {
    let mut rest = key.strip_prefix(SENDS)?;
    Some((String::read_key(&mut rest)?, u64::read_key(&mut rest)?))
}

fn counter(records: &Records) -> Result<Option<Counter>, StorageFault> {
    let found = records.try_get(COUNTER)?;
    found.map(|text| decode(COUNTER, &text)).transpose()
}

fn send_key(lane: &str, number: u64) -> String {
    let mut key = SENDS.to_owned();
    lane.write_key(&mut key);
    number.write_key(&mut key);
    key
}
