//! An object that has its connections listen: what a class decides by itself need not be asked for by each client.

use super::connection::Connection;
use super::effect::Effect;
use crate::event::DeclaredBy;
use crate::object::{Context, wire_name};
use crate::state::Stateful;

impl<S: Stateful> Context<S> {
    /// Has a connection listen to an event, as if its client had subscribed: to everything that is broadcast from here on,
    /// by this method or a later one, and to nothing before. Together with [`Connection::tell`] it makes a welcome that
    /// what follows fits on without a gap or an overlap.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// /// How high the tide is.
    /// #[event(public)] struct Tide { cm: i64 }
    ///
    /// #[durable_object(events(Tide))]
    /// struct Gauge { cm: i64 }
    ///
    /// #[durable_object]
    /// impl Gauge {
    ///     #[event(connect)]
    ///     fn joined(&mut self, cx: &mut Context<Self>, connection: Connection) {
    ///         connection.tell(cx, &Tide { cm: self.cm });
    ///         cx.subscribe::<Tide>(&connection);
    ///     }
    ///
    ///     /// The tide comes in.
    ///     #[action]
    ///     fn rise(&mut self, cx: &mut Context<Self>, cm: i64) {
    ///         self.cm += cm;
    ///         cx.broadcast(Tide { cm: self.cm });
    ///     }
    /// }
    ///
    /// stayput::app!(Gauge);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let gauge = Gauge::named(t, "pier");
    ///     gauge.rise(10).await.unwrap();
    ///     let ann = t.as_user("ann").connect(&gauge).await.unwrap();
    ///     gauge.rise(5).await.unwrap();
    ///     t.settle().await;
    ///     let heard: Vec<i64> = std::iter::from_fn(|| ann.next::<Tide>()).map(|tide| tide.cm).collect();
    ///     assert_eq!(heard, [10, 15]);
    /// });
    /// # }
    /// ```
    ///
    /// It is the object's own decision: `can_subscribe` is not asked. Nothing that is kept of the event is sent; tell what
    /// the client has to know. The client may end it by unsubscribing, and does not ask for it anew when it connects again:
    /// subscribe in `#[event(connect)]`. A connection that is gone is left alone; one beside whose socket no more events
    /// fit (on Workers, where this is kept with the connection in 16 KiB) is closed with 1009. A method that fails changes
    /// nothing.
    pub fn subscribe<E: DeclaredBy<S>>(&mut self, connection: &Connection) {
        self.listen::<E>(connection, true);
    }

    /// Has a connection not listen to an event any more, whoever subscribed to it.
    pub fn unsubscribe<E: DeclaredBy<S>>(&mut self, connection: &Connection) {
        self.listen::<E>(connection, false);
    }

    fn listen<E: DeclaredBy<S>>(&mut self, connection: &Connection, on: bool) {
        self.push_effect(Effect::Listen {
            id: connection.id(),
            event: wire_name(&self.raw_context().mount, E::NAME),
            on,
        });
    }
}
