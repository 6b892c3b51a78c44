//! Serves the counter.

use std::process::ExitCode;

fn main() -> ExitCode {
    stayput::run(counter::app())
}
