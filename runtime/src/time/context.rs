//! Deferred work, as methods see it.

use super::{
    DeadLetters, DeadLettersMut, Defers, Outbox, OutboxMut, Post, Schedule, Schedules,
    SchedulesMut, Webhooks,
};
use crate::object::{Call, Context};
use crate::outgoing::Online;
use crate::state::Stateful;

impl<S: Stateful> Context<S> {
    /// Registers a call under a name, to be made later or again and again: the result says when. With the commit of this
    /// method, and not at all if it fails.
    ///
    /// One of the same name is replaced: [`after`](Schedule::after) and [`at`](Schedule::at) move it, [`every`](Schedule::every)
    /// with the same period lets it go on as it does. So schedules may be registered in `start`, at every wake.
    ///
    /// ```
    /// use stayput::prelude::*;
    /// use stayput::time::Missed;
    ///
    /// #[durable_object(defers)]
    /// struct Room { open: bool, messages: Log<String>, kept: u64 }
    ///
    /// #[durable_object]
    /// impl Room {
    ///     #[event(start)]
    ///     fn start(&mut self, cx: &mut Context<Self>, _first: bool) -> Result<()> {
    ///         cx.schedule("tidy", cx.me().tidy()).every(hours(1), Missed::Once);
    ///         Ok(())
    ///     }
    ///
    ///     #[action]
    ///     fn say(&mut self, cx: &mut Context<Self>, text: String) {
    ///         self.open = true;
    ///         self.messages.push(text);
    ///         // Nobody has said anything for a day: each message moves it.
    ///         cx.schedule("close", cx.me().close()).after(hours(24));
    ///     }
    ///
    ///     #[action(internal)]
    ///     fn close(&mut self) { self.open = false; }
    ///
    ///     #[action(internal)]
    ///     fn tidy(&mut self) { self.kept = self.messages.len() as u64; }
    ///
    ///     #[action]
    ///     fn state(&self) -> (bool, u64) { (self.open, self.kept) }
    /// }
    ///
    /// stayput::app!(Room);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let room = Room::named(t, "lobby");
    ///     room.say("hello").await.unwrap();
    ///     t.advance(hours(23)).await;
    ///     assert_eq!(room.state().await.unwrap(), (true, 1));
    ///     t.advance(hours(1)).await;
    ///     assert_eq!(room.state().await.unwrap(), (false, 1));
    /// });
    /// # }
    /// ```
    ///
    /// The class says that it defers calls: `#[durable_object(defers)]`. A name has 1 to 256 bytes and does not begin with `~`; those of a mixin are its own. A call that cannot be made fails
    /// this method in the end.
    pub fn schedule<T, E, K>(&mut self, name: impl AsRef<str>, call: Call<T, E, K>) -> Schedule<'_>
    where
        S: Defers,
    {
        let raw = self.raw_context().clone();
        let call = call.at_rest(&raw.turn);
        Schedule::new(raw, name.as_ref(), call)
    }

    /// Makes a request to a server that is no object, to be sent surely: a webhook. It is kept with the commit of this method, and
    /// sent as soon as that is on disk, again and again until the server takes it, in the order of sending.
    ///
    /// The class says that it sends such: `#[durable_object(webhooks)]`. Natively it takes the feature `client` of the crate
    /// `stayput`, or `client-tls` for `https`. A process that wants an answer has [`http`](crate::object::ProcessContext::http).
    ///
    #[cfg_attr(feature = "client", doc = "```")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use stayput::prelude::*;
    /// use stayput::testing::{Answer, Sent, Test};
    ///
    /// #[durable_object(webhooks)]
    /// struct Order { paid: bool }
    ///
    /// #[durable_object]
    /// impl Order {
    ///     /// Notes that it is paid, and tells the shop.
    ///     #[action]
    ///     fn pay(&mut self, cx: &mut Context<Self>, tell: String) {
    ///         self.paid = true;
    ///         cx.post(tell).json(&"order.paid").signed("WEBHOOK_SECRET").send();
    ///     }
    /// }
    ///
    /// stayput::app!(Order);
    ///
    /// # fn main() {
    /// let shop = |request: &Sent| {
    ///     assert_eq!(request.json::<String>().as_deref(), Some("order.paid"));
    ///     assert!(request.header("webhook-signature").is_some());
    ///     Answer::status(204)
    /// };
    /// let test = Test::new(app()).http(shop).env("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    /// test.run(async |t| {
    ///     Order::named(t, "1001").pay("https://shop.example/hook").await.unwrap();
    ///     t.settle().await;
    /// });
    /// # }
    /// ```
    pub fn post(&mut self, url: impl AsRef<str>) -> Post<'_>
    where
        S: Webhooks + Online,
    {
        Post::new(self.raw_context().clone(), url.as_ref())
    }

    /// The registered schedules; those of a mixin are its own.
    pub fn schedules(&self) -> Schedules<'_>
    where
        S: Defers,
    {
        Schedules::new(self.raw_context().clone())
    }

    /// The same, to cancel some.
    pub fn schedules_mut(&mut self) -> SchedulesMut<'_>
    where
        S: Defers,
    {
        SchedulesMut::new(self.raw_context().clone())
    }

    /// What the object has [sent](Call::send) and was not taken yet.
    pub fn outbox(&self) -> Outbox<'_>
    where
        S: Defers,
    {
        Outbox::new(self.raw_context().clone())
    }

    /// The same, to cancel some.
    pub fn outbox_mut(&mut self) -> OutboxMut<'_>
    where
        S: Defers,
    {
        OutboxMut::new(self.raw_context().clone())
    }

    /// Deferred calls of the object that failed too often.
    pub fn dead_letters(&self) -> DeadLetters<'_>
    where
        S: Defers,
    {
        DeadLetters::new(self.raw_context().clone())
    }

    /// The same, to make some again or to forget them.
    pub fn dead_letters_mut(&mut self) -> DeadLettersMut<'_>
    where
        S: Defers,
    {
        DeadLettersMut::new(self.raw_context().clone())
    }
}
