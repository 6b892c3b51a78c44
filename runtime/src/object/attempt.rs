//! A part of an action that can fail alone.

use super::context::Context;
use super::turn::Turn;
use crate::state::{FieldCache, Loader, Saver, Stateful};

/// What was there before an attempt. Dropped, it takes the attempt back, as a panic needs it.
struct Checkpoint<'a> {
    turn: &'a Turn,
    /// What is known of the plain fields' records.
    cache: FieldCache,
    events: usize,
    effects: usize,
    deeds: usize,
    kept: bool,
}

impl<'a> Checkpoint<'a> {
    fn new(turn: &'a Turn) -> Self {
        turn.core.records.begin();
        Self {
            turn,
            cache: turn.core.cache.borrow().clone(),
            events: turn.events.len(),
            effects: turn.effects.len(),
            deeds: turn.deeds.borrow().len(),
            kept: false,
        }
    }
}

impl Drop for Checkpoint<'_> {
    fn drop(&mut self) {
        let turn = self.turn;
        *turn.core.cache.borrow_mut() = std::mem::take(&mut self.cache);
        if self.kept {
            return turn.core.records.keep();
        }
        turn.core.records.undo();
        turn.events.truncate(self.events);
        turn.effects.truncate(self.effects);
        turn.deeds.borrow_mut().truncate(self.deeds);
    }
}

impl<S: Stateful> Context<S> {
    /// Runs a part of a command that may fail alone: on `Err` everything that it did is taken back (fields, collections,
    /// the alarm, emitted events, broadcasts), and the command goes on. Attempts nest. `#[transient]` fields are kept, as
    /// they are when an action fails; calls of other objects cannot be made in it.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// #[derive(Debug, ActionError)]
    /// enum StockError {
    ///     /// There is none left.
    ///     None,
    /// }
    ///
    /// #[durable_object]
    /// struct Shop { sold: u64, stock: Map<String, u64> }
    ///
    /// #[durable_object]
    /// impl Shop {
    ///     #[action]
    ///     fn fill(&mut self, what: String, count: u64) { self.stock.insert(what, count); }
    ///
    ///     /// Sells what there is of a list, and tells what there was none of.
    ///     #[action]
    ///     fn sell(&mut self, cx: &mut Context<Self>, list: Vec<String>) -> Vec<String> {
    ///         let mut missing = Vec::new();
    ///         for what in list {
    ///             let sold = cx.attempt(self, |shop, _| {
    ///                 shop.sold += 1;
    ///                 match shop.stock.get(&what) {
    ///                     None | Some(0) => Err(StockError::None),
    ///                     Some(count) => Ok(shop.stock.insert(what.clone(), count - 1)),
    ///                 }
    ///             });
    ///             if sold.is_err() { missing.push(what); }
    ///         }
    ///         missing
    ///     }
    ///
    ///     #[action]
    ///     fn sold(&self) -> u64 { self.sold }
    /// }
    ///
    /// stayput::app!(Shop);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let shop = Shop::named(t, "corner");
    ///     shop.fill("tea", 1u64).await.unwrap();
    ///     let list: Vec<String> = ["tea", "milk", "tea"].map(str::to_owned).into();
    ///     assert_eq!(shop.sell(list).await.unwrap(), ["milk", "tea"]);
    ///     assert_eq!(shop.sold().await.unwrap(), 1);
    /// });
    /// # }
    /// ```
    ///
    /// A storage fault in it is no error of the attempt but poisons the whole action.
    ///
    /// # Errors
    ///
    /// That of `attempt`.
    pub fn attempt<R, E>(
        &mut self,
        state: &mut S,
        attempt: impl FnOnce(&mut S, &mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        let turn = self.turn();
        if turn.is_ended() {
            return attempt(state, self);
        }
        match turn.core.sql.clone() {
            Some(door) => door.nested(|| self.attempt_records(state, attempt)),
            None => self.attempt_records(state, attempt),
        }
    }

    /// The part of an attempt that is not of tables.
    fn attempt_records<R, E>(
        &mut self,
        state: &mut S,
        attempt: impl FnOnce(&mut S, &mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        let turn = self.turn();
        let mount = self.mount();
        let records = &turn.core.records;
        let mut checkpoint = Checkpoint::new(&turn);
        // What the fields are now, to be taken back to: written into a layer that is dropped again, so that the command's
        // own end finds its fields as unsaved as they are.
        records.begin();
        let mut now = checkpoint.cache.clone();
        let mut saver = Saver::of_mount(records, &mut now, &mount);
        state.save(&mut saver);
        saver.accept();
        records.undo();
        let refusal = turn.take_refusal();
        let outcome = attempt(state, self);
        if outcome.is_err() {
            // What it asked for is undone with it.
            turn.take_refusal();
        }
        if let Some(refusal) = refusal {
            turn.refuse(refusal);
        }
        if outcome.is_ok() {
            checkpoint.kept = true;
        } else {
            records.undo();
            records.begin();
            state.reload(&mut Loader::of_mount(records, &mut now, &mount));
        }
        drop(checkpoint);
        outcome
    }
}
