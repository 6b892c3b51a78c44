//! Where manifests come from: a file, a running app, or a package that is built to write its own.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::document::{self, Manifest};
use crate::error::Error;
use crate::http;

/// How long a running app may take to send its manifest.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the manifest that `--from` names.
pub(crate) fn load(from: &str) -> Result<Manifest, Error> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return from_url(from);
    }
    let path = Path::new(from);
    let looks_like_a_file = from.contains(['/', '\\']) || has_json_extension(path);
    if looks_like_a_file || path.is_file() {
        return from_file(path);
    }
    from_package(from)
}

/// Reads a manifest file.
pub(crate) fn from_file(path: &Path) -> Result<Manifest, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let origin = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|error| Error::Syntax {
        origin: origin.clone(),
        line: 1,
        column: error.utf8_error().valid_up_to() + 1,
        message: "the file is not UTF-8".into(),
    })?;
    document::read(&text, &origin)
}

fn from_url(from: &str) -> Result<Manifest, Error> {
    let url = manifest_url(from);
    let answer = http::get(&url, &[], TIMEOUT)?;
    if answer.status != 200 {
        let message = "expected 200 and the manifest".into();
        return Err(Error::BadAnswer {
            url,
            status: answer.status,
            message,
        });
    }
    document::read(&answer.body, &url)
}

/// The manifest's URL, given that or the app's root.
pub(crate) fn manifest_url(from: &str) -> String {
    if has_json_extension(Path::new(from)) {
        from.to_owned()
    } else {
        format!("{}/manifest.json", from.trim_end_matches('/'))
    }
}

fn has_json_extension(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn from_package(package: &str) -> Result<Manifest, Error> {
    let text = text_of_package(Some(package))?;
    document::read(&text, &format!("the manifest of package {package}"))
}

/// The manifest as a package writes it; cargo's default package if none is named.
pub(crate) fn text_of_package(package: Option<&str>) -> Result<String, Error> {
    package.map_or(Ok(()), check_package_name)?;
    let package: Vec<&str> = package
        .into_iter()
        .flat_map(|package| ["-p", package])
        .collect();
    let folder = tempfile::tempdir().map_err(|source| Error::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let file = folder.path().join("manifest.json");
    let mut command = Command::new(cargo());
    command
        .args(["run", "--quiet"])
        .args(&package)
        .args(["--", "manifest"])
        .arg(&file);
    // The app's own words belong to the person at the terminal, not to whatever reads our output.
    command.stdout(Stdio::null()).stdin(Stdio::null());
    let status = command.status().map_err(|source| Error::Spawn {
        program: "cargo".into(),
        source,
    })?;
    if !status.success() {
        return Err(Error::Failed {
            command: format!("cargo run {} -- manifest FILE", package.join(" ")),
            status: status.to_string(),
        });
    }
    std::fs::read_to_string(&file).map_err(|source| Error::Read { path: file, source })
}

/// A package name goes to cargo as an argument; nothing else may look like one.
pub(crate) fn check_package_name(package: &str) -> Result<(), Error> {
    let allowed = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
    if package.is_empty() || package.starts_with('-') || !package.chars().all(allowed) {
        return Err(Error::Argument {
            what: package.to_owned(),
            message: "is no file, no URL and no package name".into(),
            help: "give a manifest file, http://host:port or the name of a cargo package".into(),
        });
    }
    Ok(())
}

/// The cargo that called us, or the one on the PATH.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
