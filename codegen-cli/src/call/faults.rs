//! What is wrong with the parameters of a call, a line each.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    faults: Vec<Fault<'a>>,
}

#[derive(Deserialize)]
struct Fault<'a> {
    path: String,
    expected: String,
    received: Option<String>,
    #[serde(borrow)]
    example: Option<&'a RawValue>,
}

/// The faults as lines; `None` if the details list none.
pub(super) fn lines(details: &RawValue) -> Option<String> {
    let Details { faults } = serde_json::from_str(details.get()).ok()?;
    let mut lines = String::new();
    for fault in &faults {
        let path = if fault.path.is_empty() {
            "/"
        } else {
            &fault.path
        };
        // Writing to a `String` cannot fail.
        let _ = write!(lines, "\n  {path}: expected {}", fault.expected);
        if let Some(received) = &fault.received {
            let _ = write!(lines, "; received {received}");
        }
        if let Some(example) = fault.example {
            let _ = write!(lines, "; for example {}", example.get());
        }
    }
    (!faults.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_fault() {
        let details = r#"{"faults":[{"path":"/by","rule":"min","expected":"a number","received":"-1","allowed":0,"example":1},{"path":"","rule":"json","expected":"EOF"}]}"#;
        let details = RawValue::from_string(details.to_owned()).unwrap();
        assert_eq!(
            lines(&details).unwrap(),
            "\n  /by: expected a number; received -1; for example 1\n  /: expected EOF"
        );
        let others = RawValue::from_string("{\"max\":3}".to_owned()).unwrap();
        assert_eq!(lines(&others), None);
    }
}
