//! A live auction. Bids count by the caller's subject, a late bid moves the end, and each subscriber is told what is theirs to
//! know: the reserve is the seller's, and who bids is known to the seller and to the bidder; others see paddles.

#[cfg(test)]
mod tests;
mod token;
mod told;

use stayput::mixins::Presence;
use stayput::prelude::*;

pub use told::{Ended, Placed, Standing};

/// The auction of one lot. Its object bears the lot's name.
#[durable_object(defers, events(Placed, Standing, Ended))]
#[derive(Debug)]
pub struct Auction {
    lot: Option<Lot>,
    bids: Log<Bid>,
    /// The number by which others know a bidder.
    paddles: Map<String, u32>,
    #[mixin]
    presence: Presence,
}

/// What is sold, and how.
#[data]
struct Lot {
    title: String,
    seller: String,
    start_cents: u64,
    step_cents: u64,
    reserve_cents: u64,
    /// So much is left after each bid at least.
    last_call_seconds: u32,
    ends_at: Timestamp,
    ended: bool,
}

/// A bid as it is kept.
#[data]
struct Bid {
    bidder: String,
    cents: u64,
    at: Timestamp,
}

/// Why nothing is done.
#[derive(Debug, ActionError)]
#[error(prefix = "auction")]
pub enum AuctionError {
    /// The lot is not offered yet.
    #[error(status = 404, message = "this lot is not offered yet")]
    NotOpen,
    /// The lot is offered already.
    #[error(status = 409, message = "this lot is offered already")]
    Open,
    /// The auction is over.
    #[error(status = 409, message = "the auction is over")]
    Over,
    /// Sellers do not bid for what is theirs.
    #[error(status = 403, message = "this lot is your own")]
    Own,
    /// The bid is too low.
    #[error(status = 409, message = "the next bid is {least} cents or more")]
    TooLow {
        /// What it must be at least.
        least: u64,
    },
}

#[durable_object]
impl Auction {
    /// Offers the lot. The caller is its seller.
    #[action]
    #[allow(
        clippy::too_many_arguments,
        reason = "they are the action's parameters, which callers give by name"
    )]
    fn offer(
        &mut self,
        cx: &mut Context<Self>,
        #[param(min_length = 1, max_length = 200)] title: String,
        /// The least first bid.
        #[param(min = 1, max = 1_000_000_000_000)]
        start_cents: u64,
        /// How much more each bid is at least.
        #[param(min = 1, max = 1_000_000_000_000)]
        step_cents: u64,
        /// For less it is not sold. Nobody but the seller is told.
        #[param(max = 1_000_000_000_000)]
        reserve_cents: u64,
        /// In how many seconds it ends.
        #[param(min = 10, max = 2_592_000)]
        seconds: u32,
        /// How many seconds are left after each bid at least: a later bid moves the end.
        #[param(min = 1, max = 3_600, default = 60)]
        last_call_seconds: u32,
    ) -> Result<Timestamp, AuctionError> {
        if self.lot.is_some() {
            return Err(AuctionError::Open);
        }
        let seller = cx.caller().subject().to_owned();
        let ends_at = cx.now() + stayput::prelude::seconds(seconds.into());
        self.lot = Some(Lot {
            title,
            seller,
            start_cents,
            step_cents,
            reserve_cents,
            last_call_seconds,
            ends_at,
            ended: false,
        });
        cx.schedule("end", cx.me().end()).at(ends_at);
        self.tell_standing(cx);
        Ok(ends_at)
    }

    /// Bids, and returns when the auction ends then.
    #[action]
    fn bid(
        &mut self,
        cx: &mut Context<Self>,
        #[param(min = 1, max = 1_000_000_000_000)] cents: u64,
    ) -> Result<Timestamp, AuctionError> {
        let now = cx.now();
        let bidder = cx.caller().subject().to_owned();
        let highest = self.highest();
        let lot = self.lot.as_mut().ok_or(AuctionError::NotOpen)?;
        // The alarm may be late; a bid may not.
        if lot.ended || now >= lot.ends_at {
            return Err(AuctionError::Over);
        }
        if bidder == lot.seller {
            return Err(AuctionError::Own);
        }
        let least = highest.map_or(lot.start_cents, |(_, bid)| bid.cents + lot.step_cents);
        if cents < least {
            return Err(AuctionError::TooLow { least });
        }
        let last_call = now + seconds(lot.last_call_seconds.into());
        if lot.ends_at < last_call {
            lot.ends_at = last_call;
            // Registered again under its name, it is moved.
            cx.schedule("end", cx.me().end()).at(lot.ends_at);
        }
        let (ends_at, seller) = (lot.ends_at, lot.seller.clone());
        let paddle = self.paddle_of(&bidder);
        let number = self.bids.push(Bid {
            bidder: bidder.clone(),
            cents,
            at: now,
        });
        let bidder = Some(bidder);
        cx.broadcast(Placed {
            number,
            cents,
            paddle,
            at: now,
            ends_at,
            bidder,
            seller,
        });
        self.tell_standing(cx);
        Ok(ends_at)
    }

    /// How the auction stands, as the caller may see it.
    #[action]
    fn standing(&self, cx: &Context<Self>) -> Result<Standing, AuctionError> {
        let standing = self.stands().ok_or(AuctionError::NotOpen)?;
        Ok(standing.seen_by(cx.caller().subject()))
    }

    /// The bids, newest first, as the caller may see them.
    #[action]
    fn bids(
        &self,
        cx: &Context<Self>,
        #[param(min = 1, max = 100, default = 20)] limit: u32,
    ) -> Result<Vec<Placed>, AuctionError> {
        let lot = self.lot.as_ref().ok_or(AuctionError::NotOpen)?;
        let newest = self.bids.iter().rev().take(limit as usize);
        let told = newest.map(|(number, bid)| Placed {
            number,
            cents: bid.cents,
            paddle: self.paddles.get(&bid.bidder).unwrap_or_default(),
            at: bid.at,
            ends_at: lot.ends_at,
            bidder: Some(bid.bidder),
            seller: lot.seller.clone(),
        });
        Ok(told.map(|bid| bid.seen_by(cx.caller().subject())).collect())
    }

    /// The schedule's.
    #[action(internal)]
    fn end(&mut self, cx: &mut Context<Self>) {
        let (now, highest) = (cx.now(), self.highest());
        // It may have been due just before a bid moved it; it comes again then.
        let due = |lot: &&mut Lot| !lot.ended && now >= lot.ends_at;
        let Some(lot) = self.lot.as_mut().filter(due) else {
            return;
        };
        lot.ended = true;
        let sold = highest.filter(|(_, bid)| bid.cents >= lot.reserve_cents);
        let seller = lot.seller.clone();
        let ended = match sold {
            Some((_, Bid { bidder, cents, .. })) => Ended {
                cents: Some(cents),
                paddle: self.paddles.get(&bidder),
                winner: Some(bidder),
                seller,
            },
            None => Ended {
                cents: None,
                paddle: None,
                winner: None,
                seller,
            },
        };
        cx.broadcast(ended);
        self.tell_standing(cx);
    }

    fn highest(&self) -> Option<(u64, Bid)> {
        self.bids.iter().next_back()
    }

    fn paddle_of(&mut self, bidder: &str) -> u32 {
        if let Some(paddle) = self.paddles.get(bidder) {
            return paddle;
        }
        let paddle = u32::try_from(self.paddles.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.paddles.insert(bidder.to_owned(), paddle);
        paddle
    }

    fn stands(&self) -> Option<Standing> {
        let lot = self.lot.as_ref()?;
        let highest = self.highest();
        let cents = highest.as_ref().map(|(_, bid)| bid.cents);
        Some(Standing {
            title: lot.title.clone(),
            cents,
            paddle: highest.and_then(|(_, bid)| self.paddles.get(&bid.bidder)),
            least: cents.map_or(lot.start_cents, |cents| cents + lot.step_cents),
            bids: self.bids.len(),
            reserve_met: cents.is_some_and(|cents| cents >= lot.reserve_cents),
            ends_at: lot.ends_at,
            ended: lot.ended,
            reserve_cents: Some(lot.reserve_cents),
            seller: lot.seller.clone(),
        })
    }

    fn tell_standing(&self, cx: &mut Context<Self>) {
        if let Some(standing) = self.stands() {
            cx.broadcast(standing);
        }
    }
}

stayput::app!(
    Auction;
    auth(token::by_own_token);
    assets(
        "/" = "../web/index.html",
        "/style.css" = "../web/style.css",
        "/main.js" = "../web/dist/main.js",
        "/token.js" = "../web/dist/token.js",
        "/client/index.js" = "../web/dist/client/index.js",
        "/client/client.js" = "../web/dist/client/client.js",
        "/client/live.js" = "../web/dist/client/live.js",
        "/client/stayput.js" = "../web/dist/client/stayput.js",
    )
);
