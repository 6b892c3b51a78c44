//! What is told, and what of it to whom. Events bear everything; each subscriber's view leaves out what is not theirs.

#![allow(
    clippy::unnecessary_wraps,
    reason = "a view may also leave out an event as a whole"
)]

use stayput::prelude::*;

/// Somebody bid. The last 1,000 are kept: who comes back hears what was bid meanwhile.
#[event(durable, view = "Placed::view")]
#[derive(PartialEq)]
pub struct Placed {
    /// The bid's number: 1 for the first.
    pub number: u64,
    /// How much.
    pub cents: u64,
    /// The bidder's paddle, by which everyone tells bidders apart.
    pub paddle: u32,
    /// When.
    pub at: Timestamp,
    /// When the auction ends now.
    pub ends_at: Timestamp,
    /// Who; for the seller and the bidder only.
    pub bidder: Option<String>,
    /// Who sells.
    pub seller: String,
}

/// How the auction stands. The last one is told to whoever subscribes.
#[event(latest, view = "Standing::view")]
#[derive(PartialEq)]
pub struct Standing {
    /// What is sold.
    pub title: String,
    /// The highest bid.
    pub cents: Option<u64>,
    /// The highest bidder's paddle.
    pub paddle: Option<u32>,
    /// What the next bid is at least.
    pub least: u64,
    /// How many bids there are.
    pub bids: u64,
    /// Whether it would be sold.
    pub reserve_met: bool,
    /// When it ends; a late bid moves that.
    pub ends_at: Timestamp,
    /// Whether it is over.
    pub ended: bool,
    /// For less it is not sold; for the seller only.
    pub reserve_cents: Option<u64>,
    /// Who sells.
    pub seller: String,
}

/// It is over.
#[event(durable, keep = 1, view = "Ended::view")]
#[derive(PartialEq)]
pub struct Ended {
    /// For how much it was sold; nothing if it was not.
    pub cents: Option<u64>,
    /// The winner's paddle.
    pub paddle: Option<u32>,
    /// Who has it; for the seller and the winner only.
    pub winner: Option<String>,
    /// Who sells.
    pub seller: String,
}

/// What is left of a name for somebody who may know only their own, unless they sell.
fn named(name: Option<String>, seller: &str, who: &str) -> Option<String> {
    name.filter(|name| who == seller || who == name)
}

impl Placed {
    /// What somebody may see of it.
    #[must_use]
    pub fn seen_by(mut self, who: &str) -> Self {
        self.bidder = named(self.bidder, &self.seller, who);
        self
    }

    fn view(&self, to: &Connection) -> Option<Self> {
        Some(self.clone().seen_by(to.subject()))
    }
}

impl Standing {
    /// What somebody may see of it.
    #[must_use]
    pub fn seen_by(mut self, who: &str) -> Self {
        self.reserve_cents = self.reserve_cents.filter(|_| who == self.seller);
        self
    }

    fn view(&self, to: &Connection) -> Option<Self> {
        Some(self.clone().seen_by(to.subject()))
    }
}

impl Ended {
    fn view(&self, to: &Connection) -> Option<Self> {
        let mut seen = self.clone();
        seen.winner = named(seen.winner, &seen.seller, to.subject());
        Some(seen)
    }
}
