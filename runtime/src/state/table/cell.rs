//! What a column of a table may hold, as text whose byte order is the order of the values.
//!
//! A key's text (see [`Key`](crate::state::Key)); of an `Option` `0`, or `1` and the value's text, so that `None` comes
//! first; of a float the 16 hex digits of its bits, turned so that they order like the numbers.

use crate::sql::SqlValue;
use crate::state::Key;

/// The type of a column that filters, orders and indexes can use.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` can be neither indexed, compared nor ordered by",
    label = "not a type of columns",
    note = "such columns are integers, floats, `bool`, `char`, `String`, `ObjectId`, `Timestamp`, types of your own that \
            implement `Key`, and `Option`s of these"
)]
pub trait Cell: Sized {
    /// Whether it is an `Option`.
    #[doc(hidden)]
    const OPTIONAL: bool = false;

    /// Appends the value's text.
    #[doc(hidden)]
    fn write_cell(&self, out: &mut String);

    /// Reads a value from the front of `text` and takes it away; `None` if `text` starts otherwise.
    #[doc(hidden)]
    fn read_cell(text: &mut &str) -> Option<Self>;

    /// The type as the manifest names it.
    #[doc(hidden)]
    fn cell_type() -> String;
}

#[diagnostic::do_not_recommend]
impl<K: Key> Cell for K {
    fn write_cell(&self, out: &mut String) {
        self.write_key(out);
    }

    fn read_cell(text: &mut &str) -> Option<Self> {
        K::read_key(text)
    }

    fn cell_type() -> String {
        K::key_type()
    }
}

impl<C: Cell> Cell for Option<C> {
    const OPTIONAL: bool = true;

    fn write_cell(&self, out: &mut String) {
        match self {
            None => out.push_str(NONE),
            Some(value) => {
                out.push_str(SOME);
                value.write_cell(out);
            }
        }
    }

    fn read_cell(text: &mut &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix(NONE) {
            *text = rest;
            return Some(None);
        }
        let mut rest = text.strip_prefix(SOME)?;
        let value = C::read_cell(&mut rest)?;
        *text = rest;
        Some(Some(value))
    }

    fn cell_type() -> String {
        format!("Option<{}>", C::cell_type())
    }
}

/// The text of `None`.
pub(crate) const NONE: &str = "0";
/// What the text of a `Some` begins with.
pub(crate) const SOME: &str = "1";

const SIGN: u64 = 1 << 63;

impl Cell for f64 {
    fn write_cell(&self, out: &mut String) {
        // Both zeros are one number.
        let bits = if *self == 0.0 { 0 } else { self.to_bits() };
        let turned = if bits & SIGN == 0 { bits ^ SIGN } else { !bits };
        crate::state::AsKey::write_key(&turned, out);
    }

    fn read_cell(text: &mut &str) -> Option<Self> {
        let turned = u64::read_key(text)?;
        let bits = if turned & SIGN == 0 {
            !turned
        } else {
            turned ^ SIGN
        };
        Some(Self::from_bits(bits))
    }

    fn cell_type() -> String {
        "f64".to_owned()
    }
}

impl Cell for f32 {
    fn write_cell(&self, out: &mut String) {
        f64::from(*self).write_cell(out);
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was an `f32`")]
    fn read_cell(text: &mut &str) -> Option<Self> {
        f64::read_cell(text).map(|value| value as Self)
    }

    fn cell_type() -> String {
        "f32".to_owned()
    }
}

/// What a column of type `V` can be compared with: a `V` or a reference to one; a value, if `V` is an `Option` of it; a
/// `&str`, if `V` is a `String`.
#[diagnostic::on_unimplemented(
    message = "a column of type `{V}` cannot be compared with a `{Self}`",
    label = "not a `{V}`",
    note = "a column is compared with a value of its own type; a `String` with a `&str`, too, and an `Option<T>` with a `T`"
)]
pub trait Operand<V> {
    /// Appends the text of the column's value.
    #[doc(hidden)]
    fn write_operand(&self, out: &mut String);
}

impl<V: Cell> Operand<V> for V {
    fn write_operand(&self, out: &mut String) {
        self.write_cell(out);
    }
}

impl<V: Cell> Operand<V> for &V {
    fn write_operand(&self, out: &mut String) {
        (*self).write_cell(out);
    }
}

impl<V: Cell> Operand<Option<V>> for V {
    fn write_operand(&self, out: &mut String) {
        out.push_str(SOME);
        self.write_cell(out);
    }
}

impl<V: Cell> Operand<Option<V>> for &V {
    fn write_operand(&self, out: &mut String) {
        out.push_str(SOME);
        (*self).write_cell(out);
    }
}

impl Operand<String> for &str {
    fn write_operand(&self, out: &mut String) {
        crate::state::AsKey::write_key(*self, out);
    }
}

impl Operand<Option<String>> for &str {
    fn write_operand(&self, out: &mut String) {
        out.push_str(SOME);
        crate::state::AsKey::write_key(*self, out);
    }
}

/// A column of text: `String`, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` holds no text",
    note = "`like` and `starts_with` are for columns of type `String` and `Option<String>`"
)]
pub trait Text: Cell {}

impl Text for String {}
impl Text for Option<String> {}

/// A column of numbers, or of `Option`s of them, which count where they are there.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` holds no numbers",
    note = "`sum` and `avg` are for columns of integers of at most 64 bits, of floats, and of `Option`s of these"
)]
pub trait Number: Cell {
    /// What the numbers add up to: `i128` for integers, which cannot overflow, and `f64` for floats.
    type Sum: Copy + Default;

    /// Adds the number, if it is there, and says whether it is.
    #[doc(hidden)]
    fn add_to(&self, sum: &mut Self::Sum) -> bool;

    /// The sum as a float.
    #[doc(hidden)]
    fn as_f64(sum: Self::Sum) -> f64;

    /// Whether sums in SQL are to be read as text, which is exact.
    #[doc(hidden)]
    const EXACT: bool;

    /// A sum that was made in SQL, of no values if it is `NULL`.
    #[doc(hidden)]
    fn sum_of(value: &SqlValue) -> Option<Self::Sum>;
}

macro_rules! numbers {
    ($sum:ty, $exact:literal: $($type:ty),*) => {$(
        impl Number for $type {
            type Sum = $sum;

            fn add_to(&self, sum: &mut $sum) -> bool {
                *sum += <$sum>::from(*self);
                true
            }

            #[allow(
                clippy::cast_precision_loss,
                clippy::unnecessary_cast,
                trivial_numeric_casts,
                reason = "an average is a float"
            )]
            fn as_f64(sum: $sum) -> f64 {
                sum as f64
            }

            const EXACT: bool = $exact;

            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_lossless,
                clippy::cast_possible_truncation,
                clippy::unnecessary_cast,
                trivial_numeric_casts,
                reason = "of floats, floats"
            )]
            fn sum_of(value: &SqlValue) -> Option<$sum> {
                match value {
                    SqlValue::Null => Some(<$sum>::default()),
                    SqlValue::Integer(sum) => Some(*sum as $sum),
                    SqlValue::Text(sum) => sum.parse().ok(),
                    SqlValue::Real(sum) if !$exact => Some(*sum as $sum),
                    _ => None,
                }
            }
        }
    )*};
}

numbers!(i128, true: u8, u16, u32, u64, i8, i16, i32, i64);
numbers!(f64, false: f32, f64);

impl<N: Number> Number for Option<N> {
    type Sum = N::Sum;

    fn add_to(&self, sum: &mut N::Sum) -> bool {
        self.as_ref().is_some_and(|number| number.add_to(sum))
    }

    fn as_f64(sum: N::Sum) -> f64 {
        N::as_f64(sum)
    }

    const EXACT: bool = N::EXACT;

    fn sum_of(value: &SqlValue) -> Option<N::Sum> {
        N::sum_of(value)
    }
}
