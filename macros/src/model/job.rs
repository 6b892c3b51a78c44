//! A process that is run as a job: calls of it only begin it.

use syn::{Expr, Ident, Lit, Path};

use super::action::Mode;
use crate::attrs::literal;
use crate::diag::Diag;

/// What is said of a job.
pub(crate) struct Job {
    /// The word `job`.
    pub(crate) at: Path,
    /// How often one that fails is run again.
    pub(crate) retries: u32,
}

/// How often, if nothing is said.
const RETRIES: u32 = 3;
/// How often may be said.
const MAX_RETRIES: u32 = 100;

/// Reads `job, retries = 3` of an action.
pub(super) fn read(
    job: Option<Path>,
    retries: Option<Expr>,
    action: &Ident,
    (mode, streams): (Mode, bool),
    diag: &mut Diag,
) -> Option<Job> {
    let Some(at) = job else {
        if let Some(retries) = retries {
            diag.error(
                retries,
                format!("action `{action}` is no job, so nothing runs it again"),
            )
            .help("write `job, retries = 3`, or remove `retries`");
        }
        return None;
    };
    if mode != Mode::Process {
        diag.error(&at, format!("job `{action}` would hold its object while it runs"))
            .help("take `this: Handle<Self>`: it reaches the state by `this.read(..)` and `this.atomic(..)`");
    }
    if streams {
        diag.error(
            &at,
            format!("the result of job `{action}` is kept, so it comes whole"),
        )
        .help("return a `Vec`, or remove `job`: items go to who waits for them");
    }
    let retries = retries.map_or(Some(RETRIES), |retries| check(&retries, diag))?;
    Some(Job { at, retries })
}

fn check(value: &Expr, diag: &mut Diag) -> Option<u32> {
    let retries = match literal(value) {
        Some(Lit::Int(retries)) => retries.base10_parse().ok(),
        _ => None,
    };
    let retries = retries.filter(|retries| *retries <= MAX_RETRIES);
    if retries.is_none() {
        diag.error(value, "a job that fails is run again 0 to 100 times")
            .help("write a whole number, such as `retries = 3`");
    }
    retries
}

/// The type of a process's context.
pub(super) fn context(is_job: bool) -> &'static str {
    if is_job {
        "JobContext"
    } else {
        "ProcessContext"
    }
}

/// How to write it.
pub(super) fn context_help(is_job: bool) -> &'static str {
    if is_job {
        "write `cx: JobContext<Self>`"
    } else {
        "write `cx: ProcessContext<Self>`"
    }
}
