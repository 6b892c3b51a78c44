//! Units of work: changes of several repositories that are written together, or not at all.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::scope::{Scope, within};
use super::{Find, Repository, RepositoryError};
use crate::state::{AsKey, key_text};

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
/// #[derive(Debug, ActionError)]
/// pub enum ShopError {
///     /// There is not enough of it.
///     OutOfStock { product: String },
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
}

/// One repository of a unit, whatever it is of.
trait Part {
    fn scope(&self) -> Scope;
    /// What waits: what kind, since when, and which of its writes.
    fn waiting(&self) -> Vec<(Kind, usize, usize)>;
    fn write(&self, at: usize) -> Result<(), RepositoryError>;
    /// The writes are done.
    fn done(&self);
    fn forget(&self);
}

/// What is done first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Insert,
    Update,
    Delete,
}

/// A change that waits.
struct Waiting<T> {
    kind: Kind,
    /// Its number in the unit.
    since: usize,
    /// The text of the key; `None` if the table is to give it.
    key: Option<String>,
    /// Of one that is deleted there is none.
    entity: Option<T>,
    /// As it has been written, until it is known that all have been.
    written: Option<T>,
}

/// A repository and what waits to be written there.
struct Joined<T, R> {
    repository: RefCell<R>,
    state: RefCell<State<T>>,
}

struct State<T> {
    waiting: Vec<Waiting<T>>,
    /// What is known, by the texts of the keys; `None`: there is none.
    known: BTreeMap<String, Option<T>>,
}

/// A repository in a [`UnitOfWork`]: made by [`UnitOfWork::join`].
pub struct Member<'w, 'r, T, R> {
    unit: &'w UnitOfWork<'r>,
    joined: Rc<Joined<T, R>>,
}

impl<'r> UnitOfWork<'r> {
    /// A unit without changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a repository in.
    pub fn join<T, R>(&self, repository: R) -> Member<'_, 'r, T, R>
    where
        T: Clone + 'r,
        R: Repository<T> + 'r,
    {
        let joined = Rc::new(Joined {
            repository: RefCell::new(repository),
            state: RefCell::new(State {
                waiting: Vec::new(),
                known: BTreeMap::new(),
            }),
        });
        self.parts.borrow_mut().push(joined.clone());
        Member { unit: self, joined }
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

    /// The number of the next change: higher than all that wait.
    fn next(&self) -> usize {
        let parts = self.parts.borrow();
        let all = parts.iter().flat_map(|part| part.waiting());
        all.map(|(_, since, _)| since + 1).max().unwrap_or(0)
    }

    /// Writes all changes, or none.
    ///
    /// # Errors
    /// That of the first change that cannot be written.
    pub fn commit(&self) -> Result<(), RepositoryError> {
        let parts = self.parts.borrow().clone();
        let mut writes = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let waiting = part.waiting().into_iter();
            writes.extend(waiting.map(|(kind, since, at)| (kind, since, number, at)));
        }
        writes.sort_unstable();
        let scopes: Vec<Scope> = parts.iter().map(|part| part.scope()).collect();
        within(&scopes, &mut || {
            let mut writes = writes.iter();
            writes.try_for_each(|(_, _, part, at)| parts[*part].write(*at))
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

impl<T: Clone, R: Repository<T>> Member<'_, '_, T, R> {
    /// The entity of a key, as it will be; read once in a unit.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<T>, RepositoryError>
    where
        R::Key: Borrow<Q>,
    {
        self.joined.get(key_text(key))
    }

    /// [`get`](Self::get), of one that has to be there.
    ///
    /// # Errors
    /// [`RepositoryFault::NotFound`](super::RepositoryFault::NotFound), or why it cannot be read.
    pub fn require<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<T, RepositoryError>
    where
        R::Key: Borrow<Q>,
    {
        let text = key_text(key);
        let found = self.joined.get(text.clone())?;
        found.ok_or_else(|| self.joined.repository.borrow().missing(&text))
    }

    /// Those that are asked for, by what is stored now, but each as it will be, without those that will be deleted. What is
    /// inserted is found after the commit.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn find(&self, find: impl Into<Find<T>>) -> Result<Vec<T>, RepositoryError> {
        let found = self.joined.repository.borrow().find(find)?;
        let mut state = self.joined.state.borrow_mut();
        let known = found
            .into_iter()
            .filter_map(|entity| match R::key_text(&entity) {
                Some(key) => state.known.entry(key).or_insert(Some(entity)).clone(),
                None => Some(entity),
            });
        Ok(known.collect())
    }

    /// A new entity. That there is one of its key, the commit finds out.
    pub fn insert(&self, entity: T) {
        let since = self.unit.next();
        let mut state = self.joined.state.borrow_mut();
        let key = R::key_text(&entity);
        if let Some(key) = &key {
            state.known.insert(key.clone(), Some(entity.clone()));
            // What was to be deleted and comes again is changed.
            let deleted = |waiting: &&mut Waiting<T>| {
                waiting.kind == Kind::Delete && waiting.key.as_ref() == Some(key)
            };
            if let Some(waiting) = state.waiting.iter_mut().find(deleted) {
                waiting.kind = Kind::Update;
                waiting.entity = Some(entity);
                return;
            }
        }
        state.wait(Kind::Insert, since, key, Some(entity));
    }

    /// A changed entity.
    ///
    /// # Errors
    /// [`RepositoryFault::NotFound`](super::RepositoryFault::NotFound): it is deleted in this unit, or it was looked for and
    /// not found. That it is not there otherwise, or was changed since, the commit finds out.
    pub fn update(&self, entity: T) -> Result<(), RepositoryError> {
        let since = self.unit.next();
        let missing = |key: &str| self.joined.repository.borrow().missing(key);
        let Some(key) = R::key_text(&entity) else {
            return Err(missing(""));
        };
        let mut state = self.joined.state.borrow_mut();
        if matches!(state.known.get(&key), Some(None)) {
            return Err(missing(&key));
        }
        state.known.insert(key.clone(), Some(entity.clone()));
        match state.find(&key) {
            // An insertion stays one.
            Some(waiting) => waiting.entity = Some(entity),
            None => state.wait(Kind::Update, since, Some(key), Some(entity)),
        }
        Ok(())
    }

    /// An entity that is to go. That it is not there, the commit finds out.
    pub fn delete<Q: AsKey + ?Sized>(&self, key: &Q)
    where
        R::Key: Borrow<Q>,
    {
        let since = self.unit.next();
        let key = key_text(key);
        let mut state = self.joined.state.borrow_mut();
        state.known.insert(key.clone(), None);
        let kind = state.find(&key).map(|waiting| waiting.kind);
        state
            .waiting
            .retain(|waiting| waiting.key.as_ref() != Some(&key));
        // Of what was only to be inserted nothing is there.
        if kind != Some(Kind::Insert) {
            state.wait(Kind::Delete, since, Some(key), None);
        }
    }
}

impl<T> State<T> {
    fn find(&mut self, key: &str) -> Option<&mut Waiting<T>> {
        let is_it = |waiting: &&mut Waiting<T>| waiting.key.as_deref() == Some(key);
        self.waiting.iter_mut().find(is_it)
    }

    fn wait(&mut self, kind: Kind, since: usize, key: Option<String>, entity: Option<T>) {
        self.waiting.push(Waiting {
            kind,
            since,
            key,
            entity,
            written: None,
        });
    }
}

impl<T: Clone, R: Repository<T>> Joined<T, R> {
    fn get(&self, key: String) -> Result<Option<T>, RepositoryError> {
        if let Some(known) = self.state.borrow().known.get(&key) {
            return Ok(known.clone());
        }
        let found = self.repository.borrow().get_text(&key)?;
        let known = found.clone();
        self.state.borrow_mut().known.insert(key, known);
        Ok(found)
    }
}

impl<T: Clone, R: Repository<T>> Part for Joined<T, R> {
    fn scope(&self) -> Scope {
        self.repository.borrow().scope()
    }

    fn waiting(&self) -> Vec<(Kind, usize, usize)> {
        let state = self.state.borrow();
        let waiting = state.waiting.iter().enumerate();
        waiting
            .map(|(at, waiting)| (waiting.kind, waiting.since, at))
            .collect()
    }

    fn write(&self, at: usize) -> Result<(), RepositoryError> {
        let mut repository = self.repository.borrow_mut();
        let mut state = self.state.borrow_mut();
        let Some(waiting) = state.waiting.get_mut(at) else {
            return Ok(());
        };
        waiting.written = match (waiting.kind, waiting.entity.clone(), &waiting.key) {
            (Kind::Insert, Some(entity), _) => Some(repository.insert(entity)?),
            (Kind::Update, Some(entity), _) => Some(repository.update(entity)?),
            (_, _, Some(key)) => {
                repository.delete_text(key)?;
                None
            }
            (_, _, None) => None,
        };
        Ok(())
    }

    fn done(&self) {
        let mut state = self.state.borrow_mut();
        for waiting in std::mem::take(&mut state.waiting) {
            if let Some(written) = waiting.written
                && let Some(key) = R::key_text(&written)
            {
                state.known.insert(key, Some(written));
            }
        }
    }

    fn forget(&self) {
        let mut state = self.state.borrow_mut();
        state.waiting.clear();
        state.known.clear();
    }
}

impl fmt::Debug for UnitOfWork<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitOfWork({} changes)", self.len())
    }
}

impl<T, R> fmt::Debug for Member<'_, '_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Member(..)")
    }
}
