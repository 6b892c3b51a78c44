//! The framework's own errors: one table.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::rpc::WireError;

/// An error of the framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "replaced by the table")]
pub enum Code {
    MethodNotFound,
    InvalidParams,
    Internal,
    NotFound,
    InvalidName,
    Deadlock,
    ReentrantCall,
    ReadOnlyChain,
    DepthExceeded,
    Timeout,
    Overloaded,
    ObjectReset,
    Storage,
    StorageFull,
    StateNewer,
}

impl Code {
    fn row(self) -> (&'static str, i32, u16, bool) {
        match self {
            Self::MethodNotFound => ("method_not_found", -32601, 404, false),
            Self::InvalidParams => ("invalid_params", -32602, 400, false),
            Self::Internal => ("internal", -32603, 500, false),
            Self::NotFound => ("not_found", 1, 404, false),
            Self::InvalidName => ("invalid_name", 1, 400, false),
            Self::Deadlock => ("deadlock", 1, 409, true),
            Self::ReentrantCall => ("reentrant_call", 1, 409, false),
            Self::ReadOnlyChain => ("read_only_chain", 1, 409, false),
            Self::DepthExceeded => ("depth_exceeded", 1, 409, false),
            Self::Timeout => ("timeout", 1, 504, true),
            Self::Overloaded => ("overloaded", 1, 503, true),
            Self::ObjectReset => ("object_reset", 1, 503, true),
            Self::Storage => ("storage", 1, 503, true),
            Self::StorageFull => ("storage_full", 1, 507, true),
            Self::StateNewer => ("state.newer_than_code", 1, 500, false),
        }
    }
}

impl WireError {
    /// An error of the framework.
    pub fn framework(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let (name, rpc_code, status, retryable) = code.row();
        Self {
            rpc_code,
            status,
            code: Cow::Borrowed(name),
            message: message.into(),
            details: None,
            retryable,
            maybe_executed: false,
        }
    }

    /// An error an action declared.
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

    /// With details for programs.
    #[must_use]
    pub fn details<D: Serialize + ?Sized>(mut self, details: &D) -> Self {
        self.details = serde_json::value::to_raw_value(details).ok().filter(|raw: &Box<RawValue>| raw.get() != "null");
        self
    }

    /// The action may have run all the same.
    #[must_use]
    pub fn maybe_executed(mut self) -> Self {
        self.maybe_executed = true;
        self
    }
}
