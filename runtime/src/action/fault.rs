//! What is wrong with the parameters of a call, for its sender to correct, be it a person or a model.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Param;
use crate::error::Code;
use crate::rpc::{WireError, nearest, shorten};
use crate::state::EXPECTED_CURSOR;

/// How much of a refused value is repeated to its sender, in characters.
const MAX_ECHO: usize = 80;

/// What is wrong with one parameter.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    /// JSON Pointer into the parameters.
    path: String,
    /// The rule that is broken.
    rule: &'static str,
    /// What would be right, for people.
    expected: String,
    /// What came: the beginning of its JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// What is allowed, for programs: what the schema says under the rule's keyword, or the names there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<Box<RawValue>>,
    /// The name that was most likely meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'static str>,
    /// A value of the parameter that would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Box<RawValue>>,
}

/// The details of the error that lists the faults.
#[derive(Debug, Serialize)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
}

impl Fault {
    pub(crate) fn new(path: String, rule: &'static str, expected: impl Into<String>) -> Self {
        Self {
            path,
            rule,
            expected: expected.into(),
            received: None,
            allowed: None,
            nearest: None,
            example: None,
        }
    }

    /// A name that no parameter has.
    pub(super) fn unknown(name: &str, table: &'static [Param]) -> Self {
        let names = || table.iter().map(|param| param.name);
        let expected = match table {
            [] => "no parameters".to_owned(),
            _ => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
        };
        let mut fault = Self::new(pointer(name), "unknown", expected);
        if let Some(nearest) = nearest(name, names()) {
            fault.expected.push_str("; did you mean `");
            fault.expected.push_str(nearest);
            fault.expected.push_str("`?");
            fault.nearest = Some(nearest);
        }
        fault.allowed = serde_json::value::to_raw_value(&names().collect::<Vec<_>>()).ok();
        fault
    }

    /// What came.
    pub(crate) fn received(mut self, text: &str) -> Self {
        self.received = Some(echo(text.as_bytes()));
        self
    }

    /// What is allowed, as JSON text.
    pub(crate) fn allowed(mut self, json: String) -> Self {
        self.allowed = RawValue::from_string(json).ok();
        self
    }

    /// What would be right.
    pub(super) fn example(mut self, param: &Param) -> Self {
        self.example = param
            .right_value()
            .and_then(|json| RawValue::from_string(json).ok());
        self
    }
}

impl Faults {
    /// A cursor of another collection. Only the collection finds that out, and knows of no parameter.
    pub(crate) fn of_cursor(cursor: &str) -> Self {
        let fault = Fault::new(String::new(), "cursor", EXPECTED_CURSOR);
        Self {
            faults: vec![fault.received(&format!("\"{cursor}\""))],
        }
    }
}

/// The error that lists the faults.
pub(crate) fn refuse(faults: Vec<Fault>) -> Box<WireError> {
    let message = match faults.first() {
        Some(fault) if fault.rule == "unknown" => {
            let mut message = format!("parameter `{}` is not known", shorten(&fault.path));
            if let Some(nearest) = fault.nearest {
                message.push_str("; did you mean `");
                message.push_str(nearest);
                message.push_str("`?");
            }
            message
        }
        Some(fault) => format!("parameter `{}`: expected {}", fault.path, fault.expected),
        None => "the parameters do not fit".to_owned(),
    };
    Box::new(WireError::framework(Code::InvalidParams, message).details(&Faults { faults }))
}

/// `/name`, escaped as JSON Pointer asks.
pub(crate) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The beginning of a refused value.
pub(crate) fn echo(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut echo: String = text.chars().take(MAX_ECHO).collect();
    if echo.len() < text.len() {
        echo.push('…');
    }
    echo
}
