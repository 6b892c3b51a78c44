//! One repository of a unit of work: what is known of it, and what waits to be written there.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::scope::Scope;
use super::{Find, Repository, RepositoryError};
use crate::state::{AsKey, key_text};

/// A repository in a [`UnitOfWork`](super::UnitOfWork): made by [`join`](super::UnitOfWork::join).
pub struct Member<'w, T, R> {
    /// How many changes there have been in the unit.
    said: &'w Cell<usize>,
    joined: Rc<Joined<T, R>>,
}

/// One repository of a unit, whatever it is of.
pub(super) trait Part {
    /// What undoes its changes.
    fn scope(&self) -> Scope;
    /// What waits: its kind and its number.
    fn waiting(&self) -> Vec<(Kind, usize)>;
    /// Writes the change of this number.
    fn write(&self, number: usize) -> Result<(), RepositoryError>;
    /// All changes are written.
    fn done(&self);
    /// None will be.
    fn forget(&self);
}

/// What is done first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Insert,
    Update,
    Delete,
}

/// A change that waits.
struct Waiting<T> {
    kind: Kind,
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
    /// By their numbers in the unit.
    waiting: BTreeMap<usize, Waiting<T>>,
    /// By the texts of the keys.
    known: BTreeMap<String, Known<T>>,
}

/// What is known of a key.
struct Known<T> {
    /// `None`: there is none.
    entity: Option<T>,
    /// The number of the change that waits.
    change: Option<usize>,
}

impl<'w, T: Clone, R: Repository<T>> Member<'w, T, R> {
    pub(super) fn of<'r>(said: &'w Cell<usize>, repository: R) -> (Self, Rc<dyn Part + 'r>)
    where
        T: 'r,
        R: 'r,
    {
        let joined = Rc::new(Joined {
            repository: RefCell::new(repository),
            state: RefCell::new(State {
                waiting: BTreeMap::new(),
                known: BTreeMap::new(),
            }),
        });
        let part = joined.clone();
        (Self { said, joined }, part)
    }

    /// The number of the next change.
    fn next(&self) -> usize {
        self.said.replace(self.said.get() + 1)
    }

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
        found.ok_or_else(|| self.missing(&text))
    }

    fn missing(&self, key: &str) -> RepositoryError {
        self.joined.repository.borrow().missing(key)
    }

    /// Those that are asked for, by what is stored now, but each as it will be, without those that will be deleted. What is
    /// inserted is found after the commit.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn find(&self, find: impl Into<Find<T>>) -> Result<Vec<T>, RepositoryError> {
        let found = self.joined.repository.borrow().find(find)?;
        let mut state = self.joined.state.borrow_mut();
        let mut seen = Vec::with_capacity(found.len());
        for entity in found {
            match R::key_text(&entity) {
                Some(key) => seen.extend(state.known(key, Some(entity)).entity.clone()),
                None => seen.push(entity),
            }
        }
        Ok(seen)
    }

    /// A new entity. That there is one of its key, the commit finds out.
    pub fn insert(&self, entity: T) {
        let number = self.next();
        let mut state = self.joined.state.borrow_mut();
        let Some(key) = R::key_text(&entity) else {
            return state.wait(number, Kind::Insert, None, Some(entity));
        };
        // What was to be deleted and comes again is changed.
        let again = state.change(&key);
        if let Some(waiting) = again.filter(|waiting| waiting.kind == Kind::Delete) {
            waiting.kind = Kind::Update;
            waiting.entity = Some(entity.clone());
        } else {
            let new = Some(entity.clone());
            state.wait(number, Kind::Insert, Some(key.clone()), new);
        }
        state.known(key, None).entity = Some(entity);
    }

    /// A changed entity.
    ///
    /// # Errors
    /// [`RepositoryFault::NotFound`](super::RepositoryFault::NotFound): it is deleted in this unit, or it was looked for and
    /// not found. That it is not there otherwise, or was changed since, the commit finds out.
    pub fn update(&self, entity: T) -> Result<(), RepositoryError> {
        let number = self.next();
        let Some(key) = R::key_text(&entity) else {
            return Err(self.missing(&key_text(&0_u64)));
        };
        let mut state = self.joined.state.borrow_mut();
        let known = state.known.get(&key);
        if known.is_some_and(|known| known.entity.is_none()) {
            return Err(self.missing(&key));
        }
        if let Some(waiting) = state.change(&key) {
            // An insertion stays one.
            waiting.entity = Some(entity.clone());
        } else {
            let changed = Some(entity.clone());
            state.wait(number, Kind::Update, Some(key.clone()), changed);
        }
        state.known(key, None).entity = Some(entity);
        Ok(())
    }

    /// An entity that is to go. That it is not there, the commit finds out.
    pub fn delete<Q: AsKey + ?Sized>(&self, key: &Q)
    where
        R::Key: Borrow<Q>,
    {
        let number = self.next();
        let key = key_text(key);
        let mut state = self.joined.state.borrow_mut();
        let change = state.known(key.clone(), None).change.take();
        let change = change.and_then(|number| state.waiting.remove(&number));
        // Of what was only to be inserted nothing is there.
        if change.is_none_or(|waiting| waiting.kind != Kind::Insert) {
            state.wait(number, Kind::Delete, Some(key.clone()), None);
        }
        state.known(key, None).entity = None;
    }
}

impl<T> State<T> {
    /// What is known of a key, or is so from now on.
    fn known(&mut self, key: String, entity: Option<T>) -> &mut Known<T> {
        let change = None;
        let new = Known { entity, change };
        self.known.entry(key).or_insert(new)
    }

    /// The change of a key that waits.
    fn change(&mut self, key: &str) -> Option<&mut Waiting<T>> {
        let change = self.known.get(key)?.change?;
        self.waiting.get_mut(&change)
    }

    fn wait(&mut self, number: usize, kind: Kind, key: Option<String>, entity: Option<T>) {
        if let Some(key) = &key {
            self.known(key.clone(), None).change = Some(number);
        }
        let waiting = Waiting {
            kind,
            key,
            entity,
            written: None,
        };
        self.waiting.insert(number, waiting);
    }
}

impl<T: Clone, R: Repository<T>> Joined<T, R> {
    fn get(&self, key: String) -> Result<Option<T>, RepositoryError> {
        if let Some(known) = self.state.borrow().known.get(&key) {
            return Ok(known.entity.clone());
        }
        let found = self.repository.borrow().get_text(&key)?;
        self.state.borrow_mut().known(key, found.clone());
        Ok(found)
    }
}

impl<T: Clone, R: Repository<T>> Part for Joined<T, R> {
    fn scope(&self) -> Scope {
        self.repository.borrow().scope()
    }

    fn waiting(&self) -> Vec<(Kind, usize)> {
        let state = self.state.borrow();
        let waiting = state.waiting.iter();
        waiting
            .map(|(number, waiting)| (waiting.kind, *number))
            .collect()
    }

    fn write(&self, number: usize) -> Result<(), RepositoryError> {
        let mut repository = self.repository.borrow_mut();
        let mut state = self.state.borrow_mut();
        let Some(waiting) = state.waiting.get_mut(&number) else {
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
        for waiting in std::mem::take(&mut state.waiting).into_values() {
            let given = waiting.written.as_ref().and_then(R::key_text);
            if let Some(key) = waiting.key.or(given) {
                let known = Known {
                    entity: waiting.written,
                    change: None,
                };
                state.known.insert(key, known);
            }
        }
    }

    fn forget(&self) {
        let mut state = self.state.borrow_mut();
        state.waiting.clear();
        state.known.clear();
    }
}

impl<T, R> fmt::Debug for Member<'_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Member(..)")
    }
}
