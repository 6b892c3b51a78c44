//! `stayput build`: makes the Worker of an app, a folder of JavaScript modules and one wasm file.
//!
//! | File | What it is |
//! |---|---|
//! | `entry.js` | The module to name in the Worker's configuration: one exported class per class of objects, and `fetch`. |
//! | `shell.js` | The JavaScript half of the runtime, as the app's own version of it has it. |
//! | `glue.js` | What connects JavaScript and wasm: a function that makes one instance. |
//! | `app.wasm` | The app. |

mod cargo;
mod entry;
mod error;
mod glue;
pub mod local;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use cargo::{Versions, WASM_BINDGEN};
pub(crate) use entry::{binding_name, exported_name, names_of};
pub use error::BuildError;

use crate::args::BuildArgs;
use crate::error::Error;
use crate::{load, term};

/// What to build.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// The folder to run cargo in.
    pub folder: PathBuf,
    /// The package; cargo's default if left out.
    pub package: Option<String>,
    /// Where to write the modules; made if it is missing.
    pub out: PathBuf,
    /// Let `wasm-opt` make the wasm smaller if it is on the PATH.
    pub optimize: bool,
}

/// What was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The files, in the order of the table above.
    pub files: Vec<PathBuf>,
    /// Class path and the name of the exported class, sorted.
    pub classes: Vec<(String, String)>,
    /// Bytes of the wasm file.
    pub wasm_bytes: u64,
    /// Whether `wasm-opt` worked on it.
    pub optimized: bool,
}

/// The command.
pub(crate) fn run(args: &BuildArgs) -> Result<(), Error> {
    let manifest = load::text_of_package(args.package.as_deref())?;
    let options = BuildOptions {
        folder: PathBuf::from("."),
        package: args.package.clone(),
        out: args.out.clone(),
        optimize: !args.no_opt,
    };
    let built = build(&options, &manifest)?;
    for file in &built.files {
        term::result(&file.display().to_string());
    }
    let classes: Vec<_> = built
        .classes
        .iter()
        .map(|(path, name)| format!("{path} as {name}"))
        .collect();
    let smaller = if built.optimized { ", by wasm-opt" } else { "" };
    term::note(&format!(
        "classes: {}; wasm: {} bytes{smaller}",
        classes.join(", "),
        built.wasm_bytes
    ));
    Ok(())
}

/// Builds the Worker of the app whose manifest's text this is.
pub fn build(options: &BuildOptions, manifest: &str) -> Result<Built, BuildError> {
    let classes = entry::class_names(manifest)?;
    let app = cargo::inspect(&options.folder, options.package.as_deref())?;
    let shell = read(&app.shell)?;
    let wasm = cargo::compile(&options.folder, &app)?;
    let bound = glue::bind(&wasm)?;

    fs::create_dir_all(&options.out).map_err(|source| BuildError::write(&options.out, source))?;
    let file = |name: &str| options.out.join(name);
    let [entry_js, shell_js, glue_js, app_wasm] = [
        file("entry.js"),
        file("shell.js"),
        file("glue.js"),
        file("app.wasm"),
    ];
    write(&entry_js, entry::render(manifest, &classes).as_bytes())?;
    write(&shell_js, shell.as_bytes())?;
    write(&glue_js, bound.javascript.as_bytes())?;
    write(&app_wasm, &bound.wasm)?;
    let optimized = options.optimize && optimize(&app_wasm)?;
    let wasm_bytes = fs::metadata(&app_wasm)
        .map_err(|source| BuildError::read(&app_wasm, source))?
        .len();
    Ok(Built {
        files: vec![entry_js, shell_js, glue_js, app_wasm],
        classes,
        wasm_bytes,
        optimized,
    })
}

/// The folder of a package of the workspace around `folder`.
pub(crate) fn folder_of(folder: &Path, package: Option<&str>) -> Result<PathBuf, BuildError> {
    cargo::folder_of(folder, package)
}

/// The versions that must fit.
pub(crate) fn versions(folder: &Path, package: Option<&str>) -> Result<Versions, BuildError> {
    cargo::versions(folder, package)
}

/// Whether the toolchain compiles for the Workers' machine.
pub(crate) fn has_target(folder: &Path) -> bool {
    cargo::require_target(folder).is_ok()
}

/// Whether there was a `wasm-opt` to do it. What it may use is what the Rust target uses.
fn optimize(wasm: &Path) -> Result<bool, BuildError> {
    let features = [
        "bulk-memory",
        "bulk-memory-opt",
        "call-indirect-overlong",
        "multivalue",
        "mutable-globals",
        "nontrapping-float-to-int",
        "reference-types",
        "sign-ext",
    ];
    let mut command = Command::new("wasm-opt");
    command
        .arg("-Oz")
        .args(features.map(|feature| format!("--enable-{feature}")))
        .arg(wasm)
        .arg("-o")
        .arg(wasm);
    match command.status() {
        Ok(status) if status.success() => Ok(true),
        Ok(status) => Err(BuildError::Failed {
            command: "wasm-opt".to_owned(),
            status: status.to_string(),
        }),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(BuildError::Spawn {
            program: "wasm-opt".to_owned(),
            source,
        }),
    }
}

fn read(path: &Path) -> Result<String, BuildError> {
    fs::read_to_string(path).map_err(|source| BuildError::read(path, source))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    fs::write(path, bytes).map_err(|source| BuildError::write(path, source))
}
