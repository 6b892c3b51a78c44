//! Making errors of the table.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::to_raw_value;

use super::Code;
use crate::rpc::WireError;

impl WireError {
    /// An error of the framework, with the statuses its row of the table gives it.
    pub fn framework(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let info = code.info();
        Self {
            rpc_code: info.rpc_code,
            status: info.status,
            code: Cow::Borrowed(info.code),
            message: message.into(),
            details: None,
            retryable: info.retryable,
            maybe_executed: false,
        }
    }

    /// What tells it from other errors.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// An error that an action declares.
    pub fn declared(code: &'static str, status: u16, retryable: bool, message: String) -> Self {
        Self {
            rpc_code: 1,
            status,
            code: Cow::Borrowed(code),
            message: Cow::Owned(message),
            details: None,
            retryable,
            maybe_executed: false,
        }
    }

    /// The same error with `details` for programs. Details that are `null` or no JSON are left out.
    #[must_use]
    pub fn details(mut self, details: &(impl Serialize + ?Sized)) -> Self {
        self.details = to_raw_value(details)
            .ok()
            .filter(|details| details.get() != "null");
        self
    }

    /// The same error, saying that the action may have taken effect all the same.
    #[must_use]
    pub fn maybe_executed(mut self) -> Self {
        self.maybe_executed = true;
        self
    }

    /// Whether this is that error of the framework.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.info().code
    }
}
