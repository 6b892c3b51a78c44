//! Tickets by which clients that can set no header open a connection. They live in the memory of the one process that
//! has the objects: after a restart none is valid, and none is valid twice.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::TICKET_LIFE;
use crate::hex::hex;
use crate::object::{Caller, ObjectId, Target, Timestamp};

/// So many may be out at a time.
const MAX_TICKETS: usize = 100_000;

/// The tickets of a node, all of which last equally long.
#[derive(Default)]
pub(super) struct Tickets(Mutex<State>);

#[derive(Default)]
struct State {
    valid: HashMap<Arc<str>, Ticket>,
    /// By their end.
    order: VecDeque<(Timestamp, Arc<str>)>,
}

struct Ticket {
    object: ObjectId,
    caller: Arc<Caller>,
}

impl Tickets {
    /// Makes one of 32 random bytes; `None` if too many are out.
    pub(super) fn issue(
        &self,
        target: &Target,
        caller: &Arc<Caller>,
        now: Timestamp,
        random: [u8; 32],
    ) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.expire(now);
        if state.order.len() >= MAX_TICKETS {
            return None;
        }
        let text = hex(&random);
        let key: Arc<str> = text.as_str().into();
        let ticket = Ticket {
            object: target.id,
            caller: caller.clone(),
        };
        state.valid.insert(key.clone(), ticket);
        state.order.push_back((now + TICKET_LIFE, key));
        Some(text)
    }

    /// Whose it was: it is void from now on, also if it was for another object.
    pub(super) fn redeem(
        &self,
        target: &Target,
        text: &str,
        now: Timestamp,
    ) -> Option<Arc<Caller>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.expire(now);
        let ticket = state.valid.remove(text)?;
        (ticket.object == target.id).then_some(ticket.caller)
    }
}

impl State {
    fn expire(&mut self, now: Timestamp) {
        while self.order.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, key)) = self.order.pop_front() {
                self.valid.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::object::IdKey;

    #[test]
    fn a_ticket_is_good_once_there_and_for_half_a_minute() {
        let target = |name: &str| Target {
            class: "room".into(),
            id: IdKey::new("test").named(name),
            name: Some(name.into()),
        };
        let (tickets, ann) = (Tickets::default(), Arc::new(Caller::user("ann")));
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let issue = |tag: u8| tickets.issue(&target("a"), &ann, at(0), [tag; 32]).unwrap();
        let subject = |caller: Option<Arc<Caller>>| caller.map(|caller| caller.subject.clone());
        let one = issue(1);
        let last = at(0) + TICKET_LIFE - Duration::from_millis(1);
        assert_eq!(
            subject(tickets.redeem(&target("a"), &one, last)).as_deref(),
            Some("ann")
        );
        assert_eq!(subject(tickets.redeem(&target("a"), &one, last)), None);
        // Who tries it elsewhere has spent it.
        let two = issue(2);
        assert_eq!(subject(tickets.redeem(&target("b"), &two, at(1))), None);
        assert_eq!(subject(tickets.redeem(&target("a"), &two, at(1))), None);
        let three = issue(3);
        assert_eq!(
            subject(tickets.redeem(&target("a"), &three, at(0) + TICKET_LIFE)),
            None
        );
        assert!(tickets.0.lock().unwrap().valid.is_empty());
    }
}
