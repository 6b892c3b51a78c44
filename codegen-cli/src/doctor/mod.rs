//! `stayput doctor`: looks at everything an app needs, and says how to mend what is amiss.
//!
//! | File | What it looks at |
//! |---|---|
//! | `tools.rs` | the toolchain, and the programs that Workers take |
//! | `app.rs` | the app: its manifest, its versions, its Worker's configuration, the apps it calls |
//! | `settings.rs` | the settings of the native program |

mod app;
mod settings;
mod tools;

use serde_json::json;

use crate::args::DoctorArgs;
use crate::error::Error;
use crate::term;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// It works, but not for everything.
    Warning,
    Fault,
}

/// What was looked at, and how it is.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    state: State,
    message: String,
    /// What to do about it.
    help: Option<String>,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            message: message.into(),
            help: None,
        }
    }

    fn warning(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Warning,
            message: message.into(),
            help: Some(help.into()),
        }
    }

    fn fault(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            state: State::Fault,
            ..Self::warning(check, message, help)
        }
    }

    fn of_error(check: &'static str, error: &Error) -> Self {
        Self {
            check,
            state: State::Fault,
            message: error.to_string(),
            help: error.help(),
        }
    }
}

/// The command.
pub(crate) fn run(args: &DoctorArgs) -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    // What a class lacks to be found comes first: nothing else explains itself as badly when it is met at run time.
    let app = app::look(args, &variable);
    let mut findings = app.findings;
    findings.extend(tools::look(app.is_worker));
    findings.extend(settings::look(&variable));
    let faults = findings
        .iter()
        .filter(|finding| finding.state == State::Fault)
        .count();
    if args.json {
        term::result(&as_json(&findings, faults).to_string());
    } else {
        for finding in &findings {
            term::result(&term::printable(&as_text(finding)));
        }
    }
    match faults {
        0 => Ok(()),
        faults => Err(Error::Doctor { faults }),
    }
}

fn as_text(finding: &Finding) -> String {
    let Finding {
        check,
        state,
        message,
        help,
    } = finding;
    let help = help
        .as_ref()
        .map_or_else(String::new, |help| format!("\n         help: {help}"));
    format!("{:<8} {check}: {message}{help}", state.word())
}

fn as_json(findings: &[Finding], faults: usize) -> serde_json::Value {
    let one = |finding: &Finding| {
        json!({
            "check": finding.check,
            "state": finding.state.word(),
            "message": finding.message,
            "help": finding.help,
        })
    };
    let checks: Vec<_> = findings.iter().map(one).collect();
    json!({ "faults": faults, "checks": checks })
}
