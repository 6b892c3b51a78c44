//! The program that the chaos tests break: a ledger whose every entry is several records, rooms that talk back, trouble on demand,
//! and the counter of the examples.

mod ledger;
mod room;
mod trouble;

use std::process::ExitCode;

use counter::Counter;
use ledger::Ledger;
use room::{Echo, Room};
use trouble::Trouble;

stayput::app!(Counter, Echo, Ledger, Room, Trouble);

fn main() -> ExitCode {
    stayput::run(app())
}
