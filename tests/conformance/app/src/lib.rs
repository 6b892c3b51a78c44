//! What the conformance scenarios call: every behaviour that both backends must share.
#![allow(
    clippy::panic,
    clippy::unused_self,
    reason = "some actions fail on purpose, and some look at nothing but their context"
)]

mod agenda;
mod annals;
mod archive;
mod bazaar;
mod board;
mod burrow;
mod caller;
mod canal;
mod chest;
mod clock;
mod dawn;
mod den;
mod depot;
mod desk;
mod envoy;
mod folder;
mod form;
mod front;
mod gatehouse;
mod gazette;
mod hall;
mod ledger;
mod lodge;
mod market;
mod mill;
mod relay;
mod shelf;
mod shop;
mod spring;
mod tally;
mod till;
mod trade;

pub use agenda::{Agenda, AgendaError, Aside};
pub use annals::{Annals, Debt, Latest, Passage, Payees, Steps};
pub use archive::{Archive, Paper};
pub use bazaar::{Bazaar, Buyer, Good, Sale};
pub use board::{
    Board, Hidden, Parlour, ParlourError, Pinned, Pointed, Scribbled, Summed, Told, Welcome,
};
pub use burrow::{Burrow, BurrowError};
pub use caller::{Caller, CallerError};
pub use canal::{Canal, CanalError};
pub use chest::{Chest, Settings};
pub use clock::{Chime, Clock, ClockError, Deed};
pub use dawn::{Dawn, DawnError, Struck};
pub use den::Den;
pub use depot::Depot;
pub use desk::{Desk, Letter};
pub use envoy::{Envoy, Errand, Seen};
pub use folder::{Folder, FolderError};
pub use form::Form;
pub use gatehouse::{Gatehouse, GatehouseError};
pub use gazette::{Gazette, GazetteError, Printed, Reader};
pub use hall::{Hall, HallError, Heard, Mirror, Went};
pub use ledger::{Account, AccountOpened, Ledger, Ledgers};
pub use lodge::{Called, Lodge, Lodgings, Tent};
pub use market::{Customer, Market, Note, Nowhere, Purchase, Ware};
pub use mill::{Mill, MillError};
pub use relay::Relay;
pub use shelf::{Added, Everything, Kind, Meter, Shelf};
pub use shop::{Shop, ShopError, Sold};
pub use spring::{Spring, SpringError};
pub use tally::{Tally, TallyError};
pub use till::{Item, Till};
pub use trade::{Ages, Line, Wanted};

use stayput::middleware::RateLimiter;

stayput::app!(
    Agenda, Annals, Archive, Bazaar, Board, Burrow, Caller, Canal, Chest, Clock, Dawn, Den, Depot, Desk, Envoy, Folder, Form, Gatehouse, Gazette, Hall, Ledger, Lodge, Market, Mill, Mirror, Parlour, RateLimiter, Reader, Relay, Shelf, Shop, Spring, Tally, Tent, Till;
    assets("/page/hello.js" = "../page/hello.js");
    routes(front::routes);
    cbor;
    transfer
);
