//! What is made of all that happened, to be read.

use stayput::prelude::*;

use crate::calendar;
use crate::happened::{Happened, Item, sum};

/// Users, and what they have ordered.
#[projection(name = "user_summary")]
#[derive(Debug)]
pub struct UserSummaries {
    users: Map<String, UserSummary>,
}

/// A user, and what they have ordered.
#[data]
#[derive(PartialEq, Eq)]
pub struct UserSummary {
    /// Their name.
    pub user: String,
    /// Their address.
    pub email: String,
    /// Since when they are there.
    pub created_at: Timestamp,
    /// How many of their orders were completed.
    pub orders: u64,
    /// What those cost.
    pub cents: i64,
}

impl UserSummaries {
    pub(crate) fn page(&self, after: Option<Cursor>, limit: u32) -> Page<UserSummary> {
        self.users.page(after, limit).map(|(_, user)| user)
    }
}

impl Projection for UserSummaries {
    type Event = Happened;
    type Data = Vec<UserSummary>;

    fn apply(&mut self, event: &Recorded<Happened>) {
        match &event.event {
            Happened::UserCreated { user, email } => {
                let summary = UserSummary {
                    user: user.clone(),
                    email: email.clone(),
                    created_at: event.time,
                    orders: 0,
                    cents: 0,
                };
                self.users.insert(user.clone(), summary);
            }
            Happened::OrderCompleted { user, cents, .. } => {
                self.users.update(user, |summary| {
                    summary.orders += 1;
                    summary.cents = summary.cents.saturating_add(*cents);
                });
            }
            Happened::UserDeleted { user } => {
                self.users.remove(user);
            }
            Happened::OrderPlaced { .. }
            | Happened::OrderPaid { .. }
            | Happened::OrderCancelled { .. } => {}
        }
    }

    /// The first hundred: the action `list_users` reads all of them by pages.
    fn data(&self) -> Vec<UserSummary> {
        self.page(None, 100).items
    }
}

/// What was completed, by days and months.
#[projection]
#[derive(Debug)]
pub struct OrderTotals {
    /// By the day: `2026-11-29`, in UTC.
    daily: Map<String, Totals>,
    /// By the month: `2026-11`, in UTC.
    monthly: Map<String, Totals>,
}

/// Completed orders together.
#[data]
#[derive(Default, PartialEq, Eq)]
pub struct Totals {
    /// How many there are.
    pub count: u64,
    /// What they cost.
    pub cents: i64,
}

/// Completed orders of a day or a month.
#[data]
#[derive(PartialEq, Eq)]
pub struct TotalsOf {
    /// Which, in UTC.
    pub period: String,
    /// What was completed then.
    #[serde(flatten)]
    pub totals: Totals,
}

/// The last days and months.
#[data]
#[derive(PartialEq, Eq)]
pub struct LastTotals {
    /// The last 31 days on which an order was completed, newest first.
    pub daily: Vec<TotalsOf>,
    /// The last 12 such months, newest first.
    pub monthly: Vec<TotalsOf>,
}

fn last(totals: &Map<String, Totals>, count: u32) -> Vec<TotalsOf> {
    let page = totals.page_back(None, count);
    let periods = page.map(|(period, totals)| TotalsOf { period, totals });
    periods.items
}

impl Projection for OrderTotals {
    type Event = Happened;
    type Data = LastTotals;

    fn apply(&mut self, event: &Recorded<Happened>) {
        let Happened::OrderCompleted { cents, .. } = &event.event else {
            return;
        };
        let day = calendar::day(event.time);
        let month = calendar::month(&day).to_owned();
        for (totals, period) in [(&mut self.daily, day), (&mut self.monthly, month)] {
            let mut sum = totals.get(&period).unwrap_or_default();
            sum.count += 1;
            sum.cents = sum.cents.saturating_add(*cents);
            totals.insert(period, sum);
        }
    }

    fn data(&self) -> LastTotals {
        LastTotals {
            daily: last(&self.daily, 31),
            monthly: last(&self.monthly, 12),
        }
    }
}

/// Orders that are neither completed nor cancelled.
#[projection]
#[derive(Debug)]
pub struct OpenOrders {
    orders: Map<String, OpenOrder>,
}

/// An order that something is still to be done with.
#[data]
#[derive(PartialEq, Eq)]
pub struct OpenOrder {
    /// Its name.
    pub order: String,
    /// Whose it is.
    pub user: String,
    /// What is in it.
    pub items: Vec<Item>,
    /// What it costs.
    pub cents: i64,
    /// Whether it is paid.
    pub paid: bool,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Its version: what is asked with it happens only if nothing else has happened to the order.
    pub version: u64,
}

impl Projection for OpenOrders {
    type Event = Happened;
    type Data = Vec<OpenOrder>;

    fn apply(&mut self, event: &Recorded<Happened>) {
        match &event.event {
            Happened::OrderPlaced { order, user, items } => {
                let open = OpenOrder {
                    order: order.clone(),
                    user: user.clone(),
                    items: items.clone(),
                    cents: sum(items).unwrap_or_default(),
                    paid: false,
                    placed_at: event.time,
                    version: event.version,
                };
                self.orders.insert(order.clone(), open);
            }
            Happened::OrderPaid { order } => {
                self.orders.update(order, |open| {
                    open.paid = true;
                    open.version = event.version;
                });
            }
            Happened::OrderCompleted { order, .. } | Happened::OrderCancelled { order } => {
                self.orders.remove(order);
            }
            Happened::UserCreated { .. } | Happened::UserDeleted { .. } => {}
        }
    }

    /// The first hundred by name.
    fn data(&self) -> Vec<OpenOrder> {
        self.orders.page(None, 100).map(|(_, open)| open).items
    }
}

/// The last thousand things that happened, for people.
#[projection]
#[derive(Debug)]
pub struct ActivityLog {
    activities: Log<Activity>,
}

/// Something that happened, for people.
#[data]
#[derive(PartialEq, Eq)]
pub struct Activity {
    /// The event.
    pub event: String,
    /// Its type.
    pub r#type: String,
    /// When it happened.
    pub at: Timestamp,
    /// What it was.
    pub summary: String,
}

impl ActivityLog {
    pub(crate) fn last(&self, count: u32) -> Vec<Activity> {
        self.activities.last(count)
    }
}

impl Projection for ActivityLog {
    type Event = Happened;
    type Data = Vec<Activity>;

    fn apply(&mut self, event: &Recorded<Happened>) {
        self.activities.push(Activity {
            event: event.id.clone(),
            r#type: event.kind.clone(),
            at: event.time,
            summary: summary(&event.event),
        });
    }

    fn tidy(&mut self) {
        self.activities.keep_last(1_000);
    }

    /// Oldest first.
    fn data(&self) -> Vec<Activity> {
        self.activities.last(1_000)
    }
}

fn summary(event: &Happened) -> String {
    match event {
        Happened::UserCreated { user, email } => format!("User {user} ({email}) created"),
        Happened::UserDeleted { user } => format!("User {user} deleted"),
        Happened::OrderPlaced { order, user, items } => {
            let sum = money(sum(items).unwrap_or_default());
            format!("Order {order} placed by {user} for {sum}")
        }
        Happened::OrderPaid { order } => format!("Order {order} paid"),
        Happened::OrderCompleted { order, cents, .. } => {
            format!("Order {order} completed for {}", money(*cents))
        }
        Happened::OrderCancelled { order } => format!("Order {order} cancelled"),
    }
}

/// `12.05` of 1205 cents.
fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, (cents % 100).abs())
}
