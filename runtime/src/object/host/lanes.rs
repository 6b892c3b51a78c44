//! Making what was sent: lane by lane, and noting what became of it.
//!
//! Lanes go on side by side. What they want noted is noted together, as much as has come: one event that a thousand
//! objects hear is a thousand lanes, and would be as many commits of the object that told them.

use std::cell::{Cell, RefCell};

use super::core::Busy;
use super::{Host, follow};
use crate::backend::StorageFault;
use crate::event::Forget;
use crate::object::contain::all_others;
use crate::object::mount::{has_heard, has_told, has_webhooks};
use crate::object::{Object, Timestamp, once};
use crate::outgoing::webhook;
use crate::state::Records;
use crate::time::{self, Delivered, Head, Lane};

/// So many lanes at most are noted in one commit: while that is made, nobody else has the object.
const TOGETHER: usize = 256;

/// What lanes want noted.
#[derive(Default)]
pub(super) struct Steps {
    waiting: RefCell<Vec<(Step, once::Sender<Step>)>>,
    /// Whether one of them notes for all.
    is_noting: Cell<bool>,
}

impl Steps {
    /// The next ones, as many as one commit takes.
    fn take(&self) -> Vec<(Step, once::Sender<Step>)> {
        let mut waiting = self.waiting.borrow_mut();
        let count = waiting.len().min(TOGETHER);
        waiting.drain(..count).collect()
    }
}

/// A lane between two of its calls.
struct Step {
    lane: Lane,
    /// What was made, and what became of it.
    made: Option<(u64, Delivered)>,
    /// A subscription that has come to an end with it.
    forget: Option<Forget>,
    /// Whether the attempt was counted before it began.
    counted: bool,
    random: u64,
    /// What is to be made next.
    next: Option<Head>,
    /// Whether what was made is a dead letter now.
    is_dead: bool,
}

/// Lets go of the word of who notes for all, however that ends.
struct Noting<'a>(&'a Cell<bool>);

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Step {
    /// Notes what was made, and finds what is next.
    fn take(
        &mut self,
        host: &super::Identity,
        records: &Records,
        now: Timestamp,
    ) -> Result<(), StorageFault> {
        let goes_on = match &self.made {
            Some((number, delivered)) => {
                let send = (&*self.lane, *number);
                let (goes_on, is_dead) =
                    time::note(records, send, delivered, self.counted, now, self.random)?;
                self.is_dead = is_dead;
                if let Some(forget) = &self.forget {
                    forget.carry_out(records)?;
                }
                goes_on
            }
            None => self.counted || time::is_waiting(records, &self.lane)?,
        };
        self.next = if goes_on {
            time::head(records, host, &self.lane)?
        } else {
            None
        };
        Ok(())
    }
}

impl<T: Object> Host<T> {
    /// Goes on with a lane, if nobody does; `counted`: its next attempt has been.
    pub(super) fn begin_lane(&self, lane: Lane, counted: bool) -> Option<once::Receiver<()>> {
        let host = self.me.upgrade()?;
        let is_new = (self.core.working().lanes)
            .borrow_mut()
            .insert(lane.clone());
        if !is_new {
            return None;
        }
        let (busy, (done, ended)) = (Busy::new(&self.core), once::channel());
        self.core.environment.spawn(Box::pin(async move {
            host.run_lane(&lane, counted).await;
            host.core.working().lanes.borrow_mut().remove(&lane);
            drop(busy);
            done.send(());
        }));
        Some(ended)
    }

    /// Makes the calls of a lane, one after the other, until none is left or one fails.
    async fn run_lane(&self, lane: &Lane, mut counted: bool) {
        let mut made: Option<(u64, Delivered)> = None;
        // A subscription that has come to an end with what was made.
        let mut forget: Option<Forget> = None;
        // What was sent up to here is on disk.
        let mut durable = 0;
        loop {
            let is_first = made.is_none();
            let step = Step {
                lane: lane.clone(),
                made: made.take(),
                forget: forget.take(),
                counted,
                random: self.core.random(),
                next: None,
                is_dead: false,
            };
            // What cannot be noted is looked after by the alarm.
            let Some(step) = self.note(step).await else {
                return;
            };
            if let Some((_, Delivered::Failed(failed))) = &step.made {
                self.report_failure(&format!("a call of {lane}"), &failed.error);
            }
            if step.is_dead {
                self.report_dead(&format!("a call of {lane}"));
            }
            counted &= is_first;
            let Some(head) = step.next else { return };
            if head.number > durable {
                if self.core.durable().await.is_err() {
                    return;
                }
                durable = head.last;
            }
            let number = head.number;
            let (delivered, ended) = self.deliver(head).await;
            forget = ended;
            made = Some((number, delivered));
        }
    }

    /// Has a step noted, with those of other lanes that have come to the same point.
    async fn note(&self, step: Step) -> Option<Step> {
        let working = self.core.working();
        let steps = &working.steps;
        let (sender, noted) = once::channel();
        steps.waiting.borrow_mut().push((step, sender));
        if !steps.is_noting.replace(true) {
            let noting = Noting(&steps.is_noting);
            while !steps.waiting.borrow().is_empty() {
                if working.lanes.borrow().len() > 1 {
                    all_others().await;
                }
                let mut batch = steps.take();
                let count = batch.len();
                if self.note_all(&mut batch).await {
                    for (step, sender) in batch {
                        sender.send(step);
                    }
                } else if count > 1 {
                    // One that cannot be noted is not to hold up the others.
                    for one in batch {
                        let mut one = [one];
                        if self.note_all(&mut one).await {
                            let [(step, sender)] = one;
                            sender.send(step);
                        }
                    }
                }
            }
            drop(noting);
        }
        noted.await
    }

    /// Notes these steps in one commit. Whether it could.
    async fn note_all(&self, batch: &mut [(Step, once::Sender<Step>)]) -> bool {
        let identity = &self.core.identity;
        let noted = self
            .amend(&mut |records, now| {
                let mut steps = batch.iter_mut().map(|(step, _)| step);
                steps.try_for_each(|step| step.take(identity, records, now))
            })
            .await;
        noted.is_ok()
    }

    /// Makes what was sent, once.
    async fn deliver(&self, head: Head) -> (Delivered, Option<Forget>) {
        // Only classes that send requests link what does.
        if const { has_webhooks::<T>() }
            && let Some(request) = head.call.request()
        {
            let environment = &self.core.environment;
            let answer = webhook::deliver(head.call.action(), request, environment);
            let delivered = match Box::pin(answer).await {
                Ok(()) => Delivered::Taken,
                Err(failed) => Delivered::Failed(failed),
            };
            return (delivered, None);
        }
        let reply = self.make(&head.call, head.owed).await;
        if const { has_told::<T>() || has_heard::<T>() }
            && let Some(ended) = follow::ended(&head.call, &reply)
        {
            return ended;
        }
        match reply {
            Ok(_) => (Delivered::Taken, None),
            Err(error) => (Delivered::Failed(error.into()), None),
        }
    }
}
