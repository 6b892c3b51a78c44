//! Queries of a type's table, built from its columns: what [`Table`](crate::state::Table) has, of rows in SQL.

use std::fmt;
use std::marker::PhantomData;

use super::access::Reach;
use super::entity::{Row, RowDefinition};
use super::raw::{SqlRow, each};
use super::statement::{self, Select};
use super::{SqlError, SqlFault, SqlValue};
use crate::backend::StorageFault;
use crate::repository::RepositoryError;
use crate::state::{
    Ask, Cell, Column, Cursor, Filter, Number, Order, Page, Projection, Read, Whole, Write, Writes,
};

/// The rows of a table in SQL.
#[doc(hidden)]
pub struct SqlRows<T> {
    pub(super) reach: Reach,
    of: PhantomData<fn() -> T>,
}

impl<T: Row> SqlRows<T> {
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            reach,
            of: PhantomData,
        }
    }
}

impl<T> fmt::Debug for SqlRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlRows(..)")
    }
}

/// Which rows of a table in SQL are meant, in which order and how many; made by
/// [`SqlRepository::query`](super::SqlRepository::query).
///
/// It has the methods of a [`Query`](crate::state::Query) of a [`Table`](crate::state::Table), which mean the same; they
/// answer a `Result`, because a statement may fail. Every value is bound.
#[must_use = "a query does nothing until it is asked for its rows"]
pub struct RowQuery<'q, T: Row, M = Read> {
    rows: &'q SqlRows<T>,
    ask: Ask,
    mode: PhantomData<M>,
}

type Outcome<R> = Result<R, RepositoryError>;

impl<'q, T: Row, M> RowQuery<'q, T, M> {
    pub(super) fn new(rows: &'q SqlRows<T>, ask: Ask) -> Self {
        Self {
            rows,
            ask,
            mode: PhantomData,
        }
    }

    /// Only rows that this filter means, too.
    pub fn filter(mut self, filter: Filter<T>) -> Self {
        self.ask = self.ask.filter(filter);
        self
    }

    /// [`filter`](Self::filter), if there is one.
    pub fn filter_opt(self, filter: Option<Filter<T>>) -> Self {
        match filter {
            Some(filter) => self.filter(filter),
            None => self,
        }
    }

    /// Ordered by a column; what was said before goes first. Rows that are equal come in the order of their keys.
    pub fn order_by(mut self, order: Order<T>) -> Self {
        self.ask = self.ask.order_by(order);
        self
    }

    /// At most so many rows. Without it, and without [`unlimited`](Self::unlimited), `all` and `page` answer at most 100.
    pub fn limit(mut self, rows: u32) -> Self {
        self.ask = self.ask.limit(rows);
        self
    }

    /// All rows, however many there are: they are in memory at once.
    pub fn unlimited(mut self) -> Self {
        self.ask.limit = Some(usize::MAX);
        self
    }

    /// Without the first rows, so many.
    pub fn offset(mut self, rows: u32) -> Self {
        self.ask = self.ask.offset(rows);
        self
    }

    fn look(
        &self,
        select: &Select<'_>,
        look: &mut dyn FnMut(&mut SqlRow<'_>) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        let clause = select.render(T::DEFINITION, &self.ask)?;
        each(&self.rows.reach, &clause.text, &clause.params, look)
    }

    /// The texts of the keys of all rows that are meant.
    fn keys(&self) -> Result<Vec<String>, SqlError> {
        let key = T::DEFINITION.key;
        let columns = [key];
        let mut keys = Vec::new();
        let select = Select::rows(&columns, self.ask.limit.unwrap_or(usize::MAX));
        self.look(&select, &mut |row| {
            keys.push(text_of(row, T::DEFINITION, key)?);
            Ok(true)
        })?;
        Ok(keys)
    }
}

impl<'q, T: Row> RowQuery<'q, T> {
    #[doc(hidden)]
    pub fn over(rows: &'q SqlRows<T>) -> Self {
        Self::new(rows, Ask::default())
    }

    fn select_all<P: Projection<T>>(
        &self,
        mut projection: P,
        limit: usize,
    ) -> Result<Vec<P::Item>, SqlError> {
        let mut items = Vec::new();
        let columns = projection.columns();
        let all;
        let wanted = if let Some(columns) = &columns {
            columns
        } else {
            all = T::DEFINITION.all();
            &all
        };
        self.look(&Select::rows(wanted, limit), &mut |row| {
            let item = match &columns {
                Some(columns) => {
                    let texts = texts(row, T::DEFINITION, columns)?;
                    projection.of_cells(&|column| find(&texts, column))
                }
                None => projection.of_row(T::from_row(row)?),
            };
            items.extend(item);
            Ok(true)
        })?;
        Ok(items)
    }

    fn select_page<P: Projection<T>>(
        mut self,
        mut projection: P,
        after: Option<&Cursor>,
    ) -> Outcome<Page<P::Item>> {
        let definition = T::DEFINITION;
        // A page without items would say either that there are none or, again and again, that there are more.
        let limit = self.ask.rows().max(1);
        if self.ask.order.is_empty() {
            self.ask.order.push((definition.key, false));
        }
        let ordered = self.ask.order.iter().map(|(column, _)| *column);
        let at: Vec<usize> = ordered.chain([definition.key]).collect();
        if let Some(cursor) = after {
            let behind = statement::behind(definition, &self.ask.order, &at, cursor.key());
            let behind = behind.ok_or_else(|| StorageFault::Cursor {
                path: definition.table.to_owned(),
                cursor: cursor.to_string(),
            })?;
            self.ask.filter = self.ask.filter.and(behind);
        }
        let columns = projection.columns();
        let wanted = match &columns {
            Some(columns) => [columns.as_slice(), &at].concat(),
            None => definition.all(),
        };
        let (mut items, mut last, mut more) = (Vec::new(), None, false);
        let select = Select::rows(&wanted, limit.saturating_add(1));
        let mut kept = 0;
        self.look(&select, &mut |row| {
            if kept == limit {
                more = true;
                return Ok(false);
            }
            kept += 1;
            let mut place = String::new();
            if columns.is_some() {
                let texts = texts(row, definition, &wanted)?;
                place.extend(at.iter().map(|column| find(&texts, *column)));
                items.extend(projection.of_cells(&|column| find(&texts, column)));
            } else {
                let row = T::from_row(row)?;
                for column in &at {
                    row.write_column(*column, &mut place);
                }
                items.extend(projection.of_row(row));
            }
            last = Some(place);
            Ok(true)
        })?;
        let next = last.filter(|_| more).map(|place| Cursor::at(&place));
        Ok(Page { items, next })
    }

    /// The rows, at most 100 if the query does not say how many.
    ///
    /// # Errors
    /// Why the statement failed, or a row cannot be read; as everywhere here.
    pub fn all(&self) -> Outcome<Vec<T>> {
        Ok(self.select_all(Whole, self.ask.rows())?)
    }

    /// The first row.
    ///
    /// # Errors
    /// As of [`all`](Self::all).
    pub fn first(&self) -> Outcome<Option<T>> {
        Ok(self.select_all(Whole, 1)?.pop())
    }

    /// The row, if there is exactly one.
    ///
    /// # Errors
    /// As of [`all`](Self::all).
    pub fn one(&self) -> Outcome<Option<T>> {
        let mut rows = self.select_all(Whole, 2)?;
        let row = rows.pop();
        Ok(row.filter(|_| rows.is_empty()))
    }

    /// The rows after a cursor, or the first ones, and the cursor to go on with; as
    /// [`Query::page`](crate::state::Query::page).
    ///
    /// # Errors
    /// As of [`all`](Self::all); `invalid_params`: the cursor does not fit the order.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn page(self, after: Option<Cursor>) -> Outcome<Page<T>> {
        self.select_page(Whole, after.as_ref())
    }

    /// All rows for a `for` loop, read by pages of 100 in the order of the query: one page is in memory at a time, and the
    /// tables can be changed meanwhile. Without an order they come in the order of the keys; `limit` and `offset` do not count.
    pub fn iter(self) -> RowIter<'q, T> {
        RowIter {
            rows: self.rows,
            ask: self.ask,
            page: Vec::new().into_iter(),
            next: Next::First,
        }
    }

    /// Asks for a column, a tuple of columns, or what a closure makes of each row.
    pub fn select<P: Projection<T>>(self, projection: P) -> SelectedRows<'q, T, P> {
        SelectedRows {
            query: self,
            projection,
        }
    }

    /// How many rows there are; all of them, if the query does not say `limit`.
    ///
    /// # Errors
    /// As of [`all`](Self::all).
    pub fn count(&self) -> Outcome<u64> {
        let mut count = 0;
        self.look(&Select::Count, &mut |row| {
            count = row.get("n")?;
            Ok(true)
        })?;
        Ok(count)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// As of [`all`](Self::all).
    pub fn exists(&self) -> Outcome<bool> {
        let mut found = false;
        self.look(&Select::rows(&[T::DEFINITION.key], 1), &mut |_| {
            found = true;
            Ok(false)
        })?;
        Ok(found)
    }

    fn fold<V: Number>(&self, column: Column<T, V>) -> Outcome<(V::Sum, u64)> {
        let (mut sum, mut counted) = (V::Sum::default(), 0);
        let select = Select::Sum {
            column: column.index,
            exact: V::EXACT,
        };
        self.look(&select, &mut |row| {
            counted = row.get("n")?;
            sum = sum_of::<V>(&row.take("s")?)?;
            Ok(true)
        })?;
        Ok((sum, counted))
    }

    /// The sum of a column: an `i128` of integers, an `f64` of floats. `None`s do not count.
    ///
    /// # Errors
    /// As of [`all`](Self::all); `sql.invalid`: integers add up to more than 64 bits.
    pub fn sum<V: Number>(&self, column: Column<T, V>) -> Outcome<V::Sum> {
        Ok(self.fold(column)?.0)
    }

    /// The average of a column; `None` if there is no value.
    ///
    /// # Errors
    /// As of [`sum`](Self::sum).
    #[expect(clippy::cast_precision_loss, reason = "an average is a float")]
    pub fn avg<V: Number>(&self, column: Column<T, V>) -> Outcome<Option<f64>> {
        let (sum, counted) = self.fold(column)?;
        Ok((counted > 0).then(|| V::as_f64(sum) / counted as f64))
    }

    fn extreme<V: Cell>(&self, column: Column<T, V>, descending: bool) -> Outcome<Option<V>> {
        let ask = Ask {
            filter: self.ask.filter.clone().and(column.present().node),
            order: vec![(column.index, descending)],
            ..Ask::default()
        };
        let query = RowQuery::<T>::new(self.rows, ask);
        Ok(query.select_all(column, 1)?.pop())
    }

    /// The lowest value of a column; `None`s do not count. Of all rows that the filter means, whatever the limit.
    ///
    /// # Errors
    /// As of [`all`](Self::all).
    pub fn min<V: Cell>(&self, column: Column<T, V>) -> Outcome<Option<V>> {
        self.extreme(column, false)
    }

    /// The highest value of a column; `None`s do not count. Of all rows that the filter means, whatever the limit.
    ///
    /// # Errors
    /// As of [`all`](Self::all).
    pub fn max<V: Cell>(&self, column: Column<T, V>) -> Outcome<Option<V>> {
        self.extreme(column, true)
    }
}

impl<T: Row, M: Writes> RowQuery<'_, T, M> {
    /// Removes the rows and says how many there were; all of them, if the query does not say `limit`.
    ///
    /// # Errors
    /// Why the statement failed.
    pub fn delete(self) -> Outcome<u64> {
        let clause = statement::delete(T::DEFINITION, &self.ask)?;
        Ok(self.rows.reach.exec(&clause.text, &clause.params)?.rows)
    }

    /// Changes each of the rows and says how many there were; all of them, if the query does not say `limit`.
    ///
    /// # Errors
    /// That of [`update`](crate::repository::Repository::update) for the first row that cannot be written so; none is then.
    pub fn update(self, mut change: impl FnMut(&mut T)) -> Outcome<u64> {
        let repository = super::SqlRepository::<T, Write>::new(self.rows.reach.clone());
        repository.attempt(|| {
            let mut updated = 0;
            for key in self.keys()? {
                let Some(mut row) = repository.get_by_text(&key)? else {
                    continue;
                };
                change(&mut row);
                repository.update_row(row, &key)?;
                updated += 1;
            }
            Ok(updated)
        })
    }
}

/// A query and what it is asked for: made by [`RowQuery::select`].
#[must_use = "a query does nothing until it is asked for its rows"]
pub struct SelectedRows<'q, T: Row, P> {
    query: RowQuery<'q, T>,
    projection: P,
}

impl<T: Row, P: Projection<T>> SelectedRows<'_, T, P> {
    /// [`RowQuery::all`], of what is selected.
    ///
    /// # Errors
    /// The same.
    pub fn all(self) -> Outcome<Vec<P::Item>> {
        let limit = self.query.ask.rows();
        Ok(self.query.select_all(self.projection, limit)?)
    }

    /// [`RowQuery::first`], of what is selected.
    ///
    /// # Errors
    /// The same.
    pub fn first(self) -> Outcome<Option<P::Item>> {
        Ok(self.query.select_all(self.projection, 1)?.pop())
    }

    /// [`RowQuery::page`], of what is selected.
    ///
    /// # Errors
    /// The same.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn page(self, after: Option<Cursor>) -> Outcome<Page<P::Item>> {
        self.query.select_page(self.projection, after.as_ref())
    }
}

/// The rows of a query, page by page: made by [`RowQuery::iter`].
pub struct RowIter<'q, T: Row> {
    rows: &'q SqlRows<T>,
    ask: Ask,
    page: std::vec::IntoIter<T>,
    next: Next,
}

/// Where a walk goes on.
enum Next {
    First,
    After(Cursor),
    End,
}

impl<T: Row> Iterator for RowIter<'_, T> {
    type Item = Outcome<T>;

    fn next(&mut self) -> Option<Outcome<T>> {
        if let Some(row) = self.page.next() {
            return Some(Ok(row));
        }
        let after = match std::mem::replace(&mut self.next, Next::End) {
            Next::First => None,
            Next::After(cursor) => Some(cursor),
            Next::End => return None,
        };
        let ask = Ask {
            limit: None,
            offset: 0,
            ..self.ask.clone()
        };
        match RowQuery::<T>::new(self.rows, ask).page(after) {
            Ok(page) => {
                self.next = page.next.map_or(Next::End, Next::After);
                self.page = page.items.into_iter();
                self.page.next().map(Ok)
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl<'q, T: Row> IntoIterator for RowQuery<'q, T> {
    type Item = Outcome<T>;
    type IntoIter = RowIter<'q, T>;

    fn into_iter(self) -> RowIter<'q, T> {
        self.iter()
    }
}

/// The sum that the platform gives.
fn sum_of<V: Number>(value: &SqlValue) -> Result<V::Sum, SqlError> {
    V::sum_of(value).ok_or_else(|| {
        let (column, reason) = (String::new(), format!("a sum cannot be {}", value.kind()));
        SqlFault::Unreadable { column, reason }.into()
    })
}

/// The text of a column's value.
fn text_of(
    row: &mut SqlRow<'_>,
    definition: &RowDefinition,
    column: usize,
) -> Result<String, SqlError> {
    let mut text = String::new();
    (definition.column(column)?.read)(row, &mut text)?;
    Ok(text)
}

/// The texts of columns; one that is asked for twice is taken once.
fn texts(
    row: &mut SqlRow<'_>,
    definition: &RowDefinition,
    columns: &[usize],
) -> Result<Vec<(usize, String)>, SqlError> {
    let mut texts: Vec<(usize, String)> = Vec::with_capacity(columns.len());
    for column in columns {
        if !texts.iter().any(|(other, _)| other == column) {
            texts.push((*column, text_of(row, definition, *column)?));
        }
    }
    Ok(texts)
}

fn find(texts: &[(usize, String)], column: usize) -> String {
    let mut found = texts.iter().filter(|(other, _)| *other == column);
    found
        .next()
        .map_or_else(String::new, |(_, text)| text.clone())
}

impl<T: Row, M> fmt::Debug for RowQuery<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RowQuery").field(&self.ask).finish()
    }
}

impl<T: Row, P> fmt::Debug for SelectedRows<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SelectedRows").field(&self.query).finish()
    }
}

impl<T: Row> fmt::Debug for RowIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RowIter").field(&self.ask).finish()
    }
}
