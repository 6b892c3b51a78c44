//! Columns as constants of a table's type (`User::AGE`), and what can be said of them.

#![allow(
    clippy::needless_pass_by_value,
    reason = "operands are literals, references, and what is made for the one comparison"
)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;

use super::cell::{Cell, NONE, Operand, SOME, Text};
use super::filter::{Filter, Test};
use super::index::end_of;
use super::like;

/// A column of a table of `T` that holds a `V`. `#[derive(Entity)]` makes one for each field: `User::AGE`.
///
/// Values compare as their keys order (see [`Key`](crate::state::Key)): numbers by size, text by its bytes. `None` comes
/// before all others in an order; of the comparisons only `eq`, `ne`, `is_in` and `is_null` count it, all others mean rows
/// with a value. `ne` means all rows that `eq` does not.
pub struct Column<T, V> {
    pub(crate) index: usize,
    of: PhantomData<fn(T) -> V>,
}

/// By what a query orders: `User::AGE.desc()`.
pub struct Order<T> {
    pub(crate) column: usize,
    pub(crate) descending: bool,
    of: PhantomData<fn(T)>,
}

/// A declared index of a table of `T`: `Task::OPEN_BY_DUE`.
pub struct Index<T> {
    pub(super) index: usize,
    of: PhantomData<fn(T)>,
}

impl<T> Index<T> {
    #[doc(hidden)]
    pub const fn at(index: usize) -> Self {
        Self {
            index,
            of: PhantomData,
        }
    }
}

impl<T, V> Column<T, V> {
    #[doc(hidden)]
    pub const fn at(index: usize) -> Self {
        Self {
            index,
            of: PhantomData,
        }
    }
}

impl<T, V> Column<T, V> {
    fn is(self, test: Test) -> Filter<T> {
        Filter::is(self.index, test)
    }

    /// A range of values, `None` left out.
    fn within(self, from: Bound<String>, to: Bound<String>) -> Filter<T>
    where
        V: Cell,
    {
        let from = match from {
            Bound::Unbounded if V::OPTIONAL => Bound::Included(SOME.to_owned()),
            from => from,
        };
        let is_none = |bound: &Bound<String>| {
            V::OPTIONAL
                && matches!(bound, Bound::Included(text) | Bound::Excluded(text) if text == NONE)
        };
        if is_none(&from) || is_none(&to) {
            return self.is(Test::In(Vec::new()));
        }
        self.is(Test::Range(from, to))
    }

    /// With a value.
    pub(crate) fn present(self) -> Filter<T>
    where
        V: Cell,
    {
        self.within(Bound::Unbounded, Bound::Unbounded)
    }

    /// Equal to a value.
    pub fn eq(self, value: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        equal(self, value)
    }

    /// Not equal to a value; rows with `None` are, unless the value is `None`.
    pub fn ne(self, value: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        !self.eq(value)
    }

    /// Greater than a value.
    pub fn gt(self, value: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        self.within(Bound::Excluded(text(&value)), Bound::Unbounded)
    }

    /// Greater than a value, or equal to it.
    pub fn gte(self, value: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        self.within(Bound::Included(text(&value)), Bound::Unbounded)
    }

    /// Less than a value.
    pub fn lt(self, value: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        self.within(Bound::Unbounded, Bound::Excluded(text(&value)))
    }

    /// Less than a value, or equal to it.
    pub fn lte(self, value: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        self.within(Bound::Unbounded, Bound::Included(text(&value)))
    }

    /// From one value to another, both included.
    pub fn between(self, from: impl Operand<V>, to: impl Operand<V>) -> Filter<T>
    where
        V: Cell,
    {
        self.within(Bound::Included(text(&from)), Bound::Included(text(&to)))
    }

    /// Equal to one of some values.
    pub fn is_in(self, values: impl IntoIterator<Item = impl Operand<V>>) -> Filter<T>
    where
        V: Cell,
    {
        let mut texts: Vec<_> = values.into_iter().map(|value| text(&value)).collect();
        texts.sort_unstable();
        texts.dedup();
        self.is(Test::In(texts))
    }

    /// Ordered by this column, lowest first.
    pub fn asc(self) -> Order<T>
    where
        V: Cell,
    {
        self.ordered(false)
    }

    /// Ordered by this column, highest first.
    pub fn desc(self) -> Order<T>
    where
        V: Cell,
    {
        self.ordered(true)
    }

    fn ordered(self, descending: bool) -> Order<T> {
        Order {
            column: self.index,
            descending,
            of: PhantomData,
        }
    }
}

impl<T, V: Cell> Column<T, Option<V>> {
    /// `None`.
    pub fn is_null(self) -> Filter<T> {
        self.is(Test::In(vec![NONE.to_owned()]))
    }

    /// Not `None`.
    pub fn is_not_null(self) -> Filter<T> {
        self.present()
    }
}

impl<T, V> Column<T, V> {
    /// Like a pattern, in which `%` stands for any text and `_` for one character; `\` takes the next character as it is.
    /// Upper and lower case are different. What stands before the first `%` or `_` is looked up in an index, if there is one.
    pub fn like(self, pattern: &str) -> Filter<T>
    where
        V: Text,
    {
        let like = Test::Like {
            pattern: pattern.to_owned(),
            optional: V::OPTIONAL,
        };
        self.starts_with(&like::prefix(pattern)).and(self.is(like))
    }

    /// Beginning with a text.
    pub fn starts_with(self, prefix: &str) -> Filter<T>
    where
        V: Text,
    {
        let mut start = String::new();
        if V::OPTIONAL {
            start.push_str(SOME);
        }
        crate::state::AsKey::write_key(prefix, &mut start);
        // Without the end of the text.
        start.pop();
        let end = match end_of(&start) {
            // Nothing comes after all that begin like this.
            end if end.is_empty() => Bound::Unbounded,
            end => Bound::Excluded(end),
        };
        self.is(Test::Range(Bound::Included(start), end))
    }
}

/// The rows that [`Column::eq`] means, of any column.
#[doc(hidden)]
pub fn equal<T, V>(column: Column<T, V>, value: impl Operand<V>) -> Filter<T> {
    Filter::is(column.index, Test::In(vec![text(&value)]))
}

fn text<V>(value: &impl Operand<V>) -> String {
    let mut text = String::new();
    value.write_operand(&mut text);
    text
}

impl<T, V> Clone for Column<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Column<T, V> {}

impl<T> Clone for Order<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Order<T> {}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Index<T> {}

impl<T, V> fmt::Debug for Column<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.index)
    }
}

impl<T> fmt::Debug for Order<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("column", &self.column)
            .field("descending", &self.descending)
            .finish()
    }
}

impl<T> fmt::Debug for Index<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({})", self.index)
    }
}
