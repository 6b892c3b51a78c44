//! What is wrong with the parameters of a call, for its sender to correct.

use serde::Serialize;

use crate::error::Code;
use crate::rpc::WireError;
use crate::state::EXPECTED_CURSOR;

/// How much of a refused value is repeated to its sender, in characters.
const MAX_ECHO: usize = 80;

/// What is wrong with one parameter.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    /// JSON Pointer into the parameters.
    pub(crate) path: String,
    /// The rule that is broken.
    pub(crate) rule: &'static str,
    /// What would be right.
    pub(crate) expected: String,
    /// What came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received: Option<String>,
}

/// The details of the error that lists the faults.
#[derive(Debug, Serialize)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
}

impl Faults {
    /// A cursor of another collection. Only the collection finds that out, and knows of no parameter.
    pub(crate) fn of_cursor(cursor: &str) -> Self {
        Self {
            faults: vec![Fault {
                path: String::new(),
                rule: "cursor",
                expected: EXPECTED_CURSOR.to_owned(),
                received: Some(echo(format!("\"{cursor}\"").as_bytes())),
            }],
        }
    }
}

/// The error that lists the faults.
pub(crate) fn refuse(faults: Vec<Fault>) -> Box<WireError> {
    let message = match faults.first() {
        Some(fault) if fault.rule == "unknown" => {
            format!("parameter `{}` is not known", fault.path)
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
