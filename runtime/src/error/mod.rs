//! Errors: what an action declares, what the framework answers, what a caller receives.

mod action;
mod call;
mod codes;
mod general;
mod page;
mod passed;
mod retry;
mod wire;

pub use action::{ActionError, ErrorDescriber, ErrorInfo, details, failure};
pub use call::{CallError, Rejection};
pub use codes::{Code, CodeInfo};
pub use general::{Error, Result};
pub use page::markdown;
pub use retry::RetryAfter;
