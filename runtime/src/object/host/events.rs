//! Emitted events on their way to the handlers: those of the class and its mixins, then those that were added while it runs.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use super::settle::failure_of;
use super::{Host, reset, stopped, storage_error};
use crate::error::Code;
use crate::event::Listener;
use crate::object::class::EventEntry;
use crate::object::contain::contain;
use crate::object::context::RawContext;
use crate::object::mount::{has_deferred, has_heard};
use crate::object::turn::Turn;
use crate::object::{Context, Object};
use crate::rpc::WireError;
use crate::state::Loader;

/// How many events one action may cause: handlers that emit what they handle would never end.
const MAX_EVENTS: usize = 10_000;

/// Runs one with what it is about.
type Runs<'a, T> = dyn Fn(&mut T, RawContext) -> Result<(), Box<WireError>> + 'a;

/// One handler, of either kind.
struct Handling<'a, T> {
    name: &'a str,
    event: &'static str,
    /// The mixin that it is of; empty for the object itself.
    mount: Arc<str>,
    required: bool,
    /// The record that tells that it has run, if it runs once in the object's life.
    once: Option<String>,
    run: &'a Runs<'a, T>,
}

impl<T: Object> Host<T> {
    /// Hands emitted events to the handlers, in order, each in an overlay of its own.
    pub(super) fn handle_events(&self, turn: &Rc<Turn>) -> Result<(), Box<WireError>> {
        let mut handled = 0;
        while let Some(queued) = turn.events.pop() {
            handled += 1;
            if handled > MAX_EVENTS {
                let message = format!(
                    "more than {MAX_EVENTS} events in one action: do handlers of `{}` emit it again?",
                    queued.name
                );
                return Err(Box::new(WireError::framework(Code::Internal, message)));
            }
            if const { has_heard::<T>() } {
                (*turn.source.borrow_mut()).clone_from(&queued.source);
            }
            let handlers = self
                .class
                .events
                .iter()
                .filter(|entry| entry.event == queued.name && queued.is_heard_at(&entry.mount));
            for entry in handlers {
                self.handle(
                    turn,
                    &Handling {
                        name: entry.name,
                        event: entry.event,
                        mount: entry.mount.clone(),
                        required: entry.required,
                        once: entry.once.then(|| once_key(entry)),
                        run: &|state, raw| (entry.run)(state, raw, &*queued.event),
                    },
                )?;
            }
            for added in self.core.listeners.of(queued.name, &turn.spent) {
                self.handle_added(turn, queued.name, &added, &*queued.event)?;
            }
            // Only classes that defer calls have such handlers.
            if const { has_deferred::<T>() } {
                self.hand_over(turn, &queued)?;
            }
        }
        Ok(())
    }

    fn handle_added(
        &self,
        turn: &Rc<Turn>,
        event: &'static str,
        added: &Listener,
        value: &dyn Any,
    ) -> Result<(), Box<WireError>> {
        // It is one of this class: nobody else has this object's context.
        let Some(run) = added.run::<T>() else {
            return Ok(());
        };
        // Spent from here on, also for what it emits itself.
        if added.once {
            turn.spent.add(added.id);
        }
        let handling = Handling {
            name: "added by `cx.on`",
            event,
            mount: "".into(),
            required: false,
            once: None,
            run: &|state, raw| run(state, &mut Context::new(raw), value),
        };
        if !self.handle(turn, &handling)? && added.once {
            turn.spent.take_back(added.id);
        }
        Ok(())
    }

    /// Runs one handler; answers whether it did something. What fails is undone and told of; an error is one that fails the
    /// action, too.
    fn handle(&self, turn: &Rc<Turn>, handling: &Handling<'_, T>) -> Result<bool, Box<WireError>> {
        let records = &self.core.records;
        if (handling.once.as_ref()).is_some_and(|once| records.get(once).is_some()) {
            return Ok(false);
        }
        let cache = self.core.cache.borrow().clone();
        let (emitted, effects) = (turn.events.len(), turn.effects.len());
        let Err(error) = self.apart(|| self.run_handler(turn, handling)) else {
            return Ok(true);
        };
        *self.core.cache.borrow_mut() = cache;
        let lost = self.state.borrow().is_none();
        if handling.required || lost {
            return Err(error);
        }
        turn.events.truncate(emitted);
        turn.effects.truncate(effects);
        if let Some(state) = self.state.borrow_mut().as_mut() {
            state.reload(&mut Loader::new(
                &self.core.records,
                &mut self.core.cache.borrow_mut(),
            ));
        }
        let identity = &self.core.identity;
        let report = format!(
            "{identity} handler {} of `{}` failed: {}",
            handling.name, handling.event, error.message
        );
        self.core.environment.report(&report);
        Ok(false)
    }

    /// Runs one handler in an overlay of its own, which is gone if it fails.
    fn run_handler(
        &self,
        turn: &Rc<Turn>,
        handling: &Handling<'_, T>,
    ) -> Result<(), Box<WireError>> {
        let records = &self.core.records;
        records.begin();
        let raw = RawContext {
            turn: turn.clone(),
            mount: handling.mount.clone(),
        };
        let outcome = match self.state.borrow_mut().as_mut() {
            Some(state) => contain(turn, || (handling.run)(state, raw)),
            None => Ok(Err(reset())),
        };
        let handled = match (outcome, failure_of(turn)) {
            (Ok(Ok(())), Some(error)) | (Ok(Err(error)), _) => Err(error),
            // What cannot be stored is this handler's fault, not that of the action it follows.
            (Ok(Ok(())), None) => {
                if let Some(once) = &handling.once {
                    records.put(once, b"1".to_vec());
                }
                self.save().map_err(|fault| storage_error(&fault))
            }
            (Err(stop), _) => {
                self.forget_if_panicked(&stop);
                Err(stopped(stop))
            }
        };
        if handled.is_ok() {
            records.keep();
        } else {
            records.undo();
        }
        handled
    }
}

/// The record that tells that a handler has run which runs once.
fn once_key<T: Object>(entry: &EventEntry<T>) -> String {
    let EventEntry { mount, name, .. } = entry;
    format!("!once/{mount}/{name}")
}
