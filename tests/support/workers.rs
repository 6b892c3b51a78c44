//! Apps as Workers, run by the real `workerd`.

#![allow(
    clippy::panic,
    reason = "what cannot be built or started fails the test that asked for it"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use stayput_cli::workers::{BuildOptions, build, local};
use tempfile::TempDir;

use crate::process::{Launch, Server, scratch};

/// A package of this workspace, in both forms.
#[derive(Debug)]
pub struct Built {
    /// The native program.
    pub program: PathBuf,
    /// The Worker.
    pub worker: Worker,
    /// The text of the manifest.
    pub manifest: String,
}

/// A Worker, built.
#[derive(Debug)]
pub struct Worker {
    workerd: PathBuf,
    /// Holds the modules and the configurations.
    folder: TempDir,
    package: String,
    /// Class paths and exported names.
    classes: Vec<(String, String)>,
    /// Its environment, unless it is started `with` another.
    variables: Vec<(String, String)>,
}

/// A way to start a Worker.
#[derive(Debug)]
pub struct Setup<'a> {
    worker: &'a Worker,
    config: PathBuf,
}

/// Builds a package natively and as a Worker.
///
/// # Panics
///
/// When it does not build, or when `workerd` is missing; the message says how to install it.
pub fn both(package: &str) -> Built {
    let kept = once(package);
    let folder = scratch();
    for (path, bytes) in &kept.files {
        let path = folder.path().join(path);
        if let Some(parent) = path.parent() {
            must(fs::create_dir_all(parent), "a folder");
        }
        must(fs::write(path, bytes), "a file of the Worker");
    }
    let worker = Worker {
        workerd: workerd(),
        folder,
        package: package.to_owned(),
        classes: kept.classes.clone(),
        // Whoever calls from this machine is the developer.
        variables: owned(&[(local::DEVELOPER, "1")]),
    };
    worker.configure("config.capnp", None, &worker.variables);
    Built {
        program: kept.program.clone(),
        worker,
        manifest: kept.manifest.clone(),
    }
}

/// What a build made: many tests of one program ask for the same, and even to find that nothing has changed takes seconds.
struct Kept {
    program: PathBuf,
    manifest: String,
    classes: Vec<(String, String)>,
    /// By their paths within the folder.
    files: Vec<(PathBuf, Vec<u8>)>,
}

fn once(package: &str) -> Arc<Kept> {
    static KEPT: Mutex<BTreeMap<String, Arc<Kept>>> = Mutex::new(BTreeMap::new());
    // A build that failed has left nothing behind, and the next test says so again.
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = all.get(package) {
        return kept.clone();
    }
    let kept = Arc::new(make(package));
    all.insert(package.to_owned(), kept.clone());
    kept
}

fn make(package: &str) -> Kept {
    let program = native(package);
    let folder = scratch();
    let file = folder.path().join("manifest.json");
    run(Command::new(&program).arg("manifest").arg(&file));
    let manifest = must(fs::read_to_string(&file), "manifest");
    let options = BuildOptions {
        folder: root(),
        package: Some(package.to_owned()),
        out: folder.path().to_owned(),
        optimize: false,
    };
    let built = match build(&options, &manifest) {
        Ok(built) => built,
        Err(error) => panic!("{error}\n{}", error.help().unwrap_or_default()),
    };
    let mut files = Vec::new();
    read_all(folder.path(), Path::new(""), &mut files);
    Kept {
        program,
        manifest,
        classes: built.classes,
        files,
    }
}

fn read_all(folder: &Path, within: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in must(fs::read_dir(folder.join(within)), "the Worker's folder") {
        let entry = must(entry, "the Worker's folder");
        let path = within.join(entry.file_name());
        if must(entry.file_type(), "a file of the Worker").is_dir() {
            read_all(folder, &path, into);
        } else {
            let bytes = must(fs::read(entry.path()), "a file of the Worker");
            into.push((path, bytes));
        }
    }
}

/// Builds a package's program, in the profile that the test was built in.
///
/// # Panics
///
/// When it does not build.
pub fn native(package: &str) -> PathBuf {
    let test = must(std::env::current_exe(), "this test");
    let folder = test.parent().and_then(Path::parent);
    let Some(folder) = folder else {
        panic!("{} lies nowhere", test.display());
    };
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    run(Command::new(env!("CARGO")).current_dir(root()).args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        package,
        "--profile",
        profile,
    ]));
    folder.join(package)
}

impl Built {
    /// The same, but its Worker has these variables.
    ///
    /// # Panics
    ///
    /// When its configuration cannot be written.
    #[must_use]
    pub fn with_variables(mut self, variables: &[(&str, &str)]) -> Self {
        self.worker.variables.extend(owned(variables));
        let worker = &self.worker;
        worker.configure("config.capnp", None, &worker.variables);
        self
    }
}

/// What leads from one Worker to another.
#[derive(Debug, Clone, Copy)]
pub enum Link<'a> {
    /// A binding of this name to the namespace of this class.
    Class(&'a str, &'a str),
    /// A service binding of this name.
    Service(&'a str),
    /// A variable of this name that holds this URL.
    Url(&'a str, &'a str),
    /// Nothing.
    Nothing,
}

impl Worker {
    /// Its wasm.
    pub fn wasm(&self) -> PathBuf {
        self.folder.path().join("app.wasm")
    }

    /// The Worker alone.
    pub fn alone(&self) -> Setup<'_> {
        Setup {
            worker: self,
            config: self.folder.path().join("config.capnp"),
        }
    }

    /// Another Worker before it, one JavaScript module, which has bindings to it (`MAIN`) and to each class (`TALLY`).
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn behind(&self, name: &str, module: &str) -> Setup<'_> {
        must(fs::write(self.folder.path().join(name), module), name);
        let config = format!("{name}.capnp");
        self.configure(&config, Some(name), &self.variables);
        Setup {
            worker: self,
            config: self.folder.path().join(config),
        }
    }

    /// With another Worker beside it, to which something leads.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn beside(&self, other: &Self, link: Link<'_>) -> Setup<'_> {
        let developer = [(local::DEVELOPER.to_owned(), "1".to_owned())];
        let folder = self.folder.path().join("other");
        must(fs::create_dir_all(&folder), "folder");
        for file in ["entry.js", "shell.js", "glue.js", "app.wasm"] {
            must(
                fs::copy(other.folder.path().join(file), folder.join(file)),
                file,
            );
        }
        let (kind, binding) = match link {
            Link::Class(name, class) => (
                "class",
                format!(
                    "(name = \"{name}\", durableObjectNamespace = (className = \"{class}\", serviceName = \"other\")),"
                ),
            ),
            Link::Service(name) => (
                "service",
                format!("(name = \"{name}\", service = \"other\"),"),
            ),
            Link::Url(name, url) => ("url", format!("(name = \"{name}\", text = \"{url}\"),")),
            Link::Nothing => ("nothing", String::new()),
        };
        let second = local::config(&other.package, &other.classes, &developer);
        let (_, second) = second.split_once("const main").unwrap_or_default();
        let text = local::config(&self.package, &self.classes, &developer)
            .replace("bindings = [", &format!("bindings = [ {binding}"))
            .replace(
                "services = [",
                // Out of the box no Worker reaches this machine.
                "services = [ (name = \"other\", worker = .other),
                  (name = \"internet\", network = (allow = [\"local\", \"private\", \"public\"])),",
            );
        let second = second.replace("embed \"", "embed \"other/");
        let config = self.folder.path().join(format!("{kind}.capnp"));
        must(
            fs::write(&config, format!("{text}\nconst other{second}")),
            "config",
        );
        Setup {
            worker: self,
            config,
        }
    }

    /// With a Worker in JavaScript beside it, and a binding to a class of Durable Objects in there.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn beside_script(&self, binding: &str, class: &str, module: &str) -> Setup<'_> {
        must(
            fs::write(self.folder.path().join("script.js"), module),
            "script.js",
        );
        let developer = [(local::DEVELOPER.to_owned(), "1".to_owned())];
        let text = local::config(&self.package, &self.classes, &developer)
            .replace(
                "bindings = [",
                &format!(
                    "bindings = [ (name = \"{binding}\", \
                     durableObjectNamespace = (className = \"{class}\", serviceName = \"script\")),"
                ),
            )
            .replace(
                "services = [",
                "services = [ (name = \"script\", worker = .script),",
            );
        let script = format!(
            r#"
const script :Workerd.Worker = (
  modules = [ (name = "script.js", esModule = embed "script.js") ],
  compatibilityDate = "{}",
  durableObjectNamespaces = [ (className = "{class}", uniqueKey = "{class}", enableSql = true) ],
  durableObjectStorage = (localDisk = "disk"),
);
"#,
            local::COMPATIBILITY_DATE
        );
        let config = self.folder.path().join("script.capnp");
        must(fs::write(&config, text + &script), "config");
        Setup {
            worker: self,
            config,
        }
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// As [`Launch::start`].
    pub fn start(&self, data: &Path) -> Server {
        self.alone().start(data)
    }

    /// The Worker alone, with these variables, and allowed to fetch from this machine.
    ///
    /// # Panics
    ///
    /// When its configuration cannot be written.
    pub fn with(&self, variables: &[(&str, &str)]) -> Setup<'_> {
        self.configure("with.capnp", None, &owned(variables));
        let config = self.folder.path().join("with.capnp");
        let text = must(fs::read_to_string(&config), "config");
        let network = "services = [ (name = \"internet\", network = (allow = [\"private\"])),";
        must(
            fs::write(&config, text.replace("services = [", network)),
            "config",
        );
        Setup {
            worker: self,
            config,
        }
    }

    fn configure(&self, file: &str, front: Option<&str>, variables: &[(String, String)]) {
        let mut text = local::config(&self.package, &self.classes, variables);
        if let Some(module) = front {
            let mut bindings = String::new();
            for (path, name) in &self.classes {
                let binding = path.replace('-', "_").to_ascii_uppercase();
                // Writing to a String cannot fail.
                let _ = writeln!(
                    bindings,
                    "    (name = \"{binding}\", durableObjectNamespace = (className = \"{name}\", serviceName = \"main\")),"
                );
            }
            text = text
                .replace("service = \"main\"", "service = \"front\"")
                .replace(
                    "services = [",
                    "services = [ (name = \"front\", worker = .front),",
                );
            let _ = write!(
                text,
                "
const front :Workerd.Worker = (
  modules = [ (name = \"{module}\", esModule = embed \"{module}\") ],
  compatibilityDate = \"{}\",
  bindings = [
    (name = \"MAIN\", service = \"main\"),
{bindings}  ],
);
",
                local::COMPATIBILITY_DATE
            );
        }
        must(fs::write(self.folder.path().join(file), text), file);
    }
}

impl Setup<'_> {
    /// Runs `act` with what starts it on this folder of data.
    ///
    /// # Panics
    ///
    /// When the folder cannot be made.
    pub fn launch<R>(&self, data: &Path, act: impl FnOnce(&Launch<'_>) -> R) -> R {
        must(fs::create_dir_all(data), "data folder");
        let config = self.config.to_string_lossy();
        let arguments = [
            "serve",
            &config,
            "--socket-addr=http={listen}",
            "--directory-path=disk={data}",
        ];
        act(&Launch {
            arguments: &arguments,
            ..Launch::new(&self.worker.workerd, data)
        })
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// As [`Launch::start`].
    pub fn start(&self, data: &Path) -> Server {
        self.launch(data, |launch| launch.start().0)
    }
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.iter().map(owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn must<T>(result: std::io::Result<T>, what: &str) -> T {
    result.unwrap_or_else(|fault| panic!("{what}: {fault}"))
}

fn run(command: &mut Command) {
    let status = command
        .status()
        .unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    assert!(status.success(), "{command:?} ended with {status}");
}

/// The platform's runtime.
///
/// # Panics
///
/// When it is missing; the message says how to install it.
pub fn workerd() -> PathBuf {
    let packages = root().join("tests/node");
    let found = local::find_workerd(&packages);
    found.unwrap_or_else(|| panic!("workerd is not installed: run `npm ci --prefix tests/node`"))
}
