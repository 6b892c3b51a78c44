//! Looking at what waits to be made surely, and taking it back.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::outbox::{self, SendId};
use crate::backend::StorageFault;
use crate::object::{Identity, RawContext, Timestamp};
use crate::state::Records;

/// A call that was sent and has not been taken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Pending {
    /// What it is cancelled by.
    pub id: SendId,
    /// Whom it is for: class and name.
    pub target: String,
    /// The action.
    pub action: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// Failed attempts so far, of the first one of its target; the others wait for it.
    pub attempts: u32,
}

/// What the object has sent and was not taken yet, to read.
#[derive(Debug)]
pub struct Outbox<'a> {
    raw: RawContext,
    context: PhantomData<&'a ()>,
}

/// What the object has sent and was not taken yet, to change.
#[derive(Debug)]
pub struct OutboxMut<'a> {
    raw: RawContext,
    context: PhantomData<&'a mut ()>,
}

impl Outbox<'_> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            context: PhantomData,
        }
    }

    /// What waits, by target and in the order of sending, at most `limit`.
    pub fn list(&self, limit: usize) -> Vec<Pending> {
        let records = self.raw.records();
        records.settle(list(&records, self.raw.identity(), limit))
    }

    /// How many wait. An object may have 10,000; another send fails with `overloaded`.
    pub fn count(&self) -> u64 {
        let records = self.raw.records();
        records.settle(outbox::waiting(&records))
    }
}

impl OutboxMut<'_> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            context: PhantomData,
        }
    }

    /// Cancels a send. Whether it waited: one that is on its way may still be taken.
    pub fn cancel(&mut self, id: SendId) -> bool {
        let records = self.raw.records();
        records.settle(outbox::cancel(&records, id.0, self.raw.turn.now))
    }
}

fn list(records: &Records, keeper: &Identity, limit: usize) -> Result<Vec<Pending>, StorageFault> {
    let mut list = Vec::<Pending>::new();
    let mut lane_before = None;
    for (lane, number, sent) in outbox::list(records, limit)? {
        let attempts = if lane_before.as_ref() == Some(&lane) {
            0
        } else {
            outbox::standing(records, &lane)?.map_or(0, |standing| standing.attempt)
        };
        list.push(Pending {
            id: SendId(number),
            target: sent.call.target(keeper),
            action: sent.call.action,
            sent: sent.at,
            attempts,
        });
        lane_before = Some(lane);
    }
    Ok(list)
}
