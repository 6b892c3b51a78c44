#![allow(warnings, clippy::all)]
#[path = "behaviour/support.rs"]
mod support;
#[path = "behaviour/webhooks.rs"]
mod webhooks;
