//! Emitted events, handed to the handlers that run after the commit.

use serde_json::value::RawValue;

use super::{Host, storage_error};
use crate::error::Code;
use crate::event::{Event as _, Executed, Handed, Queued, is_reaction};
use crate::object::Object;
use crate::object::class::ReactionEntry;
use crate::object::turn::Turn;
use crate::rpc::{WireError, from_utf8};
use crate::time::{Backoff, StoredCall, push};

impl<T: Object> Host<T> {
    /// Puts an event into the outbox, once for each such handler, in the commit of the action that emitted it. It is encoded once.
    pub(super) fn hand_over(&self, turn: &Turn, queued: &Queued) -> Result<(), Box<WireError>> {
        // What such a handler does is an action, too, and would call for it again.
        if queued.name == Executed::NAME
            && (queued.event.downcast_ref::<Executed>())
                .is_some_and(|executed| is_reaction(&executed.action))
        {
            return Ok(());
        }
        let records = &self.core.records;
        let mut handed: Option<Vec<u8>> = None;
        for reaction in &self.class.reactions {
            if reaction.event != queued.name || !queued.is_heard_at(&reaction.mount) {
                continue;
            }
            let once = reaction.once.then(|| once_key(reaction));
            if (once.as_ref()).is_some_and(|once| records.get(once).is_some()) {
                continue;
            }
            let text = match &handed {
                Some(text) => text.clone(),
                None => handed.insert(encode(reaction, queued)?).clone(),
            };
            let call = StoredCall::of_event(queued.name, &reaction.action, text, &turn.caller)?;
            let identity = &self.core.identity;
            let (lane, _) = push(records, identity, turn.now, call, Backoff::default())?;
            turn.note_send(lane);
            if let Some(once) = once {
                records.put(&once, b"1".to_vec());
            }
        }
        Ok(())
    }
}

/// What is handed over.
fn encode(reaction: &ReactionEntry, queued: &Queued) -> Result<Vec<u8>, Box<WireError>> {
    let broken = |what: String| Box::new(WireError::framework(Code::Internal, what));
    let event = (reaction.encode)(&*queued.event).map_err(|fault| storage_error(&fault))?;
    let event = event.ok_or_else(|| broken(format!("`{}` are two events", queued.name)))?;
    let event: &RawValue = from_utf8(&event).map_err(|fault| broken(fault.to_string()))?;
    let handed = Handed {
        event,
        source: queued.source.as_deref().cloned(),
    };
    serde_json::to_vec(&handed).map_err(|fault| broken(fault.to_string()))
}

/// The record that tells that an event was handed to a handler which gets one.
fn once_key(reaction: &ReactionEntry) -> String {
    format!("!once//{}", reaction.action)
}
