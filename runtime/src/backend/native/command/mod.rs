//! What the program does besides serving: its commands.

mod care;
mod flags;
mod follow;
mod manifest;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use self::flags::Flags;
use crate::app::App;

/// The exit code for settings that cannot be used, and for usage.
pub(super) const EXIT_USAGE: u8 = 2;

const USAGE: &str = "\
serves the app:    [--listen ADDRESS:PORT] [--data DIR] [--threads N] [--origins LIST] [--hosts LIST]
                   [--residents N] [--idle-ms N] [--connections N] [--ping-ms N] [--pong-ms N]
                   [--trusted-proxies LIST] [--tls-cert FILE --tls-key FILE]
                   (or STAYPUT_LISTEN, STAYPUT_DATA, ..)
tells what it is:  manifest FILE
keeps its data:    backup DIR [--follow [--every SECONDS] [--keep N] [--then COMMAND]]
                   restore DIR --data NEW
                   verify [--json] [--salvage DIR]
                   export CLASS/NAME > FILE
                   import FILE [--as CLASS/NAME] [--replace]
                   (each with --data DIR, else STAYPUT_DATA)";

/// One command: its words after its name, and what it says at its end.
type Run = fn(&App, &mut Flags) -> Result<ExitCode, Failure>;

const COMMANDS: &[(&str, Run)] = &[
    ("backup", care::backup),
    ("export", care::export),
    ("import", care::import),
    ("manifest", manifest::write),
    ("restore", care::restore),
    ("verify", care::verify),
];

/// Why a command was not done.
pub(super) enum Failure {
    /// It was not asked as it must be; how it is.
    Usage(String),
    /// It could not be done.
    Failed(String),
}

impl Failure {
    fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs the command that the words name; `None` if they name none: the program is to serve.
pub(super) fn run(app: &App, words: &[String]) -> Option<ExitCode> {
    let (name, rest) = words.split_first()?;
    match name.as_str() {
        "help" | "--help" | "-h" => {
            say(format_args!("{USAGE}"));
            return Some(ExitCode::SUCCESS);
        }
        "--version" | "-V" => {
            say(format_args!("{} {}", app.name(), app.version()));
            return Some(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let (_, run) = COMMANDS.iter().find(|(known, _)| known == name)?;
    let done = Flags::read(rest).and_then(|mut flags| run(app, &mut flags));
    Some(match done {
        Ok(code) => code,
        Err(Failure::Usage(usage)) => fail(EXIT_USAGE, usage),
        Err(Failure::Failed(reason)) => fail(1, reason),
    })
}

/// Says why the program ends.
pub(super) fn fail(code: u8, message: impl fmt::Display) -> ExitCode {
    // A closed standard error leaves the exit code to speak.
    drop(writeln!(io::stderr(), "error: {message}"));
    ExitCode::from(code)
}

/// Says something on standard output.
pub(super) fn say(line: fmt::Arguments<'_>) {
    // A closed standard output is no reason to end a server.
    drop(writeln!(io::stdout(), "{line}"));
}
