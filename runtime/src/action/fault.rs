//! What is wrong with the parameters of a call, for its sender to correct.

use serde::Serialize;

use crate::error::Code;
use crate::rpc::WireError;

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

/// The error that lists the faults.
pub(crate) fn refuse(faults: Vec<Fault>) -> Box<WireError> {
    #[derive(Serialize)]
    struct Details {
        faults: Vec<Fault>,
    }
    let message = match faults.first() {
        Some(fault) if fault.rule == "unknown" => {
            format!("parameter `{}` is not known", fault.path)
        }
        Some(fault) => format!("parameter `{}`: expected {}", fault.path, fault.expected),
        None => "the parameters do not fit".to_owned(),
    };
    Box::new(WireError::framework(Code::InvalidParams, message).details(&Details { faults }))
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
