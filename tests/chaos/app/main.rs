//! The program that the chaos tests break: a ledger whose every entry is several records, a museum with tables, rooms that talk back, trouble on demand,
//! and the counter of the examples.

mod bell;
mod ledger;
mod museum;
mod room;
mod trouble;

use std::process::ExitCode;

use bell::Bell;
use counter::Counter;
use ledger::Ledger;
use museum::Museum;
use room::{Echo, Room};
use trouble::Trouble;

stayput::app!(Bell, Counter, Echo, Ledger, Museum, Room, Trouble);

fn main() -> ExitCode {
    stayput::run(app())
}
