//! Serves the shops.

use std::process::ExitCode;

fn main() -> ExitCode {
    stayput::run(orders::app())
}
