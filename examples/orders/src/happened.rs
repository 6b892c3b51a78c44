//! What happens in a shop, and what the events of one user or one order make.

use stayput::prelude::*;

use crate::ShopError;

/// What happens in a shop.
#[event(public)]
#[derive(PartialEq)]
pub enum Happened {
    /// A user was made.
    UserCreated {
        /// Their name.
        user: String,
        /// Their address.
        email: String,
    },
    /// A user was removed.
    UserDeleted {
        /// Their name.
        user: String,
    },
    /// An order was placed.
    OrderPlaced {
        /// Its name.
        order: String,
        /// Whose it is.
        user: String,
        /// What is in it.
        items: Vec<Item>,
    },
    /// An order was paid.
    OrderPaid {
        /// Its name.
        order: String,
    },
    /// An order was sent; what was not paid before was paid with it.
    OrderCompleted {
        /// Its name.
        order: String,
        /// Whose it is.
        user: String,
        /// What it cost.
        cents: i64,
    },
    /// An order will not be completed.
    OrderCancelled {
        /// Its name.
        order: String,
    },
}

/// A thing that is ordered.
#[data]
#[derive(PartialEq, Eq)]
pub struct Item {
    /// What.
    pub name: String,
    /// How many.
    pub count: u32,
    /// What one of it costs.
    pub cents: i64,
}

/// What things cost together; `None` if that is no number.
pub(crate) fn sum(items: &[Item]) -> Option<i64> {
    items.iter().try_fold(0_i64, |sum, item| {
        sum.checked_add(item.cents.checked_mul(i64::from(item.count))?)
    })
}

/// A user, as their events make them.
#[data]
#[derive(Default, PartialEq, Eq)]
pub struct User {
    /// Whether they are there.
    pub exists: bool,
}

impl Aggregate for User {
    type Event = Happened;

    fn apply(&mut self, event: &Happened) {
        match event {
            Happened::UserCreated { .. } => self.exists = true,
            Happened::UserDeleted { .. } => self.exists = false,
            _ => {}
        }
    }
}

/// Where an order is.
#[data]
#[derive(Default, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// Nobody has placed it.
    #[default]
    New,
    /// It is placed.
    Placed,
    /// It is paid, and not sent yet.
    Paid,
    /// It is paid and sent.
    Completed,
    /// It will not be completed.
    Cancelled,
}

/// An order, as its events make it.
#[data]
#[derive(Default, PartialEq, Eq)]
pub struct Order {
    /// Where it is.
    pub status: OrderStatus,
    /// Whose it is.
    pub user: String,
    /// What it costs.
    pub cents: i64,
}

impl Order {
    pub(crate) fn check_open(&self, order: &str) -> Result<(), ShopError> {
        match self.status {
            OrderStatus::Placed | OrderStatus::Paid => Ok(()),
            OrderStatus::New => Err(ShopError::NoOrder {
                order: order.to_owned(),
            }),
            OrderStatus::Completed | OrderStatus::Cancelled => Err(ShopError::Closed),
        }
    }
}

impl Aggregate for Order {
    type Event = Happened;

    fn apply(&mut self, event: &Happened) {
        match event {
            Happened::OrderPlaced { user, items, .. } => {
                self.status = OrderStatus::Placed;
                self.user.clone_from(user);
                self.cents = sum(items).unwrap_or_default();
            }
            Happened::OrderPaid { .. } => self.status = OrderStatus::Paid,
            Happened::OrderCompleted { .. } => self.status = OrderStatus::Completed,
            Happened::OrderCancelled { .. } => self.status = OrderStatus::Cancelled,
            Happened::UserCreated { .. } | Happened::UserDeleted { .. } => {}
        }
    }
}
