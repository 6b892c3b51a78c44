//! Languages that clients are generated in.

pub(crate) mod typescript;

use crate::args::TsArgs;
use crate::error::Error;
use crate::{check, load, term, write};

/// `stayput client ts`.
pub(crate) fn run_typescript(args: &TsArgs) -> Result<(), Error> {
    let manifest = load::load(&args.from)?;
    let files = typescript::generate(
        &manifest,
        typescript::Options {
            bigint: args.bigint,
        },
    )?;
    if args.check {
        return check::folder(&args.out, &files);
    }
    write::folder(&args.out, &files)?;
    term::note(&format!(
        "wrote the client of {} to {}",
        manifest.app,
        args.out.display()
    ));
    Ok(())
}
