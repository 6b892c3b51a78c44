//! Making deferred calls: runs of the object's schedules, and, in [`lanes`](super::lanes), what it has sent.
//!
//! Each is a task of its own, so that none waits for another one's failure. Which are under way is known in memory only; after a
//! crash the alarm finds those that were not noted as made.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use super::core::Busy;
use super::delivery::{Delivery, IncomingCall};
use super::lanes::Steps;
use super::settle::Keep;
use super::{Host, reset, storage_error};
use crate::backend::StorageFault;
use crate::error::Code;
use crate::object::class::LiveObject as _;
use crate::object::contain::race;
use crate::object::mount::has_deferred;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object, Timestamp, once, seconds};
use crate::rpc::{Reply, WireError};
use crate::state::Records;
use crate::time::{self, Begun, Keeper, Lane, Owed, Pass, RunOf};

/// How long an alarm waits for what it has begun: the platform has one handler at a time.
const PATIENCE: std::time::Duration = seconds(5);

/// The deferred calls that are being made.
#[derive(Default)]
pub(super) struct Working {
    /// By schedule, the run that is under way.
    runs: RefCell<HashMap<Arc<str>, Timestamp>>,
    pub(super) lanes: RefCell<HashSet<Lane>>,
    pub(super) steps: Steps,
}

impl<T: Object> Host<T> {
    /// Begins what is due. Whether that could be noted.
    pub(super) async fn run_deferred(&self) -> bool {
        loop {
            let mut pass = Pass::default();
            let noted = self
                .amend(&mut |records, now| {
                    let working = self.core.working();
                    let keeper = Keeper {
                        identity: &self.core.identity,
                        now,
                        runs: &|name, due| working.runs.borrow().get(name) == Some(&due),
                        sends: &|lane| working.lanes.borrow().contains(lane),
                        random: &|| self.core.random(),
                    };
                    pass = time::begin(records, &keeper)?;
                    Ok(())
                })
                .await;
            if noted.is_err() {
                return false;
            }
            for name in &pass.buried {
                self.report_dead(&format!("schedule `{name}`"));
            }
            for name in &pass.put_off {
                self.core.environment.report(&format!(
                    "{} schedule `{name}` has a cron expression, and the program is built without the feature `cron`: it is \
                     looked at again in an hour",
                    self.core.identity
                ));
            }
            let mut under_way = Vec::new();
            for begun in pass.begun {
                under_way.extend(match begun {
                    Begun::Run(run) => self.begin_run(run),
                    Begun::Lane(lane, counted) => self.begin_lane(lane, counted),
                });
            }
            let all = async {
                for ended in under_way {
                    ended.await;
                }
            };
            let environment = &self.core.environment;
            race(all, environment.sleep_until(environment.now() + PATIENCE)).await;
            if !pass.is_full {
                return true;
            }
        }
    }

    /// Goes on with the lanes that a turn sends by, now that its commit is accepted.
    pub(super) fn begin_sends(&self, turn: &Turn) {
        for lane in turn.take_sends() {
            self.begin_lane(lane, false);
        }
    }

    fn begin_run(&self, run: Box<RunOf>) -> Option<once::Receiver<()>> {
        let host = self.me.upgrade()?;
        let (busy, (done, ended)) = (Busy::new(&self.core), once::channel());
        let runs = &self.core.working().runs;
        runs.borrow_mut().insert(run.schedule.clone(), run.due);
        self.core.environment.spawn(Box::pin(async move {
            host.run_schedule(&run).await;
            let mut runs = host.core.working().runs.borrow_mut();
            if runs.get(&run.schedule) == Some(&run.due) {
                runs.remove(&run.schedule);
            }
            drop(runs);
            drop(busy);
            done.send(());
        }));
        Some(ended)
    }

    async fn run_schedule(&self, run: &RunOf) {
        let owed = Owed::Run {
            schedule: run.schedule.clone(),
            due: run.due,
        };
        let reply = self.make(&run.call, owed).await;
        let random = self.core.random();
        let mut is_dead = false;
        let noted = match &reply {
            // It has noted it itself.
            Ok(_) if self.is_command(&run.call) => return,
            Ok(_) => {
                self.amend(&mut |records, now| time::done(records, &run.schedule, run.due, now))
                    .await
            }
            Err(error) => {
                self.amend(&mut |records, now| {
                    is_dead = time::failed(records, run, now, error, random)?;
                    Ok(())
                })
                .await
            }
        };
        if let Err(error) = &reply {
            self.report_failure(&format!("schedule `{}`", run.schedule), error);
        }
        if noted.is_ok() && is_dead {
            self.report_dead(&format!("schedule `{}`", run.schedule));
        }
    }

    /// Whether what a call runs commits: then that notes that it was made.
    fn is_command(&self, call: &time::StoredCall) -> bool {
        let index = self.class.by_name.get(call.action());
        let entry = index.and_then(|index| self.class.entries.get(*index));
        entry.is_some_and(|entry| entry.run.mode() == Mode::Write)
    }

    /// Makes a call that is on disk.
    pub(super) async fn make(&self, call: &time::StoredCall, owed: Owed) -> Reply {
        let core = &self.core;
        if matches!(owed, Owed::Run { .. }) {
            core.durable().await?;
        }
        let envelope = call.envelope(&core.identity, &*core.environment, owed)?;
        let deadline = envelope.deadline;
        let answer = async {
            if envelope.target.id == core.identity.id {
                self.make_here(envelope).await
            } else {
                core.environment.call(envelope).await
            }
        };
        let late = async {
            core.environment.sleep_until(deadline + seconds(1)).await;
            let message = "the called object did not answer before the deadline";
            Err(Box::new(WireError::framework(Code::Timeout, message)))
        };
        race(answer, late).await
    }

    async fn make_here(&self, envelope: Envelope) -> Reply {
        let host = self.me.upgrade().ok_or_else(reset)?;
        let (reply, answer) = once::channel();
        host.submit(IncomingCall {
            delivery: Delivery::new(envelope),
            reply: Box::new(|answer| reply.send(answer)),
        });
        answer.await.unwrap_or_else(|| Err(reset()))
    }

    /// What a deferred call is answered that was made already.
    pub(super) fn is_settled(&self, owed: &Owed) -> Option<Reply> {
        match self.was_made(owed) {
            Ok(true) => Some(Ok(Bytes::from_static(b"null"))),
            Ok(false) => None,
            Err(fault) => {
                self.core.records.cure();
                Some(Err(storage_error(&fault)))
            }
        }
    }

    fn was_made(&self, owed: &Owed) -> Result<bool, StorageFault> {
        let records = &self.core.records;
        match owed.is_taken(records)? {
            Some(taken) => Ok(taken),
            // Only classes that defer calls have runs, and link what knows of them.
            None if const { has_deferred::<T>() } => owed.is_run(records),
            None => Ok(false),
        }
    }

    /// Notes that a deferred call was made.
    pub(super) fn settle_owed(&self, owed: &Owed, now: Timestamp) -> Result<(), StorageFault> {
        let records = &self.core.records;
        owed.take(records)?;
        if const { has_deferred::<T>() } {
            owed.done(records, now)?;
        }
        Ok(())
    }

    /// Before a process that was deferred: its answer, if it was run already.
    pub(super) async fn begin_owed(&self, owed: &Owed) -> Option<Reply> {
        let mut is_settled = false;
        let looked = self
            .amend(&mut |_, _| {
                is_settled = self.was_made(owed)?;
                Ok(())
            })
            .await;
        match looked {
            Ok(()) => is_settled.then(|| Ok(Bytes::from_static(b"null"))),
            Err(error) => Some(Err(error)),
        }
    }

    /// After it: notes that it was run.
    pub(super) async fn end_owed(&self, owed: &Owed, reply: Reply) -> Reply {
        let value = reply?;
        self.amend(&mut |_, now| self.settle_owed(owed, now))
            .await
            .map(|()| value)
    }

    /// Changes records alone, in a commit of their own.
    pub(super) async fn amend(
        &self,
        change: &mut dyn FnMut(&Records, Timestamp) -> Result<(), StorageFault>,
    ) -> Result<(), Box<WireError>> {
        let call = self.system_call("deferred");
        let guard = self.awake(&call).await?;
        let turn = Turn::new(&self.core, &call, Mode::Write, Some(guard));
        let reply = self.within(|| {
            let records = &self.core.records;
            records.begin();
            let changed = change(records, turn.now).map(|()| Bytes::new());
            let changed = changed.map_err(|fault| storage_error(&fault));
            self.settle(&turn, Ok(changed), Keep { commit: true })
        });
        self.recover(&turn);
        turn.end();
        reply.map(drop)
    }

    pub(super) fn report_failure(&self, what: &str, error: &WireError) {
        self.core.environment.report(&format!(
            "{} {what} failed: {}: {}",
            self.core.identity,
            error.code(),
            error.message
        ));
    }

    pub(super) fn report_dead(&self, what: &str) {
        self.core.environment.report(&format!(
            "{} {what} failed too often and is a dead letter now",
            self.core.identity
        ));
    }
}
