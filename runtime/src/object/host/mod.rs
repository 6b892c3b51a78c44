//! The host of one live object: loads it, runs its calls under the lock, commits or undoes what they did, and lets
//! replies out when everything they could have seen is durable.

mod access;
mod alarms;
mod birth;
mod by_call;
mod core;
mod deferred;
mod delivery;
mod destroy;
mod events;
mod follow;
mod hooks;
mod idle;
#[cfg(not(target_arch = "wasm32"))]
mod inside;
mod jobs;
mod keyed;
mod lanes;
mod layers;
mod listen;
mod queue;
mod react;
mod run;
mod settle;
mod sql;
mod transfer;
mod upgrade;
mod wake;

#[cfg(target_arch = "wasm32")]
pub(crate) use core::INTERNAL;
pub(crate) use core::{Core, Identity};
pub use delivery::{Delivery, IncomingCall};
pub(in crate::object) use destroy::{ACTION as DESTROY_ACTION, doom};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use inside::{ACTION as RUN_ACTION, leave as leave_code};
pub(crate) use jobs::{Deed, JobRun, JobStart, Running};
pub(crate) use keyed::Keyed;
pub(in crate::object) use keyed::digest;
pub(crate) use listen::{ACTION as LISTEN_ACTION, Listening};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use wake::ACTION as WAKE_ACTION;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use crate::action::Faults;
use crate::backend::StorageFault;
use crate::error::Code;
use crate::event::HEAR;
use crate::event::Listeners;
use crate::middleware::Chains;
use crate::object::class::{ClassTable, LiveObject, Seed};
use crate::object::contain::Stop;
use crate::object::lock::Lock;
use crate::object::mount::{has_heard, has_kept, has_told};
use crate::object::{Object, Timestamp};
use crate::rpc::{Reply, WireError};
use crate::socket::Hook;
use crate::sql::Door;
use crate::state::Records;
use core::Busy;
use queue::Queue;

/// Where a host is between asleep and awake.
#[derive(Clone)]
enum Stage {
    /// The state is to be loaded, and `start` to be run.
    Asleep,
    /// `start` holds the lock.
    Starting,
    Awake,
    /// `start` or loading failed at the wake with this number; those who waited for it get this answer.
    Failed(u64, Box<WireError>),
}

pub(crate) struct Host<T: Object> {
    me: Weak<Self>,
    core: Rc<Core>,
    class: Arc<ClassTable<T>>,
    state: RefCell<Option<T>>,
    stage: RefCell<Stage>,
    wakes: Cell<u64>,
    /// Calls that wait for the lock, or have not come to it yet.
    queue: Rc<Queue>,
    /// Of a temporary object: when it was last used in this life, and when it goes if it is used no more.
    used: Cell<Option<Timestamp>>,
    idle_until: Cell<Option<Timestamp>>,
}

impl<T: Object> Host<T> {
    pub(super) fn new(class: Arc<ClassTable<T>>, seed: Seed) -> Rc<Self> {
        let Seed {
            target,
            store,
            sql,
            seq,
            environment,
        } = seed;
        let sql = T::SQL.zip(sql);
        let core = Core {
            identity: Identity {
                class: T::CLASS,
                id: target.id,
                name: target.name,
            },
            environment,
            records: Records::new(store.clone()),
            store,
            sql: sql.map(|(class, store)| Rc::new(Door::new(class, store))),
            lock: Rc::new(Lock::default()),
            seq: Cell::new(seq),
            born: Cell::new(seq > 0),
            held: RefCell::default(),
            busy: Cell::new(0),
            life: OnceCell::new(),
            chains: Chains::new(
                T::MIDDLEWARE,
                class.entries.iter().map(|entry| entry.middleware),
            ),
            jobs: Running::default(),
            working: OnceCell::new(),
            listeners: Listeners::default(),
            cache: RefCell::default(),
        };
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            core: Rc::new(core),
            class,
            state: RefCell::new(None),
            stage: RefCell::new(Stage::Asleep),
            wakes: Cell::new(0),
            queue: Rc::default(),
            used: Cell::new(None),
            idle_until: Cell::new(None),
        })
    }
}

impl<T: Object> LiveObject for Host<T> {
    fn submit(self: Rc<Self>, call: IncomingCall) {
        if let Some(refusal) = self.queue.refusal() {
            return (call.reply)(Err(refusal));
        }
        let asleep = !matches!(*self.stage.borrow(), Stage::Awake | Stage::Starting);
        let Some(index) = self
            .class
            .by_name
            .get(&*call.delivery.envelope.action)
            .copied()
        else {
            if &*call.delivery.envelope.action == destroy::ACTION {
                return self.end_by_call(call);
            }
            if transfer::is_way(&call.delivery.envelope.action)
                && self.core.environment.transfer().is_some()
            {
                return self.carry(call);
            }
            if const { has_kept::<T>() } && &*call.delivery.envelope.action == listen::ACTION {
                return self.listen_by_call(call);
            }
            // Only classes whose events are for objects, or that subscribe to such, link what does.
            if const { has_told::<T>() } && follow::is_request(&call.delivery.envelope.action) {
                return self.follow_by_call(call);
            }
            if const { has_heard::<T>() } && &*call.delivery.envelope.action == HEAR {
                return self.hear_by_call(call);
            }
            #[cfg(not(target_arch = "wasm32"))]
            if &*call.delivery.envelope.action == wake::ACTION {
                return self.wake_by_call(call);
            }
            #[cfg(not(target_arch = "wasm32"))]
            if &*call.delivery.envelope.action == inside::ACTION {
                return self.run_by_call(call);
            }
            let message = format!(
                "`{}` has no action `{}`",
                T::CLASS,
                call.delivery.envelope.action
            );
            (call.reply)(Err(Box::new(WireError::framework(
                Code::MethodNotFound,
                message,
            ))));
            return;
        };
        if asleep && self.core.lock.is_free() {
            self.wake();
            if let Stage::Failed(_, error) = &*self.stage.borrow() {
                self.core.answer(
                    &call.delivery.envelope.request_id,
                    Err(error.clone()),
                    call.reply,
                );
                return;
            }
        }
        self.touch();
        if let Some(chain) = self.core.chains.get(index).cloned() {
            return self.run_within(chain, index, call);
        }
        if let Some(entry) = self.class.entries.get(index)
            && let Err(call) = self.run_now(entry, call)
        {
            self.spawn(index, call, None);
        }
    }

    fn alarm(self: Rc<Self>, done: Box<dyn FnOnce(bool)>) {
        let busy = Busy::new(&self.core);
        let environment = self.core.environment.clone();
        environment.spawn(Box::pin(async move {
            let begun = self.run_alarms().await;
            // Done is durable: a backend may forget the wake-up only then.
            let durable = self.core.durable().await.is_ok();
            drop(busy);
            done(begun && durable);
        }));
    }

    fn hook(self: Rc<Self>, hook: Hook, done: Box<dyn FnOnce(Reply)>) {
        // Counted like any call that waits: who sends faster than the object works is told so. But who left must be
        // seen off, however many wait.
        let place = match &hook {
            Hook::Connect(..) => self.queue.admit(0),
            Hook::Message(_, frame) => self.queue.admit(frame.as_bytes().len()),
            Hook::Disconnect(..) => Ok(self.queue.take(0)),
        };
        let place = match place {
            Ok(place) => place,
            Err(refusal) => return done(Err(refusal)),
        };
        self.touch();
        let busy = Busy::new(&self.core);
        let environment = self.core.environment.clone();
        environment.spawn(Box::pin(async move {
            self.run_hook(hook, place, done).await;
            drop(busy);
        }));
    }

    fn is_idle(&self) -> bool {
        self.core.busy.get() == 0 && self.core.lock.is_free()
    }

    fn field_bytes(&self) -> usize {
        self.core.cache.borrow().bytes()
    }
}

fn reset() -> Box<WireError> {
    Box::new(WireError::framework(
        Code::ObjectReset,
        "the object was reset; try again",
    ))
}

fn stopped(stop: Stop) -> Box<WireError> {
    Box::new(match stop {
        Stop::Panic(text) => WireError::framework(Code::Internal, format!("panicked: {text}")),
        Stop::Deadline => WireError::framework(
            Code::Timeout,
            "the action did not end before its deadline; nothing was kept",
        ),
    })
}

/// A storage fault as callers see it.
pub(crate) fn storage_error(fault: &StorageFault) -> Box<WireError> {
    let error = WireError::framework(Code::of_storage(fault), fault.to_string());
    Box::new(match fault {
        StorageFault::Cursor { cursor, .. } => error.details(&Faults::of_cursor(cursor)),
        _ => error,
    })
}
