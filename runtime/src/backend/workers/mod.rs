//! The Cloudflare Workers backend: the core inside a wasm instance, the platform behind a bridge of JavaScript.
//!
//! Each object has a wasm instance of its own, so a panic, which ends the instance, hurts the object it happened in and
//! no other. `shell.js` makes the instances and is the other half of every type here; `stayput build` copies it from
//! this folder beside the wasm, so both halves are always of one version.

mod environment;
mod externs;
mod front;
mod object;
mod store;
mod wire;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

pub use externs::Bridge;
pub use front::FrontHost;
pub use object::ObjectHost;

use crate::app::App;

thread_local! {
    static APP: OnceCell<Rc<App>> = const { OnceCell::new() };
    static BRIDGE: RefCell<Option<Bridge>> = const { RefCell::new(None) };
}

/// Names the app of this instance; the function that `stayput::app!` exports to `shell.js` calls it first of all.
pub fn install(app: App) {
    // A second call would be of the same app.
    let _ = APP.with(|slot| slot.set(Rc::new(app)));
}

/// Tells the log what a panic says: its text does not survive the trap that follows.
fn watch_panics(bridge: &Bridge) {
    BRIDGE.set(Some(bridge.clone()));
    std::panic::set_hook(Box::new(|panic| {
        BRIDGE.with_borrow(|bridge| {
            if let Some(bridge) = bridge {
                let _ = bridge.report(&format!("{}{panic}", environment::running()));
            }
        });
    }));
}

/// The app of this instance.
fn app() -> Option<Rc<App>> {
    APP.with(|slot| slot.get().cloned())
}
