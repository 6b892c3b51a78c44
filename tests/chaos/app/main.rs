//! The program that the chaos tests break: a ledger whose every entry is several records, trouble on demand, and the
//! counter of the examples.

mod ledger;
mod trouble;

use std::process::ExitCode;

use counter::Counter;
use ledger::Ledger;
use trouble::Trouble;

stayput::app!(Counter, Ledger, Trouble);

fn main() -> ExitCode {
    stayput::run(app())
}
