//! The program that the chaos tests break: a ledger whose every entry is several records, a museum with tables, rooms that talk back, trips, trouble on demand,
//! and the counter of the examples.

mod bell;
mod ledger;
mod museum;
mod paper;
mod room;
mod trip;
mod trouble;

use std::process::ExitCode;

use bell::Bell;
use counter::Counter;
use ledger::Ledger;
use museum::Museum;
use paper::{Paper, Reader};
use room::{Echo, Room};
use trip::{Agency, Stop};
use trouble::Trouble;

stayput::app!(
    Agency, Bell, Counter, Echo, Ledger, Museum, Paper, Reader, Room, Stop, Trouble
);

fn main() -> ExitCode {
    stayput::run(app())
}
