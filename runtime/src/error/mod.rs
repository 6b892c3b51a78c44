//! Errors: what an action declares, what the framework answers, what a caller receives.

mod action;
mod call;
mod codes;
mod general;

pub use action::{ActionError, ErrorDescriber, ErrorInfo, details, failure};
pub use call::{CallError, Rejection};
pub use codes::Code;
pub use general::{Error, Result};
