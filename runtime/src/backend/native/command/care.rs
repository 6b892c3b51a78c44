//! The commands about the data folder.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::flags::Flags;
use super::{Failure, follow, say};
use crate::app::App;
use crate::backend::native::store::care::{self, Address, Fault, Import};

/// `export CLASS/NAME`: writes an object to standard output.
pub(super) fn export(app: &App, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let data = flags.data();
    let [object] = flags.rest("export CLASS/NAME [--data DIR] > FILE")?;
    let address = Address::parse(&object).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let written = care::export(&data, app, &address, &mut out).map_err(Failure::failed)?;
    out.flush().map_err(Failure::failed)?;
    tell(format_args!(
        "{address}: {} records, {} rows",
        written.records, written.rows
    ));
    Ok(ExitCode::SUCCESS)
}

/// `import FILE`: takes an object in; `-` is standard input.
pub(super) fn import(app: &App, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let data = flags.data();
    let rename = flags.value("as");
    let rename = rename.as_deref().map(Address::parse).transpose();
    let rename = rename.map_err(|error| Failure::Usage(error.to_string()))?;
    let replace = flags.has("replace");
    let [file] = flags.rest("import FILE [--as CLASS/NAME] [--replace] [--data DIR]")?;
    let from: Box<dyn BufRead> = if file == "-" {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(&file)
            .map_err(|error| Failure::Failed(format!("cannot read {file}: {error}")))?;
        Box::new(BufReader::new(opened))
    };
    let import = Import {
        folder: &data,
        rename: rename.as_ref(),
        replace,
    };
    let imported = import.run(app, from).map_err(Failure::failed)?;
    say(format_args!(
        "{} {}: {} records, {} rows",
        if imported.replaced {
            "replaced"
        } else {
            "imported"
        },
        imported.object,
        imported.records,
        imported.rows
    ));
    Ok(ExitCode::SUCCESS)
}

/// `verify`: whether the data folder is sound.
pub(super) fn verify(app: &App, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let data = flags.data();
    let json = flags.has("json");
    let salvage = flags.value("salvage");
    let [] = flags.rest("verify [--json] [--salvage DIR] [--data DIR]")?;
    if let Some(target) = salvage {
        let salvaged = care::salvage(&data, app, target.as_ref()).map_err(Failure::failed)?;
        let count = format!("{} objects are in {target}", salvaged.objects);
        return conclude(
            json,
            &salvaged,
            &salvaged.lost,
            &format!("{count}: {} losses", salvaged.lost.len()),
        );
    }
    let report = care::verify(&data, app).map_err(Failure::failed)?;
    let count = format!(
        "{} files, {} objects, {} records: {} faults",
        report.files,
        report.objects,
        report.records,
        report.faults.len()
    );
    conclude(json, &report, &report.faults, &count)
}

/// Says what was found: as one document, or a line for each fault and one for all.
fn conclude(
    json: bool,
    document: &impl Serialize,
    faults: &[Fault],
    count: &str,
) -> Result<ExitCode, Failure> {
    if json {
        let text = serde_json::to_string(document).map_err(Failure::failed)?;
        say(format_args!("{text}"));
    } else {
        for fault in faults {
            match &fault.object {
                Some(object) => say(format_args!("{}: {object}: {}", fault.file, fault.reason)),
                None => say(format_args!("{}: {}", fault.file, fault.reason)),
            }
        }
        say(format_args!("{count}"));
    }
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// `backup DIR`: a copy of the data folder.
pub(super) fn backup(app: &App, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let data = flags.data();
    if flags.has("follow") {
        return follow::run(app, &data, flags);
    }
    let [target] = flags.rest("backup DIR [--follow] [--data DIR]")?;
    let copied = care::backup(&data, app, target.as_ref()).map_err(Failure::failed)?;
    say(format_args!("{target}: {} files", copied.files));
    Ok(ExitCode::SUCCESS)
}

/// `restore DIR --data NEW`: a data folder out of a backup.
pub(super) fn restore(app: &App, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let data = flags.data();
    let [from] = flags.rest("restore DIR --data NEW")?;
    let copied = care::restore(from.as_ref(), app, &data).map_err(Failure::failed)?;
    say(format_args!("{}: {} files", data.display(), copied.files));
    Ok(ExitCode::SUCCESS)
}

/// Says something beside what is written to standard output.
fn tell(line: std::fmt::Arguments<'_>) {
    // Nobody has to hear it.
    drop(writeln!(io::stderr(), "{line}"));
}
