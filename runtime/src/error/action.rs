//! Errors an action declares: a stable code, a status, typed details.

use std::convert::Infallible;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::manifest::{DESCRIBES, ErrorManifest};
use crate::rpc::WireError;

/// An error type of actions; derive it with `#[derive(ActionError)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an action",
    note = "use `#[derive(ActionError)]` on it, or return `stayput::Result<T>`, whose errors reach callers as `internal`"
)]
pub trait ActionError: Sized {
    /// All errors of this type, in order of declaration.
    const ERRORS: &'static [ErrorInfo];

    /// The error as it travels.
    fn to_wire(&self) -> WireError;
    /// The error that travelled, if it is one of this type.
    fn from_wire(wire: &WireError) -> Option<Self>;
    /// Describes all errors of this type.
    fn describe(describer: &mut ErrorDescriber<'_>) {
        describer.declare(Self::ERRORS);
    }
}

/// One declared error, as data.
#[derive(Debug, Clone, Copy)]
pub struct ErrorInfo {
    /// The code on the wire (`room.full`).
    pub code: &'static str,
    /// The HTTP status of the REST form.
    pub status: u16,
    /// Whether trying again may help.
    pub retryable: bool,
    /// The doc comment, or the message.
    pub docs: &'static str,
    /// Describes `details`.
    pub details: fn(&mut ErrorDescriber<'_>),
}

/// Collects the declared errors of one action.
#[derive(Debug)]
pub struct ErrorDescriber<'a> {
    generator: &'a mut SchemaGenerator,
    errors: Vec<ErrorManifest>,
}

impl<'a> ErrorDescriber<'a> {
    pub(crate) fn new(generator: &'a mut SchemaGenerator) -> Self {
        Self {
            generator,
            errors: Vec::new(),
        }
    }

    pub(crate) fn into_errors(self) -> Vec<ErrorManifest> {
        self.errors
    }

    /// Adds declared errors.
    pub fn declare(&mut self, errors: &[ErrorInfo]) {
        for info in errors {
            self.errors.push(ErrorManifest {
                code: info.code.to_owned(),
                status: info.status,
                retryable: info.retryable,
                description: info.docs.to_owned(),
                details: None,
            });
            (info.details)(self);
        }
    }

    /// The type of the last error's details.
    pub fn details_of<T: JsonSchema>(&mut self) {
        if !DESCRIBES {
            return;
        }
        let schema = self.generator.subschema_for::<T>().to_value();
        if let Some(error) = self.errors.last_mut() {
            error.details = Some(schema);
        }
    }
}

/// A declared error as it travels; `()` as details means none.
pub fn failure<D: Serialize>(info: &ErrorInfo, message: String, details: &D) -> WireError {
    WireError::declared(info.code, info.status, info.retryable, message).details(details)
}

/// The details of an error that travelled.
pub fn details<D: DeserializeOwned>(wire: &WireError) -> Option<D> {
    serde_json::from_str(wire.details.as_ref()?.get()).ok()
}

impl ActionError for Infallible {
    const ERRORS: &'static [ErrorInfo] = &[];

    fn to_wire(&self) -> WireError {
        match *self {}
    }

    fn from_wire(_: &WireError) -> Option<Self> {
        None
    }
}
