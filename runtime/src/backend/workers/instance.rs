//! What a wasm instance has once, whoever lives in it: the app, the calls under way, and what to do before it ends.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::environment::running;
use super::externs::Bridge;
use crate::app::App;
use crate::object::{Delivery, Envelope, Mode, PlatformIds};
use crate::stream::Streams;
use crate::transfer::{EXPORT, Transfer};

thread_local! {
    static APP: OnceCell<Rc<App>> = const { OnceCell::new() };
    static BRIDGE: RefCell<Option<Bridge>> = const { RefCell::new(None) };
    static CALLS: RefCell<Vec<(u32, Weak<Delivery>)>> = const { RefCell::new(Vec::new()) };
}

/// Names the app of this instance; the function that `stayput::app!` exports to `shell.js` calls it first of all.
pub fn install(app: App) {
    // A second call would be of the same app.
    let _ = APP.with(|slot| slot.set(Rc::new(app)));
}

/// The app of this instance.
pub(super) fn app() -> Option<Rc<App>> {
    APP.with(|slot| slot.get().cloned())
}

/// Ids, as the platform derives them.
pub(crate) const IDS: PlatformIds = PlatformIds {
    named: |class, name| {
        let id = BRIDGE.with_borrow(|bridge| bridge.as_ref()?.id_of_name(class, name).ok());
        id?.parse().ok()
    },
    unique: |class| {
        let id = BRIDGE.with_borrow(|bridge| bridge.as_ref()?.new_id(class).ok());
        id?.parse().ok()
    },
    check: |class, id| {
        let id = id.to_string();
        let known = BRIDGE.with_borrow(|bridge| bridge.as_ref()?.knows_id(class, &id).ok());
        known == Some(true)
    },
};

/// The class's part of the manifest, as JSON text. It lies outside of the wasm, and few ask for it.
pub(crate) fn discover(class: &str) -> Bytes {
    let manifest = BRIDGE.with_borrow(|bridge| bridge.as_ref()?.manifest().ok());
    let manifest: Option<serde_json::Value> =
        manifest.and_then(|text| serde_json::from_str(&text).ok());
    let part = manifest
        .as_ref()
        .map(|manifest| &manifest["classes"][class]);
    let text = part.and_then(|part| serde_json::to_vec(part).ok());
    text.unwrap_or_default().into()
}

/// The way out of this instance.
pub(super) fn bridge() -> Option<Bridge> {
    BRIDGE.with_borrow(Clone::clone)
}

/// Remembers a call until it is answered.
pub(super) fn note_call(call: u32, delivery: &Arc<Delivery>) {
    CALLS.with_borrow_mut(|calls| calls.push((call, Arc::downgrade(delivery))));
}

/// The call is answered.
pub(super) fn forget_call(call: u32) {
    CALLS.with_borrow_mut(|calls| {
        if let Some(at) = calls.iter().position(|(number, _)| *number == call) {
            calls.swap_remove(at);
        }
    });
}

/// A panic ends the instance by a trap, after which nothing in it runs any more. What it says goes to the log, and
/// `shell.js` is told which calls have not begun: the next instance runs them as if nothing had happened.
pub(super) fn watch_panics(bridge: &Bridge) {
    BRIDGE.set(Some(bridge.clone()));
    std::panic::set_hook(Box::new(|panic| {
        let message = format!("{}{panic}", running());
        let not_begun = calls_that(is_waiting);
        let processes = calls_that(|delivery| {
            let call = delivery.envelope();
            is_process(&call.target.class, &call.action)
        });
        BRIDGE.with_borrow(|bridge| {
            if let Some(bridge) = bridge {
                let _ = bridge.report(&message);
                let _ = bridge.ending(&not_begun, &processes);
            }
        });
    }));
}

/// The numbers of calls under way.
fn calls_that(fit: impl Fn(&Delivery) -> bool) -> Vec<u32> {
    CALLS.with(|calls| match calls.try_borrow() {
        Ok(calls) => calls
            .iter()
            .filter(|(_, delivery)| delivery.upgrade().is_some_and(|delivery| fit(&delivery)))
            .map(|(call, _)| *call)
            .collect(),
        Err(_) => Vec::new(),
    })
}

/// Whether the call could be taken away before it began.
fn is_waiting(delivery: &Delivery) -> bool {
    delivery.take().is_some()
}

/// What it takes to send the items of a call one by one, if its action does.
pub(super) fn streams(call: &Envelope) -> Option<&'static Streams> {
    let app = app()?;
    if &*call.action == EXPORT {
        return app.transfer().map(Transfer::streams);
    }
    let class = app.find(&call.target.class)?;
    let action = class.actions.iter().find(|one| one.name == *call.action)?;
    action.streams
}

/// Whether an action is a process: it holds nothing, and may commit more than once.
pub(super) fn is_process(class: &str, action: &str) -> bool {
    let class = app().and_then(|app| app.find(class).cloned());
    let actions = class.as_ref().map_or(&[][..], |class| &class.actions);
    actions
        .iter()
        .any(|one| one.name == action && one.mode == Mode::Free)
}
