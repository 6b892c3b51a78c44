//! `backup DIR --follow`: a backup whenever the data has changed.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use super::flags::Flags;
use super::{Failure, say};
use crate::app::App;
use crate::backend::native::store::care::Follow;

const USAGE: &str =
    "backup DIR --follow [--every SECONDS] [--keep N] [--then COMMAND] [--data DIR]";

/// How many seconds lie between two looks, unless it is said.
const EVERY: u64 = 10;
/// How many backups are kept, unless it is said.
const KEEP: u64 = 3;

/// Runs until it is ended.
pub(super) fn run(app: &App, data: &Path, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let every = number(flags, "every", EVERY)?;
    let keep = number(flags, "keep", KEEP)?;
    let then = flags.value("then");
    let [target] = flags.rest(USAGE)?;
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let mut follow = Follow::new(data, app, target.as_ref(), keep).map_err(Failure::failed)?;
    loop {
        match follow.round() {
            Ok(None) => {}
            Ok(Some(made)) => {
                say(format_args!(
                    "{}: {} of {} files copied in {} ms",
                    made.path.display(),
                    made.copied.changed,
                    made.copied.files,
                    made.took.as_millis()
                ));
                if let Some(then) = &then {
                    after(then, &made.path);
                }
            }
            // Those before are still there, and the next may be made: a disk that is full now may have room then.
            Err(error) => eprintln!("error: no backup was made: {error}"),
        }
        thread::sleep(Duration::from_secs(every));
    }
}

/// Does what is to be done with each.
fn after(command: &str, path: &Path) {
    let mut shell = if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.arg("/C");
        shell
    } else {
        let mut shell = Command::new("sh");
        shell.arg("-c");
        shell
    };
    let ended = shell.arg(command).env("STAYPUT_BACKUP", path).status();
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => eprintln!("error: `{command}` ended with {status}"),
        Err(error) => eprintln!("error: `{command}` cannot be run: {error}"),
    }
}

fn number(flags: &mut Flags, name: &str, default: u64) -> Result<u64, Failure> {
    let Some(text) = flags.value(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        Failure::Usage(format!(
            "`--{name}` is a whole number from 1 on, not `{text}`"
        ))
    })
}
