//! The tasks of one wasm instance, and the answers from outside that wake them.
//!
//! A task is begun where it is made and goes on where its answer arrives, in the same turn of JavaScript: a microtask of
//! its own for each step, as `wasm_bindgen_futures` has them, was about a tenth of what a call cost. It also keeps the
//! requests at the front apart, which the platform demands: no answer ever runs the task of another request.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use wasm_bindgen::prelude::*;

use super::instance::bridge;
use crate::backend::LocalFuture;

thread_local! {
    static TASKS: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    static READY: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// Whether somebody will see to the tasks that are ready.
    static SEEN_TO: Cell<bool> = const { Cell::new(false) };
    static AWAITED: RefCell<Vec<Awaited>> = const { RefCell::new(Vec::new()) };
    static NUMBERS: Cell<u32> = const { Cell::new(0) };
}

/// A place for a task.
enum Slot {
    Free,
    /// It runs.
    Taken,
    Waiting(LocalFuture<'static, ()>),
}

/// Wakes the task in a slot. One that is woken although it is gone, or another is there, finds nothing to do.
struct Bell(usize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        READY.with_borrow_mut(|ready| {
            if !ready.contains(&self.0) {
                ready.push(self.0);
            }
        });
        if !SEEN_TO.replace(true)
            && let Some(bridge) = bridge()
        {
            // An instance that has ended runs nothing any more.
            let _ = bridge.soon();
        }
    }
}

/// Begins a task; its first step is done when this returns.
pub(super) fn begin(task: LocalFuture<'static, ()>) {
    step(place(Slot::Taken), task);
}

/// Begins a task after the code that runs now.
pub(super) fn spawn(task: LocalFuture<'static, ()>) {
    Arc::new(Bell(place(Slot::Waiting(task)))).wake();
}

fn place(task: Slot) -> usize {
    TASKS.with_borrow_mut(|tasks| {
        let free = tasks.iter().position(|slot| matches!(slot, Slot::Free));
        let number = free.unwrap_or(tasks.len());
        if free.is_none() {
            tasks.push(Slot::Free);
        }
        tasks[number] = task;
        number
    })
}

fn step(number: usize, mut task: LocalFuture<'static, ()>) {
    let waker = Waker::from(Arc::new(Bell(number)));
    let left = match task.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Pending => Slot::Waiting(task),
        Poll::Ready(()) => {
            // What it held may wake others as it goes.
            drop(task);
            Slot::Free
        }
    };
    TASKS.with_borrow_mut(|tasks| tasks[number] = left);
}

/// Runs the tasks that are ready, and those that they wake. Called by `shell.js`, as [`Bridge::soon`] asked for.
///
/// [`Bridge::soon`]: super::externs::Bridge::soon
#[wasm_bindgen]
pub fn stayput_run_ready() {
    loop {
        let ready = READY.take();
        if ready.is_empty() {
            break;
        }
        for number in ready {
            let slot = TASKS.with_borrow_mut(|tasks| match &tasks[number] {
                Slot::Waiting(_) => std::mem::replace(&mut tasks[number], Slot::Taken),
                Slot::Free | Slot::Taken => Slot::Free,
            });
            if let Slot::Waiting(task) = slot {
                step(number, task);
            }
        }
    }
    SEEN_TO.set(false);
}

/// What somebody waits for.
struct Awaited {
    number: u32,
    waker: Option<Waker>,
    arrived: Option<Result<JsValue, JsValue>>,
}

/// What comes from outside under a number: `shell.js` settles it when it is there.
pub(super) struct Arrival {
    pub(super) number: u32,
}

impl Arrival {
    pub(super) fn new() -> Self {
        let number = NUMBERS.get().wrapping_add(1);
        NUMBERS.set(number);
        AWAITED.with_borrow_mut(|awaited| {
            awaited.push(Awaited {
                number,
                waker: None,
                arrived: None,
            });
        });
        Self { number }
    }
}

impl Future for Arrival {
    type Output = Result<JsValue, JsValue>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        AWAITED.with_borrow_mut(|awaited| {
            let found = awaited.iter_mut().find(|one| one.number == self.number);
            // Polled after its end, it waits for ever.
            let Some(found) = found else {
                return Poll::Pending;
            };
            match found.arrived.take() {
                Some(arrived) => Poll::Ready(arrived),
                None => {
                    found.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        AWAITED.with_borrow_mut(|awaited| {
            if let Some(at) = awaited.iter().position(|one| one.number == self.number) {
                awaited.swap_remove(at);
            }
        });
    }
}

/// Hands over what came, or what was thrown instead, and goes on with what waits for it.
#[wasm_bindgen]
pub fn stayput_settle(number: u32, came: bool, value: JsValue) {
    let waker = AWAITED.with_borrow_mut(|awaited| {
        let one = awaited.iter_mut().find(|one| one.number == number)?;
        one.arrived = Some(if came { Ok(value) } else { Err(value) });
        one.waker.take()
    });
    let Some(waker) = waker else {
        return;
    };
    let outer = SEEN_TO.replace(true);
    waker.wake();
    if !outer {
        stayput_run_ready();
    }
}
