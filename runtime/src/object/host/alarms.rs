//! Running the alarm items that are due.

use super::settle::Keep;
use super::{Host, storage_error};
use crate::backend::LocalFuture;
use crate::event::Alarm;
use crate::object::contain::contain_async;
use crate::object::context::RawContext;
use crate::object::lock::Guard;
use crate::object::mount::has_deferred;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object, alarm};
use crate::state::sweep;
use crate::time;

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the object's lock keeps others from the state"
)]
impl<T: Object> Host<T> {
    /// Runs the items that are due. Whether each could at least be begun.
    pub(super) async fn run_alarms(&self) -> bool {
        let probe = self.system_call("alarm");
        let (due, is_owing, mut begun) = match self.awake(&probe).await {
            Ok(guard) => {
                let now = self.core.environment.now();
                let due = alarm::due(&self.core.records, now);
                let is_owing = const { has_deferred::<T>() }
                    && time::earliest(&self.core.records).is_some_and(|at| at <= now);
                (due, is_owing, self.sweep(&probe, guard))
            }
            Err(error) => {
                // The store keeps the alarm set; the backend asks again after a pause.
                self.core.environment.report(&format!(
                    "{} cannot run its alarm: {}",
                    self.core.identity, error.message
                ));
                return false;
            }
        };
        for (mount, _) in due {
            let call = self.system_call("alarm");
            begun &= match self.awake(&call).await {
                Ok(guard) => self.run_alarm(&mount, &call, guard).await,
                Err(_) => false,
            };
        }
        // Boxed, for a future of this function's own would be linked into classes that defer nothing, too.
        let deferred: Option<LocalFuture<'_, bool>> = if const { has_deferred::<T>() } {
            is_owing.then(|| Box::pin(self.run_deferred()) as LocalFuture<'_, bool>)
        } else {
            None
        };
        if let Some(deferred) = deferred {
            begun &= deferred.await;
        }
        begun & self.end_if_idle().await
    }

    /// Removes entries of collections whose time is up. Whether that could be done.
    fn sweep(&self, call: &Envelope, guard: Guard) -> bool {
        let records = &self.core.records;
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        // Of a class that was temporary once: nobody else would take the item away, and it would be due for ever.
        let forgotten = T::DESTROY_AFTER.is_none()
            && alarm::idle(records).is_some_and(|item| item.at <= turn.now);
        let swept = (alarm::expiring(records, turn.now).is_empty() && !forgotten)
            || self
                .within(|| {
                    records.begin();
                    if forgotten {
                        alarm::delete_idle(records);
                    }
                    let swept = sweep(records, turn.now).map_err(|fault| storage_error(&fault));
                    let swept = swept.map(|()| bytes::Bytes::new());
                    self.settle(&turn, Ok(swept), Keep { commit: true })
                })
                .is_ok();
        self.recover(&turn);
        turn.end();
        swept
    }

    /// Runs one alarm item: first the attempt is counted and the next wake-up committed, then the handler runs.
    /// Whether it could be begun.
    pub(super) async fn run_alarm(&self, mount: &str, call: &Envelope, guard: Guard) -> bool {
        let core = &self.core;
        let turn = Turn::new(core, call, Mode::Write, Some(guard));
        let Some(item) = alarm::get(&core.records, mount).filter(|item| item.at <= turn.now) else {
            turn.end();
            return true;
        };
        let begun = self.within(|| {
            core.records.begin();
            alarm::begin(&core.records, mount, item, turn.now, core.random());
            self.settle(&turn, Ok(Ok(bytes::Bytes::new())), Keep { commit: true })
        });
        if begun.is_err() {
            turn.end();
            return false;
        }
        let handled = async {
            alarm::delete(&core.records, mount);
            let mut state = self.state.borrow_mut();
            let handlers = async {
                if let Some(state) = state.as_mut() {
                    for entry in self
                        .class
                        .alarms
                        .iter()
                        .filter(|entry| &*entry.mount == mount)
                    {
                        let raw = RawContext {
                            turn: turn.clone(),
                            mount: entry.mount.clone(),
                        };
                        let alarm = Alarm {
                            scheduled: item.scheduled,
                            attempt: item.attempt,
                        };
                        (entry.run)(state, raw, alarm).await?;
                    }
                }
                Ok(bytes::Bytes::new())
            };
            contain_async(&turn, Box::pin(handlers)).await
        };
        if let Err(error) = self.finish(&turn, handled, Keep { commit: true }).await {
            let Alarm { scheduled, attempt } = Alarm {
                scheduled: item.scheduled,
                attempt: item.attempt,
            };
            core.environment.report(&format!(
                "{} alarm of {scheduled} failed at attempt {attempt}: {}",
                core.identity, error.message
            ));
            if attempt >= alarm::RETRIES {
                let buried = self.within(|| {
                    core.records.begin();
                    alarm::bury(&core.records, mount, item);
                    let buried = self.commit(&turn).map_err(|fault| storage_error(&fault));
                    buried.map(|()| bytes::Bytes::new())
                });
                if buried.is_err() {
                    core.records.undo();
                }
            }
        }
        self.recover(&turn);
        turn.end();
        true
    }
}
