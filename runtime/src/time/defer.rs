//! Deferring a call.

use std::time::Duration;

use super::backoff::Backoff;
use super::defers::Defers;
use super::outbox::{self, SendId};
use super::schedule;
use crate::object::{Call, Context, Timestamp};

impl<T, E, K> Call<T, E, K> {
    /// Makes the call later, once, so long from now: it is kept with the commit of the method that runs, and made at least
    /// once; a command exactly once in effect. Whoever waits for it is nobody: the answer is dropped, and an error tried
    /// again as [`Backoff`] says. The answer here is the name by which it may be
    /// [cancelled](crate::time::SchedulesMut::cancel).
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object(defers)] struct Room { said: Vec<String> }
    /// # #[durable_object] impl Room {
    /// #[action]
    /// fn remind(&mut self, cx: &mut Context<Self>, room: String, text: String) {
    ///     Room::named(cx, &room).say(text).after(cx, minutes(5));
    /// }
    ///
    /// #[action]
    /// fn say(&mut self, text: String) { self.said.push(text); }
    /// # #[action] fn said(&self) -> Vec<String> { self.said.clone() }
    /// # }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     Room::named(t, "office").remind("kitchen", "tea").await.unwrap();
    ///     t.advance(minutes(5)).await;
    ///     assert_eq!(Room::named(t, "kitchen").said().await.unwrap(), ["tea"]);
    /// });
    /// # }
    /// ```
    pub fn after<S: Defers>(self, cx: &mut Context<S>, delay: Duration) -> String {
        let at = cx.now() + delay;
        self.at(cx, at)
    }

    /// The same, then; at once if that is past.
    pub fn at<S: Defers>(self, cx: &mut Context<S>, time: Timestamp) -> String {
        let raw = cx.raw_context();
        let name = schedule::unnamed(raw);
        let records = raw.records();
        match self.at_rest(&raw.turn) {
            Ok(call) => records.settle(schedule::plan_once(
                &records,
                &name,
                time,
                Backoff::default(),
                call,
            )),
            Err(error) => raw.fail(error),
        }
        let prefix = if raw.mount.is_empty() {
            0
        } else {
            raw.mount.len() + 1
        };
        name.get(prefix..).unwrap_or_default().to_owned()
    }

    /// Hands the call over to be made surely: it is kept with the commit of the method that runs, and made as soon as that
    /// is on disk, again and again until the other object takes it, in the order of sending. A command is made exactly once in effect: it
    /// notes in its own commit that it was. Of other actions it is at least once. The answer is dropped; an error is tried again as
    /// [`Backoff`] says, while the later sends to the same object wait.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object(defers)] struct Account { cents: i64 }
    /// # #[durable_object] impl Account {
    /// #[action]
    /// fn pay(&mut self, cx: &mut Context<Self>, to: String, cents: i64) {
    ///     self.cents -= cents;
    ///     Account::named(cx, &to).receive(cents).send(cx);
    /// }
    ///
    /// #[action(internal)]
    /// fn receive(&mut self, cents: i64) { self.cents += cents; }
    /// # #[action] fn cents(&self) -> i64 { self.cents }
    /// # }
    /// # stayput::app!(Account);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     Account::named(t, "ann").pay("bob", 500).await.unwrap();
    ///     t.settle().await;
    ///     assert_eq!(Account::named(t, "bob").cents().await.unwrap(), 500);
    /// });
    /// # }
    /// ```
    ///
    /// Of one object 10,000 sends may wait; one more fails the method with `overloaded`.
    pub fn send<S: Defers>(self, cx: &mut Context<S>) -> SendId {
        self.send_with(cx, Backoff::default())
    }

    /// The same, tried again as `backoff` says.
    pub fn send_with<S: Defers>(self, cx: &mut Context<S>, backoff: Backoff) -> SendId {
        let raw = cx.raw_context();
        let pushed = self.at_rest(&raw.turn).and_then(|call| {
            outbox::push(&raw.records(), raw.identity(), raw.turn.now, call, backoff)
        });
        match pushed {
            Ok((lane, id)) => {
                raw.turn.note_send(lane);
                id
            }
            Err(error) => {
                raw.fail(error);
                SendId::default()
            }
        }
    }
}
