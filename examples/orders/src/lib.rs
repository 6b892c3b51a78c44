//! A shop whose state is what happened in it. Users and orders are streams of events; what may happen next is decided by
//! what the events of one stream make, and four projections of all events are there to be read.
//!
//! As in any demonstration everybody may do everything, but for making a projection anew, which the mixin brings.

mod board;
mod calendar;
mod happened;
mod projections;

use stayput::mixins::Sourced;
use stayput::prelude::*;

pub use board::{Board, Position};
pub use happened::{Happened, Item, Order, OrderStatus, User};
pub use projections::{
    Activity, ActivityLog, LastTotals, OpenOrder, OpenOrders, OrderTotals, Totals, TotalsOf,
    UserSummaries, UserSummary,
};

/// A shop.
#[durable_object(events(Happened))]
#[derive(Debug)]
pub struct Shop {
    #[mixin]
    happened: Sourced<Happened, (UserSummaries, OrderTotals, ActivityLog, OpenOrders)>,
}

/// Why nothing happens.
#[derive(Debug, ActionError)]
#[error(prefix = "shop")]
pub enum ShopError {
    /// The order or user has been changed since the version that was read.
    #[error(
        status = 409,
        message = "it was changed: it is at version {actual} now"
    )]
    Changed {
        /// The version it is at.
        actual: u64,
    },
    /// There is no such user.
    #[error(status = 404, message = "there is no user `{user}`")]
    NoUser {
        /// Who was asked for.
        user: String,
    },
    /// There is no such order.
    #[error(status = 404, message = "there is no order `{order}`")]
    NoOrder {
        /// What was asked for.
        order: String,
    },
    /// It is there already.
    #[error(status = 409, message = "there is one of this name already")]
    Exists,
    /// The order is done with.
    #[error(status = 409, message = "the order is completed or cancelled")]
    Closed,
    /// Nobody pays twice.
    #[error(status = 409, message = "the order is paid")]
    Paid,
    /// The order has nothing in it, or costs more than can be counted.
    #[error(
        status = 422,
        message = "an order has items, and a sum of cents that is no less than 0"
    )]
    BadItems,
}

impl From<ConcurrencyError> for ShopError {
    fn from(conflict: ConcurrencyError) -> Self {
        Self::Changed {
            actual: conflict.actual(),
        }
    }
}

#[durable_object]
impl Shop {
    /// Makes a user.
    #[action(public, post = "/users", status = 201)]
    fn create_user(
        &mut self,
        cx: &mut Context<Self>,
        #[param(min_length = 1, max_length = 100)] user: String,
        #[param(format = "email")] email: String,
    ) -> Result<u64, ShopError> {
        self.decide(cx, &user_stream(&user), None, |known: &User| {
            if known.exists {
                return Err(ShopError::Exists);
            }
            Ok(vec![Happened::UserCreated {
                user: user.clone(),
                email,
            }])
        })
    }

    /// Removes a user. What they ordered stays.
    #[action(public, delete = "/users/{user}")]
    fn delete_user(&mut self, cx: &mut Context<Self>, user: String) -> Result<u64, ShopError> {
        self.decide(cx, &user_stream(&user), None, |known: &User| {
            if !known.exists {
                return Err(ShopError::NoUser { user: user.clone() });
            }
            Ok(vec![Happened::UserDeleted { user: user.clone() }])
        })
    }

    /// Places an order and returns its version.
    #[action(public, post = "/orders", status = 201)]
    fn place(
        &mut self,
        cx: &mut Context<Self>,
        #[param(min_length = 1, max_length = 100)] order: String,
        user: String,
        #[param(min_items = 1, max_items = 100)] items: Vec<Item>,
    ) -> Result<u64, ShopError> {
        if !self
            .happened
            .stream(user_stream(&user))
            .load::<User>()
            .exists
        {
            return Err(ShopError::NoUser { user });
        }
        if happened::sum(&items).is_none_or(|cents| cents < 0) {
            return Err(ShopError::BadItems);
        }
        self.decide(cx, &order_stream(&order), None, |known: &Order| {
            if known.status != OrderStatus::New {
                return Err(ShopError::Exists);
            }
            let order = order.clone();
            Ok(vec![Happened::OrderPlaced { order, user, items }])
        })
    }

    /// Notes that an order is paid. With the version that was read nothing happens if it is another now.
    #[action(public, post = "/orders/{order}/pay")]
    fn pay(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        version: Option<u64>,
    ) -> Result<u64, ShopError> {
        self.decide(cx, &order_stream(&order), version, |known: &Order| {
            known.check_open(&order)?;
            if known.status == OrderStatus::Paid {
                return Err(ShopError::Paid);
            }
            let order = order.clone();
            Ok(vec![Happened::OrderPaid { order }])
        })
    }

    /// Completes an order: it is paid and sent. With the version that was read nothing happens if it is another now.
    #[action(public, post = "/orders/{order}/complete")]
    fn complete(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        version: Option<u64>,
    ) -> Result<u64, ShopError> {
        self.decide(cx, &order_stream(&order), version, |known: &Order| {
            known.check_open(&order)?;
            Ok(vec![Happened::OrderCompleted {
                order: order.clone(),
                user: known.user.clone(),
                cents: known.cents,
            }])
        })
    }

    /// Cancels an order. With the version that was read nothing happens if it is another now.
    #[action(public, post = "/orders/{order}/cancel")]
    fn cancel(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        version: Option<u64>,
    ) -> Result<u64, ShopError> {
        self.decide(cx, &order_stream(&order), version, |known: &Order| {
            known.check_open(&order)?;
            let order = order.clone();
            Ok(vec![Happened::OrderCancelled { order }])
        })
    }

    /// An order and its version, as its events make it.
    #[action(public, get = "/orders/{order}")]
    fn order(&self, order: String) -> Result<(Order, u64), ShopError> {
        let found = self.happened.stream(order_stream(&order)).load::<Order>();
        if found.is_new() {
            return Err(ShopError::NoOrder { order });
        }
        Ok((found.state, found.version))
    }

    /// What happened, oldest first: all of it, or what is of one type.
    #[action(public, get = "/events")]
    fn events(
        &self,
        r#type: Option<String>,
        after: Option<Cursor>,
        #[param(min = 1, max = 200, default = 50)] limit: u32,
    ) -> Page<Recorded<Happened>> {
        let mut events = self.happened.events();
        if let Some(kind) = r#type {
            events = events.of_type(kind);
        }
        events.page(after, limit)
    }

    /// Users and what they have ordered, by name.
    #[action(public, get = "/users")]
    fn list_users(
        &self,
        after: Option<Cursor>,
        #[param(min = 1, max = 200, default = 50)] limit: u32,
    ) -> Page<UserSummary> {
        self.happened
            .projection::<UserSummaries>()
            .page(after, limit)
    }

    /// All that the shop's page shows, as it is after one and the same event.
    #[action(public, get = "/board")]
    fn board(&self) -> Board {
        Board::of(&self.happened)
    }

    /// What a projection holds, and up to which event: `user_summary`, `order_totals`, `activity_log` or `open_orders`.
    #[action(public, get = "/projections/{name}")]
    fn projection(&self, name: String) -> Result<Snapshot, UnknownProjection> {
        self.happened.snapshot(&name)
    }

    /// A projection that a new version of the program brings, or has changed, is brought up to date piece by piece: here a
    /// first piece at every wake.
    #[event(start)]
    fn start(&mut self) {
        self.happened.catch_up(1_000);
    }

    /// Lets the aggregate of a stream decide, appends, and tells who listens.
    fn decide<A: Aggregate<Event = Happened>>(
        &mut self,
        cx: &mut Context<Self>,
        stream: &str,
        version: Option<u64>,
        decide: impl FnOnce(&A) -> Result<Vec<Happened>, ShopError>,
    ) -> Result<u64, ShopError> {
        let mut stream = self.happened.stream_mut(stream);
        let known = stream.load::<A>();
        let events = decide(&known.state)?;
        let expected = version.unwrap_or(known.version);
        let (appended, _) = stream.append_and_broadcast(cx, expected, events)?;
        Ok(appended.version)
    }
}

fn user_stream(user: &str) -> String {
    format!("user/{user}")
}

fn order_stream(order: &str) -> String {
    format!("order/{order}")
}

stayput::app!(
    Shop;
    assets(
        "/" = "../web/index.html",
        "/style.css" = "../web/style.css",
        "/main.js" = "../web/dist/main.js",
        "/chart.js" = "../web/dist/chart.js",
        "/client/index.js" = "../web/dist/client/index.js",
        "/client/client.js" = "../web/dist/client/client.js",
        "/client/live.js" = "../web/dist/client/live.js",
        "/client/stayput.js" = "../web/dist/client/stayput.js",
    )
);
