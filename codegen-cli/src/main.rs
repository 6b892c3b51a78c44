//! The `stayput` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    stayput_cli::main(stayput_cli::Args::parse())
}
