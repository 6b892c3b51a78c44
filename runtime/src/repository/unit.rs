//! Units of work: changes of several repositories that are written together, or not at all.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::member::{Kind, Member, Part};
use super::scope::{Scope, within};
use super::{Repository, RepositoryError};

/// Changes of several repositories that wait to be written together by [`commit`](Self::commit), or not at all.
///
/// [`join`](Self::join) takes a repository in: `&mut self.orders`, a [`Table`](crate::state::Table), or
/// `sql.repository::<Order>()`; both kinds may be in one unit. What is read and changed through the [`Member`] is seen there
/// at once, and nowhere else before the commit. A unit that is dropped has written nothing.
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// #[derive(Entity)]
/// pub struct Product {
///     #[key]
///     pub id: String,
///     pub stock: u32,
///     #[version]
///     pub version: u64,
/// }
///
/// #[data]
/// #[derive(Entity)]
/// pub struct Order {
///     #[key]
///     pub id: String,
///     pub lines: Vec<(String, u32)>,
/// }
///
/// #[durable_object]
/// struct Shop {
///     orders: Table<Order>,
///     products: Table<Product>,
/// }
///
/// #[durable_object]
/// impl Shop {
///     #[action(public)]
///     fn fill(&mut self, product: Product) -> Result<Product> {
///         Ok(self.products.save(product)?)
///     }
///
///     #[action(public)]
///     fn place(&mut self, cx: &mut Context<Self>, lines: Vec<(String, u32)>) -> Result<Order> {
///         let work = UnitOfWork::new();
///         let orders = work.join(&mut self.orders);
///         let products = work.join(&mut self.products);
///         for (id, count) in &lines {
///             // The second line of the same product sees what the first has left of it.
///             let mut product = products.require(id)?;
///             let left = product.stock.checked_sub(*count);
///             product.stock = left.ok_or_else(|| stayput::Error::msg("out of stock"))?;
///             products.update(product)?;
///         }
///         let order = Order { id: cx.uuid(), lines };
///         orders.insert(order.clone());
///         work.commit()?;
///         Ok(order)
///     }
///
///     #[action(public)]
///     fn stock(&self, id: String) -> Option<u32> {
///         self.products.get(&id).map(|product| product.stock)
///     }
/// }
///
/// stayput::app!(Shop);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let shop = Shop::named(t, "corner");
///     shop.fill(Product { id: "tea".into(), stock: 5, version: 0 }).await.unwrap();
///     let line = |count| ("tea".to_owned(), count);
///     shop.place(vec![line(1), line(2)]).await.unwrap();
///     assert_eq!(shop.stock("tea").await.unwrap(), Some(2));
///     shop.place(vec![line(1), line(2)]).await.unwrap_err();
///     assert_eq!(shop.stock("tea").await.unwrap(), Some(2));
/// });
/// # }
/// ```
///
/// The commit writes what was inserted, then what was updated, then what was deleted, each in the order of their being said;
/// so an order comes before its lines if it is said before them. If one fails, none is written, and all of them wait as
/// before: say `commit` again after a correction, [`rollback`](Self::rollback), or let the error out.
#[derive(Default)]
pub struct UnitOfWork<'r> {
    parts: RefCell<Vec<Rc<dyn Part + 'r>>>,
    /// How many changes there have been: the number of the next one.
    said: Cell<usize>,
}

impl<'r> UnitOfWork<'r> {
    /// A unit without changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a repository in.
    pub fn join<T, R>(&self, repository: R) -> Member<'_, T, R>
    where
        T: Clone + 'r,
        R: Repository<T> + 'r,
    {
        let (member, part) = Member::of(&self.said, repository);
        self.parts.borrow_mut().push(part);
        member
    }

    /// How many changes wait.
    pub fn len(&self) -> usize {
        let parts = self.parts.borrow();
        parts.iter().map(|part| part.waiting().len()).sum()
    }

    /// Whether no change waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes all changes, or none.
    ///
    /// # Errors
    /// That of the first change that cannot be written.
    pub fn commit(&self) -> Result<(), RepositoryError> {
        let parts = self.parts.borrow().clone();
        let mut writes: Vec<(Kind, usize, usize)> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let waiting = part.waiting().into_iter();
            writes.extend(waiting.map(|(kind, number)| (kind, number, at)));
        }
        writes.sort_unstable();
        let scopes: Vec<Scope> = parts.iter().map(|part| part.scope()).collect();
        within(&scopes, &mut || {
            let mut writes = writes.iter();
            writes.try_for_each(|(_, number, at)| parts[*at].write(*number))
        })?;
        for part in &parts {
            part.done();
        }
        Ok(())
    }

    /// Forgets all changes, and what was read.
    pub fn rollback(&self) {
        for part in &*self.parts.borrow() {
            part.forget();
        }
    }
}

impl fmt::Debug for UnitOfWork<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitOfWork({} changes)", self.len())
    }
}
