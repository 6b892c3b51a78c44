//! Handlers that are added while the object runs: gone when it leaves memory.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::{Event, event_as};
use crate::error::ActionError as _;
use crate::object::{Context, Object};
use crate::rpc::WireError;

/// Names a handler that [`Context::on`] added, for [`Context::off`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

/// A handler that was added.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) id: ListenerId,
    event: &'static str,
    /// Whether it runs once.
    pub(crate) once: bool,
    /// A [`Run`] of the object's class.
    run: Rc<dyn Any>,
}

type Handled = Result<(), Box<WireError>>;

/// Such a handler of the object's class.
type Runs<T> = dyn Fn(&mut T, &mut Context<T>, &dyn Any) -> Handled;

struct Run<T: Object>(Box<Runs<T>>);

/// What was added to one object. Apart, because most objects have none, and all that are loaded would pay for it.
#[derive(Default)]
pub(crate) struct Listeners(OnceCell<Box<Added>>);

/// Those that run once and have run in a turn that is not committed yet: if it fails, they have not.
#[derive(Default)]
pub(crate) struct Spent(RefCell<Vec<ListenerId>>);

#[derive(Default)]
struct Added {
    next: Cell<u64>,
    all: RefCell<Vec<Listener>>,
}

impl Listener {
    pub(crate) fn run<T: Object>(&self) -> Option<&Runs<T>> {
        Some(&*self.run.downcast_ref::<Run<T>>()?.0)
    }
}

impl Spent {
    pub(crate) fn add(&self, id: ListenerId) {
        self.0.borrow_mut().push(id);
    }

    /// It ran, and failed.
    pub(crate) fn take_back(&self, id: ListenerId) {
        self.0.borrow_mut().retain(|spent| *spent != id);
    }

    fn has(&self, id: ListenerId) -> bool {
        self.0.borrow().contains(&id)
    }
}

impl Listeners {
    /// Those of an event, in the order they were added, without those that have run and run once.
    pub(crate) fn of(&self, event: &str, spent: &Spent) -> Vec<Listener> {
        let Some(added) = self.0.get() else {
            return Vec::new();
        };
        let all = added.all.borrow();
        all.iter()
            .filter(|listener| listener.event == event && !spent.has(listener.id))
            .cloned()
            .collect()
    }

    /// Takes those away that have run in a turn whose commit was accepted.
    pub(crate) fn spend(&self, spent: &Spent) {
        for id in spent.0.take() {
            self.remove(id);
        }
    }

    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        let Some(added) = self.0.get() else {
            return false;
        };
        let mut all = added.all.borrow_mut();
        let before = all.len();
        all.retain(|listener| listener.id != id);
        all.len() < before
    }

    /// The object wakes: `start` adds them anew.
    pub(crate) fn clear(&self) {
        if let Some(added) = self.0.get() {
            added.all.borrow_mut().clear();
        }
    }

    pub(crate) fn add<T: Object, E: Event>(
        &self,
        once: bool,
        run: impl Fn(&mut T, &mut Context<T>, E) -> crate::error::Result<()> + 'static,
    ) -> ListenerId {
        let added = self.0.get_or_init(Box::default);
        let id = ListenerId(added.next.get());
        added.next.set(id.0 + 1);
        let run =
            move |state: &mut T, cx: &mut Context<T>, event: &dyn Any| match event_as::<E>(event) {
                Some(event) => {
                    run(state, cx, event.clone()).map_err(|error| Box::new(error.to_wire()))
                }
                None => Ok(()),
            };
        added.all.borrow_mut().push(Listener {
            id,
            event: E::NAME,
            once,
            run: Rc::new(Run::<T>(Box::new(run))),
        });
        id
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}
