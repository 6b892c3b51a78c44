//! Queries of a table: what is asked, and how it is answered.

use std::fmt;
use std::marker::PhantomData;

use super::ask::Ask;
use super::cell::{Cell, Number};
use super::column::{Column, Index, Order};
use super::entity::Entity;
use super::error::TableError;
use super::explain::Explain;
use super::filter::Filter;
use super::plan::{Question, plan};
use super::rows::Rows;
use super::run::{Part, Run};
use super::select::{Counted, Gather, Keys, Projection, Selected, Whole};
use crate::backend::StorageFault;
use crate::state::{Cursor, Page};

/// Of a query that reads: made by [`Table::query`](super::Table::query).
#[derive(Debug)]
pub enum Read {}

/// Of a query that may change what it finds: made by [`Table::query_mut`](super::Table::query_mut).
#[derive(Debug)]
pub enum Write {}

/// Which rows of a table are meant, in which order and how many.
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// #[derive(Entity)]
/// struct User {
///     #[key]
///     name: String,
///     #[index]
///     age: u32,
///     city: String,
/// }
///
/// fn grown_ups(users: &Table<User>, city: Option<String>) -> Vec<User> {
///     users
///         .query()
///         .filter(User::AGE.gte(18))
///         .filter_opt(city.map(|city| User::CITY.eq(city)))
///         .order_by(User::AGE.desc())
///         .limit(20)
///         .all()
/// }
/// # fn main() {}
/// ```
///
/// Rows that are equal in all columns of the order come in the order of their keys, lowest first unless the last column of the
/// order descends. Without an order they come as they are found, which [`explain`](Self::explain) tells.
#[must_use = "a query does nothing until it is asked for its rows"]
pub struct Query<'t, T: Entity, M = Read> {
    rows: &'t Rows<T>,
    ask: Ask,
    mode: PhantomData<M>,
}

impl<'t, T: Entity, M> Query<'t, T, M> {
    pub(super) fn new(rows: &'t Rows<T>) -> Self {
        Self::asked(rows, Ask::default())
    }

    pub(super) fn asked(rows: &'t Rows<T>, ask: Ask) -> Self {
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

    /// Only rows in an index with a condition (`where = ..`), which is looked up there then; an index with a condition answers
    /// no query that does not say so.
    pub fn within(self, index: Index<T>) -> Self {
        self.filter(Filter::within(index))
    }

    /// Ordered by a column; what was said before goes first.
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

    /// Without the first rows, so many; they are read all the same. To go through many rows, [`page`](Query::page) is faster.
    pub fn offset(mut self, rows: u32) -> Self {
        self.ask = self.ask.offset(rows);
        self
    }

    /// How `all` would be answered now.
    pub fn explain(&self) -> Explain {
        self.explain_for(None)
    }

    pub(super) fn explain_for(&self, needs: Option<Vec<usize>>) -> Explain {
        let definition = T::DEFINITION;
        let question = self.question(&self.ask.order, needs);
        match self.rows.site.place() {
            Ok(place) => plan(place, &question).explain(definition),
            Err(_) => super::plan::Plan::nothing().explain(definition),
        }
    }

    fn question<'q>(
        &'q self,
        order: &'q [(usize, bool)],
        needs: Option<Vec<usize>>,
    ) -> Question<'q> {
        Question {
            definition: T::DEFINITION,
            filter: &self.ask.filter,
            order,
            needs,
        }
    }

    fn run<P: Projection<T>>(
        &self,
        mut projection: P,
        order: &[(usize, bool)],
        limit: usize,
        part: Part<'_>,
    ) -> Result<(Vec<P::Item>, Option<Cursor>), StorageFault> {
        let place = self.rows.site.place()?;
        let question = self.question(order, projection.columns());
        let run = Run {
            place,
            definition: T::DEFINITION,
            plan: plan(place, &question),
            order,
            offset: self.ask.offset,
            limit,
            part,
        };
        let mut found = Gather::new(&mut projection);
        let next = run.all(&mut found)?;
        Ok((found.items.into_iter().flatten().collect(), next))
    }

    pub(super) fn select_all<P: Projection<T>>(
        &self,
        projection: P,
    ) -> Result<Vec<P::Item>, StorageFault> {
        let limit = self.ask.rows();
        Ok(self.run(projection, &self.ask.order, limit, Part::First)?.0)
    }

    pub(super) fn select_page<P: Projection<T>>(
        &self,
        projection: P,
        after: Option<&Cursor>,
    ) -> Result<Page<P::Item>, StorageFault> {
        // A page without items would say either that there are none or, again and again, that there are more.
        let limit = self.ask.rows().max(1);
        let by_key = [(T::DEFINITION.key, false)];
        let order = if self.ask.order.is_empty() {
            &by_key[..]
        } else {
            &self.ask.order
        };
        let (items, next) = self.run(projection, order, limit, Part::Page(after))?;
        Ok(Page { items, next })
    }

    /// The answer, or poison and an empty one.
    pub(super) fn settle<R: Default>(&self, ask: impl FnOnce() -> Result<R, StorageFault>) -> R {
        self.rows.site.settle(ask())
    }

    /// The texts of the keys of all rows that are meant.
    fn keys(&self) -> Result<Vec<String>, StorageFault> {
        let limit = self.ask.limit.unwrap_or(usize::MAX);
        Ok(self
            .run(Keys(T::DEFINITION.key), &self.ask.order, limit, Part::First)?
            .0)
    }
}

impl<'t, T: Entity> Query<'t, T> {
    #[doc(hidden)]
    pub fn over(rows: &'t Rows<T>) -> Self {
        Self::new(rows)
    }

    /// The rows, at most 100 if the query does not say how many.
    pub fn all(&self) -> Vec<T> {
        self.settle(|| self.try_all())
    }

    /// [`all`](Self::all), with the fault.
    pub fn try_all(&self) -> Result<Vec<T>, StorageFault> {
        self.select_all(Whole)
    }

    /// The first row.
    pub fn first(&self) -> Option<T> {
        self.settle(|| self.try_first())
    }

    /// [`first`](Self::first), with the fault.
    pub fn try_first(&self) -> Result<Option<T>, StorageFault> {
        Ok(self.run(Whole, &self.ask.order, 1, Part::First)?.0.pop())
    }

    /// The row, if there is exactly one. Reads two at most.
    pub fn one(&self) -> Option<T> {
        self.settle(|| self.try_one())
    }

    /// [`one`](Self::one), with the fault.
    pub fn try_one(&self) -> Result<Option<T>, StorageFault> {
        let mut rows = self.run(Whole, &self.ask.order, 2, Part::First)?.0;
        let row = rows.pop();
        Ok(row.filter(|_| rows.is_empty()))
    }

    /// The rows after a cursor, or the first ones, and the cursor to go on with; at most `limit` rows, 100 if it is not said, and a
    /// limit of 0 counts as 1. Without an order they come in the order of the keys.
    ///
    /// A walk sees every row that is there all the time, each once, whatever is added or removed between its pages. A cursor
    /// belongs to the order it was made with: the place of a row's values in it, not of a row. One that does not fit fails the
    /// action with `invalid_params`.
    pub fn page(&self, after: Option<Cursor>) -> Page<T> {
        self.settle(|| self.try_page(after))
    }

    /// [`page`](Self::page), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn try_page(&self, after: Option<Cursor>) -> Result<Page<T>, StorageFault> {
        self.select_page(Whole, after.as_ref())
    }

    /// Asks for a column, a tuple of columns, or what a closure makes of each row. An index that holds all columns which are
    /// asked for, compared and ordered by answers without reading rows.
    pub fn select<P: Projection<T>>(self, projection: P) -> Selected<'t, T, P> {
        Selected {
            query: self,
            projection,
        }
    }

    /// How many rows there are; all of them, if the query does not say `limit`.
    pub fn count(&self) -> u64 {
        self.settle(|| self.try_count())
    }

    /// [`count`](Self::count), with the fault.
    pub fn try_count(&self) -> Result<u64, StorageFault> {
        let limit = self.ask.limit.unwrap_or(usize::MAX);
        Ok(self.run(Counted, &[], limit, Part::First)?.0.len() as u64)
    }

    /// Whether there is a row.
    pub fn exists(&self) -> bool {
        self.settle(|| self.try_exists())
    }

    /// [`exists`](Self::exists), with the fault.
    pub fn try_exists(&self) -> Result<bool, StorageFault> {
        Ok(!self.run(Counted, &[], 1, Part::First)?.0.is_empty())
    }

    fn fold<V: Number>(&self, column: Column<T, V>) -> Result<(V::Sum, u64), StorageFault> {
        let limit = self.ask.limit.unwrap_or(usize::MAX);
        let values = self.run(column, &self.ask.order, limit, Part::First)?.0;
        let mut sum = V::Sum::default();
        let counted = values.iter().filter(|value| value.add_to(&mut sum));
        let counted = counted.count() as u64;
        Ok((sum, counted))
    }

    /// The sum of a column: an `i128` of integers, an `f64` of floats. `None`s do not count.
    pub fn sum<V: Number>(&self, column: Column<T, V>) -> V::Sum {
        self.settle(|| self.fold(column)).0
    }

    /// The average of a column; `None` if there is no value.
    #[expect(clippy::cast_precision_loss, reason = "an average is a float")]
    pub fn avg<V: Number>(&self, column: Column<T, V>) -> Option<f64> {
        let (sum, counted) = self.settle(|| self.fold(column));
        (counted > 0).then(|| V::as_f64(sum) / counted as f64)
    }

    fn extreme<V: Cell>(&self, column: Column<T, V>, descending: bool) -> Option<V> {
        let ask = Ask {
            filter: self.ask.filter.clone().and(column.present().node),
            ..Ask::default()
        };
        let query = Query::<T, Read>::asked(self.rows, ask);
        let order = [(column.index, descending)];
        let mut found = self.settle(|| Ok(query.run(column, &order, 1, Part::First)?.0));
        found.pop()
    }

    /// The lowest value of a column; `None`s do not count. Of all rows that the filter means, whatever the limit.
    pub fn min<V: Cell>(&self, column: Column<T, V>) -> Option<V> {
        self.extreme(column, false)
    }

    /// The highest value of a column; `None`s do not count. Of all rows that the filter means, whatever the limit.
    pub fn max<V: Cell>(&self, column: Column<T, V>) -> Option<V> {
        self.extreme(column, true)
    }
}

/// That a query may change what it finds.
#[diagnostic::on_unimplemented(
    message = "a query that reads can neither remove nor change rows",
    label = "made by `query()`",
    note = "make it by `query_mut()`, in an action that takes `&mut self`"
)]
pub trait Writes {}

impl Writes for Write {}

impl<T: Entity, M> Query<'_, T, M> {
    /// Removes the rows and says how many there were; all of them, if the query does not say `limit`.
    pub fn delete(self) -> u64
    where
        M: Writes,
    {
        self.settle(|| self.try_delete())
    }

    /// [`delete`](Self::delete), with the fault.
    pub fn try_delete(&self) -> Result<u64, StorageFault>
    where
        M: Writes,
    {
        let place = self.rows.site.place()?;
        let mut deleted = 0;
        for key in self.keys()? {
            deleted += u64::from(self.rows.remove(&place.key_of_text(&key))?.is_some());
        }
        Ok(deleted)
    }

    /// Changes each of the rows and says how many there were; all of them, if the query does not say `limit`.
    ///
    /// # Errors
    /// That of [`Table::update`](super::Table::update) for the first row that cannot be written so; those before it are. A fault
    /// of the storage also poisons the action.
    pub fn update(self, change: impl FnMut(&mut T)) -> Result<u64, TableError>
    where
        M: Writes,
    {
        let result = self.try_update(change);
        self.rows.poisoned(result)
    }

    /// [`update`](Self::update), without poison.
    ///
    /// # Errors
    /// The same.
    pub fn try_update(&self, mut change: impl FnMut(&mut T)) -> Result<u64, TableError>
    where
        M: Writes,
    {
        let place = self.rows.site.place()?;
        let mut updated = 0;
        for key in self.keys()? {
            let changed = self.rows.update(&place.key_of_text(&key), &mut change)?;
            updated += u64::from(changed.is_some());
        }
        Ok(updated)
    }
}

impl<T: Entity, M> fmt::Debug for Query<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("filter", &self.ask.filter)
            .field("order", &self.ask.order)
            .field("limit", &self.ask.limit)
            .field("offset", &self.ask.offset)
            .finish_non_exhaustive()
    }
}
