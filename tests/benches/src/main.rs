//! Ratios of stayput's speed to its peers', on one core each for server and load.
//!
//! `bench` measures all pairs and prints a table; `bench --short` is the form for CI: fewer rounds, and it fails when
//! less than half of a goal is reached. See README.md for how to read the figures and how to take a profile.

mod load;
mod options;
mod pairs;
mod peers;
mod rounds;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use options::Options;

/// Set once this process and its load have their core.
const PINNED: &str = "STAYPUT_BENCH_PINNED";

fn main() -> ExitCode {
    if let Ok(role) = std::env::var(peers::ROLE) {
        return peers::serve(&role);
    }
    match run() {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    if std::env::var_os(PINNED).is_none() {
        let mut pinned = Command::new("taskset");
        pinned
            .args(["-c", "1"])
            .arg(std::env::current_exe()?)
            .args(std::env::args().skip(1));
        // Comes back only when it could not be started.
        return Err(format!(
            "taskset (of util-linux) and a second core: {}",
            pinned.env(PINNED, "1").exec()
        )
        .into());
    }
    let program = std::env::current_exe()?;
    let mut reached = true;
    for pair in pairs::all(&program)? {
        if options.wants(pair.name) {
            let outcome = rounds::measure(&pair, &program, &options)?;
            reached &= outcome.print(&pair, &options);
        }
    }
    Ok(if reached {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
