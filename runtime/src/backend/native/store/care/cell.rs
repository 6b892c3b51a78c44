//! Values of SQLite in an exported object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::{Value, ValueRef};

use crate::transfer::{Cell, Other};

impl Cell {
    /// A value of a row.
    pub(super) fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null(()),
            ValueRef::Integer(integer) => Self::Integer(integer),
            ValueRef::Real(real) => Self::Other(Other::Real(format!("{real:?}"))),
            ValueRef::Blob(bytes) => Self::Other(Other::Blob(STANDARD.encode(bytes))),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Self::Text(text.to_owned()),
                Err(_) => Self::Other(Other::Text(STANDARD.encode(text))),
            },
        }
    }

    /// The value; `None` if it is none.
    pub(super) fn value(self) -> Option<Value> {
        Some(match self {
            Self::Null(()) => Value::Null,
            Self::Integer(integer) => Value::Integer(integer),
            Self::Text(text) => Value::Text(text),
            Self::Other(Other::Real(real)) => Value::Real(real.parse().ok()?),
            Self::Other(Other::Blob(bytes)) => Value::Blob(STANDARD.decode(bytes).ok()?),
            // Only statements make such texts: `CAST(x'..' AS TEXT)`.
            Self::Other(Other::Text(_)) => return None,
        })
    }

    /// Whether it is a text that only a cast of bytes makes, and those bytes.
    pub(super) fn cast(&self) -> Option<Vec<u8>> {
        match self {
            Self::Other(Other::Text(bytes)) => STANDARD.decode(bytes).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn through(value: ValueRef<'_>) -> Cell {
        let text = serde_json::to_string(&Cell::of(value)).expect("it encodes");
        serde_json::from_str(&text).expect("it decodes")
    }

    proptest! {
        #[test]
        fn every_number_comes_back(integer: i64, bits: u64) {
            prop_assert_eq!(through(ValueRef::Integer(integer)).value(), Some(Value::Integer(integer)));
            let real = f64::from_bits(bits);
            prop_assume!(!real.is_nan());
            let Some(Value::Real(back)) = through(ValueRef::Real(real)).value() else {
                return Err(TestCaseError::fail("no float"));
            };
            prop_assert_eq!(back.to_bits(), bits);
        }

        #[test]
        fn all_bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(through(ValueRef::Blob(&bytes)).value(), Some(Value::Blob(bytes.clone())));
            let cell = through(ValueRef::Text(&bytes));
            if let Ok(text) = String::from_utf8(bytes.clone()) {
                prop_assert_eq!(cell.value(), Some(Value::Text(text)));
            } else {
                prop_assert_eq!(cell.cast(), Some(bytes));
            }
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in [
            "1.5",
            "18446744073709551615",
            "true",
            "[]",
            "{}",
            r#"{"real":1}"#,
        ] {
            let cell = serde_json::from_str::<Cell>(text);
            assert!(cell.is_err(), "{text}: {cell:?}");
        }
        let cell: Cell = serde_json::from_str(r#"{"blob":"?"}"#).expect("it decodes");
        assert_eq!(cell.value(), None);
    }
}
