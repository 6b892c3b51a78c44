//! `stayput freeze`: keeps an object as this release stores it, and a test that later releases open it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::args::FreezeArgs;
use crate::document;
use crate::error::Error;
use crate::load::{cargo, check_package_name, text_of_package};
use crate::term;

/// Where the test is, in a package's folder.
const TEST: &str = "tests/frozen.rs";

pub(crate) fn run(args: &FreezeArgs) -> Result<(), Error> {
    if let Some(package) = &args.package {
        check_package_name(package)?;
    }
    let manifest = text_of_package(args.package.as_deref())?;
    let manifest = document::read(&manifest, "the manifest of the package")?;
    let (class, name) = args
        .object
        .split_once('/')
        .ok_or_else(|| no_object(&args.object, "is no object"))?;
    let Some(described) = manifest.classes.get(class) else {
        return Err(Error::NoClass {
            class: class.to_owned(),
            known: manifest.classes.keys().cloned().collect(),
        });
    };
    let version = described.version_of("").unwrap_or(1);
    let file = format!(
        "{class}-{}-v{version}-{}.jsonl",
        plain(name),
        manifest.version
    );
    let file = args.out.join(file);
    if file.exists() {
        return Err(no_object(
            &file.display().to_string(),
            "is there already, and what is frozen stays as it is",
        ));
    }
    let text = export(args)?;
    write(&file, &text)?;
    term::note(&format!("{}: {} bytes", file.display(), text.len()));
    offer_test(&manifest.app, &args.out)
}

fn no_object(what: &str, message: &str) -> Error {
    Error::Argument {
        what: what.to_owned(),
        message: message.to_owned(),
        help: "say `stayput freeze CLASS/NAME`, and another folder with `--out` if need be"
            .to_owned(),
    }
}

/// A name as part of a file's.
fn plain(name: &str) -> String {
    let plain = |char: char| {
        if char.is_ascii_alphanumeric() {
            char
        } else {
            '-'
        }
    };
    name.chars().map(plain).take(40).collect()
}

/// What the program's `export` says.
fn export(args: &FreezeArgs) -> Result<Vec<u8>, Error> {
    let mut command = Command::new(cargo());
    command.args(["run", "--quiet"]);
    command.args(args.package.iter().flat_map(|package| ["-p", package]));
    command.args(["--", "export", &args.object]);
    if let Some(data) = &args.data {
        command.arg("--data").arg(data);
    }
    command.stderr(Stdio::inherit()).stdin(Stdio::null());
    let output = command.output().map_err(|source| Error::Spawn {
        program: "cargo".into(),
        source,
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::Failed {
        command: format!("cargo run -- export {}", args.object),
        status: output.status.to_string(),
    })
}

fn write(file: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write {
        path: file.to_owned(),
        source,
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // As a whole or not at all, and never over one that is there.
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    draft.write_all(text).map_err(failed)?;
    draft
        .persist_noclobber(file)
        .map(drop)
        .map_err(|error| failed(error.error))
}

/// Writes the test beside, if this is a package's folder that has none.
fn offer_test(app: &str, out: &Path) -> Result<(), Error> {
    let test = PathBuf::from(TEST);
    if test.exists() || !Path::new("Cargo.toml").is_file() || !Path::new("src/lib.rs").is_file() {
        return Ok(());
    }
    write(&test, test_text(app, out).as_bytes())?;
    term::note(&format!("{TEST}: opens whatever is frozen"));
    Ok(())
}

fn test_text(app: &str, out: &Path) -> String {
    let krate = app.replace('-', "_");
    let folder = if out.is_absolute() {
        format!("{:?}", out.display().to_string())
    } else {
        format!(
            "concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?})",
            format!("/{}", out.display())
        )
    };
    format!(
        "//! Objects as earlier releases stored them are opened by this one. Written by `stayput freeze`, and yours from here on.\n\n\
         #[test]\n\
         fn every_frozen_object_opens() {{\n    \
         stayput::testing::open_frozen({krate}::app(), {folder});\n\
         }}\n"
    )
}
