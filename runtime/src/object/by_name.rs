//! Actions by their names: what a class has, and calls whose action is only known when the program runs.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::Mode;
use super::class::{ActionInfo, ClassTable};
use crate::state::Stateful;

/// The actions of a class, its mixins' included (`presence.list`), in the order of the source.
///
/// ```
/// # use stayput::prelude::*;
/// # #[durable_object] struct Room { said: u64 }
/// # #[durable_object] impl Room { #[action] fn say(&mut self, text: String) -> u64 { self.said += 1; self.said } }
/// # stayput::app!(Room);
/// let actions = stayput::actions_of::<Room>();
/// assert_eq!((actions[0].name.as_str(), &*actions[0].params), ("say", &["text"][..]));
/// ```
pub fn actions_of<T: Stateful>() -> Rc<[ActionInfo]> {
    thread_local! {
        static KNOWN: RefCell<HashMap<TypeId, Rc<dyn Any>>> = RefCell::default();
    }
    let known = KNOWN.with_borrow(|known| known.get(&TypeId::of::<T>()).cloned());
    if let Some(actions) = known.and_then(|known| known.downcast::<Rc<[ActionInfo]>>().ok()) {
        return Rc::clone(&actions);
    }
    let actions: Rc<[ActionInfo]> = ClassTable::<T>::new(String::new()).actions().into();
    let kept: Rc<dyn Any> = Rc::new(Rc::clone(&actions));
    KNOWN.with_borrow_mut(|known| known.insert(TypeId::of::<T>(), kept));
    actions
}

/// What an action of this name, or former name, holds. One that does not exist is refused where it is called.
pub(super) fn mode_of<T: Stateful>(name: &str) -> Mode {
    let actions = actions_of::<T>();
    let named =
        |action: &&ActionInfo| action.name == name || action.was.iter().any(|was| was == name);
    actions
        .iter()
        .find(named)
        .map_or(Mode::Write, |action| action.mode)
}
