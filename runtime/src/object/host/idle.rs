//! Objects that are temporary: `#[durable_object(destroy_after = hours(2))]`.
//!
//! When one is to go is an alarm item. Each call would move it; so that not each call has to write, it is set a sixteenth
//! later than need be, and moved when that has been used up. Classes that say nothing link none of this.

use std::time::Duration;

use super::settle::Keep;
use super::{Busy, Host};
use crate::object::turn::Turn;
use crate::object::{Mode, Object, Timestamp, alarm};

/// When an object that is used now may go, with the spare time that calls may use up without a write.
fn end_of(used: Timestamp, idle: Duration) -> Timestamp {
    used + idle + idle / 16
}

impl<T: Object> Host<T> {
    /// The object begins to exist.
    pub(super) fn begin_idling(&self, now: Timestamp) {
        if let Some(idle) = const { T::DESTROY_AFTER } {
            let at = end_of(now, idle);
            alarm::set_idle(&self.core.records, at);
            self.idle_until.set(Some(at));
        }
    }

    /// The object is loaded.
    pub(super) fn learn_idling(&self) {
        if const { T::DESTROY_AFTER.is_some() } {
            let item = alarm::idle(&self.core.records);
            self.idle_until.set(item.map(|item| item.at));
        }
    }

    /// The object is used.
    pub(super) fn touch(&self) {
        let Some(idle) = (const { T::DESTROY_AFTER }) else {
            return;
        };
        let now = self.core.environment.now();
        self.used.set(Some(now));
        let enough = self.idle_until.get().is_some_and(|at| at >= now + idle);
        if enough || !self.core.born.get() {
            return;
        }
        self.idle_until.set(Some(end_of(now, idle)));
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let busy = Busy::new(&self.core);
        self.core.environment.spawn(Box::pin(async move {
            host.idle_from(now, idle).await;
            drop(busy);
        }));
    }

    /// Whether it could be written. If not, the alarm finds out how long the object has been idle.
    async fn idle_from(&self, used: Timestamp, idle: Duration) -> bool {
        let call = self.system_call("idle");
        let Ok(guard) = self.awake(&call).await else {
            return false;
        };
        let turn = Turn::new(&self.core, &call, Mode::Write, Some(guard));
        let written = !self.core.born.get()
            || self
                .within(|| {
                    let at = end_of(used, idle);
                    self.core.records.begin();
                    alarm::set_idle(&self.core.records, at);
                    self.idle_until.set(Some(at));
                    self.settle(&turn, Ok(Ok(bytes::Bytes::new())), Keep { commit: true })
                })
                .is_ok();
        self.recover(&turn);
        turn.end();
        written
    }

    /// Ends the object if it has been idle for long enough. Whether that could be found out.
    pub(super) async fn end_if_idle(&self) -> bool {
        let Some(idle) = (const { T::DESTROY_AFTER }) else {
            return true;
        };
        let call = self.system_call("idle");
        let Ok(guard) = self.awake(&call).await else {
            return false;
        };
        let now = self.core.environment.now();
        if alarm::idle(&self.core.records).is_none_or(|item| item.at > now) {
            return true;
        }
        let id = self.core.identity.id;
        let mut used = self.used.get().filter(|used| *used + idle > now);
        if let Some(connections) = self.core.environment.connections(id) {
            connections.each(&mut |_| used = Some(now));
        }
        if let Some(used) = used {
            drop(guard);
            return self.idle_from(used, idle).await;
        }
        self.end_now(&call, guard).is_ok()
    }
}
