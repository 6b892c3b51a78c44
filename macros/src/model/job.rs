//! A process that is run as a job or as a workflow: calls of it only begin it.

use syn::{Expr, Ident, Lit, Path};

use super::action::Mode;
use crate::attrs::action::ActionArgs;
use crate::attrs::literal;
use crate::diag::Diag;

/// What is said of a job.
pub(crate) struct Job {
    /// The word `job` or `workflow`.
    pub(crate) at: Path,
    pub(crate) kind: Kind,
    /// How often one that fails is run again.
    pub(crate) retries: u32,
}

/// How a process is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its caller waits for it.
    Process,
    /// Nobody does.
    Job,
    /// The same, and what it does is kept step by step.
    Workflow,
}

impl Kind {
    pub(super) fn of(args: &ActionArgs) -> Self {
        match (&args.job, &args.workflow) {
            (_, Some(_)) => Self::Workflow,
            (Some(_), None) => Self::Job,
            (None, None) => Self::Process,
        }
    }

    /// The type of its context.
    pub(super) fn context(self) -> &'static str {
        match self {
            Self::Process => "ProcessContext",
            Self::Job => "JobContext",
            Self::Workflow => "Workflow",
        }
    }

    /// For messages.
    pub(super) fn article(self) -> &'static str {
        match self {
            Self::Process => "a process",
            Self::Job => "a job",
            Self::Workflow => "a workflow",
        }
    }

    /// How to write the context.
    pub(super) fn context_help(self) -> &'static str {
        match self {
            Self::Process => "write `cx: ProcessContext<Self>`",
            Self::Job => "write `cx: JobContext<Self>`",
            Self::Workflow => "write `flow: Workflow<Self>`",
        }
    }
}

/// How often, if nothing is said.
const RETRIES: u32 = 3;
/// How often may be said.
const MAX_RETRIES: u32 = 100;

/// Reads `job, retries = 3` or `workflow` of an action.
pub(super) fn read(
    args: &mut ActionArgs,
    action: &Ident,
    (mode, streams): (Mode, bool),
    diag: &mut Diag,
) -> Option<Job> {
    let kind = Kind::of(args);
    let (job, retries) = (args.job.take(), args.retries.take());
    if let (Some(job), Some(_)) = (&job, &args.workflow) {
        diag.error(job, format!("workflow `{action}` is a job anyway"))
            .help("remove `job`");
    }
    let Some(at) = args.workflow.take().or(job) else {
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
    Some(Job { at, kind, retries })
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
