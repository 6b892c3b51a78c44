//! What an alarm finds due of deferred work: it is counted and given its next time first, in one commit, and begun after that.

use super::dead::Failure;
use super::index::{self, Due};
use super::outbox::{self, AT_WORK, Lane};
use super::stored::{self, RunOf, Stored};
use crate::backend::StorageFault;
use crate::object::{Identity, Timestamp, hours};
use crate::state::Records;

/// How much is begun with one commit.
const AT_ONCE: usize = 100;

/// What is begun.
pub(crate) enum Begun {
    Run(Box<RunOf>),
    /// The lane; whether the attempt has been counted.
    Lane(Lane, bool),
}

/// What a pass did.
#[derive(Default)]
pub(crate) struct Pass {
    pub(crate) begun: Vec<Begun>,
    /// Whether there may be more.
    pub(crate) is_full: bool,
    /// What has become a dead letter.
    pub(crate) buried: Vec<String>,
    /// What this program cannot tell the times of.
    pub(crate) put_off: Vec<String>,
}

/// What a pass needs of its object.
pub(crate) struct Keeper<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) now: Timestamp,
    /// Whether somebody is at work on a run of this schedule that was due then; on this lane.
    pub(crate) runs: &'a dyn Fn(&str, Timestamp) -> bool,
    pub(crate) sends: &'a dyn Fn(&str) -> bool,
    pub(crate) random: &'a dyn Fn() -> u64,
}

/// Counts what is due and gives it its next time.
pub(crate) fn begin(records: &Records, keeper: &Keeper<'_>) -> Result<Pass, StorageFault> {
    let mut pass = Pass::default();
    let due = index::due(records, keeper.now, AT_ONCE)?;
    pass.is_full = due.len() == AT_ONCE;
    for (at, due) in due {
        let expected = match &due {
            Due::Lane(lane) => outbox::standing(records, lane)?.map(|standing| standing.at),
            Due::Schedule(name) => stored::get(records, name)?.map(|stored| stored.at),
        };
        if expected != Some(at) {
            // It leads nowhere, and would be due for ever.
            index::delete(records, at, &due)?;
            continue;
        }
        match due {
            Due::Lane(lane) => {
                let is_at_work = (keeper.sends)(&lane);
                if outbox::due(records, &lane, is_at_work, keeper.now, (keeper.random)())? {
                    pass.begun.push(Begun::Lane(lane.into(), true));
                }
            }
            Due::Schedule(name) => begin_run(records, keeper, &name, &mut pass)?,
        }
    }
    Ok(pass)
}

fn begin_run(
    records: &Records,
    keeper: &Keeper<'_>,
    name: &str,
    pass: &mut Pass,
) -> Result<(), StorageFault> {
    let now = keeper.now;
    let found = stored::get(records, name)?;
    let Some(mut stored) = found.filter(|stored| stored.at <= now) else {
        return Ok(());
    };
    let old = Some(stored.at);
    if (keeper.runs)(name, stored.due) {
        stored.at = now + AT_WORK;
        return stored::set(records, name, old, &stored);
    }
    if !stored.rhythm.is_known() {
        pass.put_off.push(name.to_owned());
        stored.at = now + hours(1);
        return stored::set(records, name, old, &stored);
    }
    if stored.attempt == 0
        && let Some(next) = stored.rules().left_out(stored.due, now)
    {
        (stored.at, stored.due) = (next, next);
        return stored::set(records, name, old, &stored);
    }
    if stored.backoff.is_spent(stored.attempt) {
        pass.buried.push(name.to_owned());
        return stored::bury(
            records,
            name,
            stored,
            now,
            Failure::lost(),
            (keeper.random)(),
        );
    }
    stored.begun.get_or_insert(now);
    stored.attempt += 1;
    if !stored.call.is_to_keeper() {
        return hand_over(records, keeper, name, old, stored, pass);
    }
    stored.at = now + stored.backoff.pause(stored.attempt, (keeper.random)());
    stored::set(records, name, old, &stored)?;
    pass.begun.push(Begun::Run(Box::new(RunOf {
        schedule: name.into(),
        due: stored.due,
        call: stored.call,
    })));
    Ok(())
}

/// A call of another object is sent when its time comes: so it is made once, however often it is tried.
fn hand_over(
    records: &Records,
    keeper: &Keeper<'_>,
    name: &str,
    old: Option<Timestamp>,
    mut stored: Stored,
    pass: &mut Pass,
) -> Result<(), StorageFault> {
    let now = keeper.now;
    let (call, backoff) = (stored.call.clone(), stored.backoff);
    match outbox::push(records, keeper.identity, now, call, backoff) {
        Ok((lane, _)) => {
            stored::set(records, name, old, &stored)?;
            let is_at_work = (keeper.sends)(&lane)
                || (pass.begun.iter())
                    .any(|begun| matches!(begun, Begun::Lane(other, _) if *other == lane));
            if !is_at_work {
                pass.begun.push(Begun::Lane(lane, false));
            }
            stored::done(records, name, stored.due, now)
        }
        Err(error) => {
            stored.at = now + stored.backoff.pause(stored.attempt, (keeper.random)());
            stored::set(records, name, old, &stored)?;
            if stored.backoff.is_spent(stored.attempt) {
                pass.buried.push(name.to_owned());
                let error = Failure::of(&error);
                return stored::bury(records, name, stored, now, error, (keeper.random)());
            }
            Ok(())
        }
    }
}
