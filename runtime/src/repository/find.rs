//! What a repository is asked for.

use std::fmt;
use std::marker::PhantomData;

use crate::state::{Ask, Filter, Order};

/// Which entities are meant, in which order and how many: the same for every [repository](super::ReadRepository) of `T`.
///
/// ```
/// use stayput::prelude::*;
///
/// # #[data] #[derive(Entity)]
/// # struct Item { #[key] id: u64, status: String, price: u32, created: Timestamp }
/// fn active(from: Option<u32>, to: Option<u32>) -> Find<Item> {
///     Find::by(Item::STATUS.eq("active"))
///         .filter_opt(from.map(|price| Item::PRICE.gte(price)))
///         .filter_opt(to.map(|price| Item::PRICE.lte(price)))
///         .order_by(Item::CREATED.desc())
///         .limit(50)
/// }
/// # fn main() {}
/// ```
#[must_use = "it does nothing until a repository is asked"]
pub struct Find<T> {
    pub(crate) ask: Ask,
    of: PhantomData<fn(T)>,
}

impl<T> Find<T> {
    fn new(ask: Ask) -> Self {
        Self {
            ask,
            of: PhantomData,
        }
    }

    /// All.
    pub fn all() -> Self {
        Self::new(Ask::default())
    }

    /// Those that a filter means.
    pub fn by(filter: Filter<T>) -> Self {
        Self::all().filter(filter)
    }

    /// Only those that this filter means, too.
    pub fn filter(self, filter: Filter<T>) -> Self {
        Self::new(self.ask.filter(filter))
    }

    /// [`filter`](Self::filter), if there is one.
    pub fn filter_opt(self, filter: Option<Filter<T>>) -> Self {
        match filter {
            Some(filter) => self.filter(filter),
            None => self,
        }
    }

    /// Ordered by a column; what was said before goes first.
    pub fn order_by(self, order: Order<T>) -> Self {
        Self::new(self.ask.order_by(order))
    }

    /// At most so many. Without it, and without [`unlimited`](Self::unlimited), at most 100 are answered.
    pub fn limit(self, count: u32) -> Self {
        Self::new(self.ask.limit(count))
    }

    /// All, however many there are: they are in memory at once.
    pub fn unlimited(mut self) -> Self {
        self.ask.limit = Some(usize::MAX);
        self
    }

    /// Without the first ones, so many.
    pub fn offset(self, count: u32) -> Self {
        Self::new(self.ask.offset(count))
    }
}

impl<T> From<Filter<T>> for Find<T> {
    fn from(filter: Filter<T>) -> Self {
        Self::by(filter)
    }
}

impl<T> Clone for Find<T> {
    fn clone(&self) -> Self {
        Self::new(self.ask.clone())
    }
}

impl<T> fmt::Debug for Find<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Find").field(&self.ask).finish()
    }
}
