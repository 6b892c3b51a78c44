//! A class of its second version: its objects were stored by the first one.

use stayput::prelude::*;
use stayput::state::Upgrade;

/// What was sold.
#[data]
pub struct Item {
    /// What.
    pub what: String,
    /// For how much.
    pub cents: u64,
}

/// Counts money: in cents, since its second version.
#[durable_object(version = 2, upgrades(to_cents))]
#[derive(Debug)]
pub struct Till {
    total_cents: u64,
    owner: String,
    items: Log<Item>,
    stock: Map<String, u32>,
}

#[data]
struct OldTill {
    total: f64,
}

#[data]
struct NewTill {
    total_cents: u64,
}

#[data]
struct OldItem {
    what: String,
    price: f64,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small prices"
)]
fn cents(price: f64) -> u64 {
    (price * 100.0).round() as u64
}

fn to_cents(old: &mut Upgrade<'_>) -> Result<()> {
    old.fields(|old: OldTill| NewTill {
        total_cents: cents(old.total),
    })?;
    old.items("items", |item: OldItem| Item {
        what: item.what,
        cents: cents(item.price),
    })?;
    old.entries("stock", |name: String, count: u32| {
        Some((name.to_lowercase(), count))
    })?;
    Ok(())
}

#[durable_object]
impl Till {
    /// Sells something.
    #[action(public)]
    fn sell(&mut self, what: String, cents: u64) -> u64 {
        self.total_cents += cents;
        self.items.push(Item { what, cents });
        self.total_cents
    }

    /// The total, whose it is, what was sold, what there is.
    #[action(public)]
    fn books(&self) -> (u64, String, Vec<Item>, Vec<(String, u32)>) {
        (
            self.total_cents,
            self.owner.clone(),
            self.items.last(10),
            self.stock.iter().collect(),
        )
    }
}
