//! Serves the reminders.

use std::process::ExitCode;

fn main() -> ExitCode {
    stayput::run(reminders::app())
}
