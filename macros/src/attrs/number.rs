//! Literal numbers of attributes: exact, as the JSON text that the runtime compares with.

use std::cmp::Ordering;

use syn::{Expr, UnOp};

use super::{literal, ungroup};
use crate::diag::Diag;
use crate::syntax::json;

/// A number, written out.
pub(super) struct Number {
    /// As JSON.
    pub(super) text: String,
    value: Value,
}

#[derive(Clone, Copy)]
enum Value {
    Int(i128),
    Float(f64),
}

impl Number {
    /// Reads the number of `key = ..`.
    pub(super) fn read(key: &str, value: &Expr, diag: &mut Diag) -> Option<Self> {
        let Some(text) = text(value) else {
            diag.error(value, format!("`{key}` takes a number"))
                .help(format!("write `{key} = 10`"));
            return None;
        };
        let number = Self::of(&text);
        if number.is_none() {
            diag.error(
                value,
                format!("`{key}` is a number that no caller can send"),
            )
            .help("integers have 64 bits, other numbers are written like `1.5`");
        }
        number
    }

    /// The number of a JSON text, if it is one that every reader keeps.
    pub(super) fn of(text: &str) -> Option<Self> {
        let whole = text.strip_suffix(".0").unwrap_or(text);
        let value = if let Ok(int) = whole.parse::<i128>() {
            let exact = (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&int);
            exact.then_some(Value::Int(int))?
        } else {
            Value::Float(text.parse().ok()?)
        };
        Some(Self {
            text: whole.to_owned(),
            value,
        })
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self.value, other.value) {
            (Value::Int(one), Value::Int(other)) => one.cmp(&other),
            (one, other) => {
                let order = one.as_float().partial_cmp(&other.as_float());
                order.unwrap_or(Ordering::Equal)
            }
        }
    }

    pub(super) fn is_positive(&self) -> bool {
        self.value.as_float() > 0.0
    }
}

impl Value {
    #[expect(clippy::cast_precision_loss, reason = "one side is inexact anyway")]
    fn as_float(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }
}

/// A literal number as JSON, its sign included.
pub(super) fn text(value: &Expr) -> Option<String> {
    match ungroup(value) {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => literal(&unary.expr)
            .and_then(json::number)
            .map(|text| format!("-{text}")),
        expr => literal(expr).and_then(json::number),
    }
}
