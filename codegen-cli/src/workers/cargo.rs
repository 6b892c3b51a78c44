//! What cargo knows of the app, and how it compiles it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::BuildError;

/// The version that both halves of the generated code are of.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";

const TARGET: &str = "wasm32-unknown-unknown";

/// What a Worker is compiled with unless the app's workspace says otherwise: size is start-up time, and a panic ends
/// the instance either way.
/// One setting each: cargo takes no inline tables here.
const PROFILE: [&str; 6] = [
    "profile.worker.inherits=\"release\"",
    "profile.worker.codegen-units=1",
    "profile.worker.lto=\"fat\"",
    "profile.worker.opt-level=\"z\"",
    "profile.worker.panic=\"abort\"",
    "profile.worker.strip=\"debuginfo\"",
];

/// Bytes of stack. It lies first in the instance's memory, so that running over it traps; every object has one.
const STACK: u32 = 262_144;

/// The app to compile.
pub(super) struct App {
    package: String,
    /// The JavaScript half of the runtime that the app links.
    pub(super) shell: PathBuf,
    /// The manifest of its workspace.
    workspace: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    #[serde(default)]
    workspace_default_members: Vec<String>,
    workspace_members: Vec<String>,
    resolve: Option<Resolve>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// One line of cargo's messages.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    #[serde(default)]
    package_id: String,
}

/// Finds the package, its runtime and the versions that must fit.
pub(super) fn inspect(folder: &Path, package: Option<&str>) -> Result<App, BuildError> {
    require_target(folder)?;
    let mut command = cargo(folder);
    command.args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        TARGET,
    ]);
    let text = output(&mut command, "cargo metadata")?;
    let metadata = Metadata::read(&text)?;
    let app = metadata.pick(package, folder)?;
    if !app.has_library() {
        return Err(BuildError::NoLibrary {
            package: app.name.clone(),
        });
    }
    let used = metadata.closure(&app.id);
    let runtime = used
        .iter()
        .find(|package| package.name == "stayput")
        .ok_or_else(|| BuildError::NoRuntime {
            package: app.name.clone(),
        })?;
    if let Some(other) = used
        .iter()
        .find(|package| package.name == "wasm-bindgen" && package.version != WASM_BINDGEN)
    {
        return Err(BuildError::WasmBindgen {
            found: other.version.clone(),
            expected: WASM_BINDGEN,
        });
    }
    Ok(App {
        package: app.id.clone(),
        shell: runtime
            .manifest_path
            .with_file_name("src/backend/workers/shell.js"),
        workspace: metadata.workspace_root.join("Cargo.toml"),
    })
}

/// The versions that an app is built with, as far as it has them.
pub(crate) struct Versions {
    pub(crate) stayput: Option<String>,
    pub(crate) wasm_bindgen: Option<String>,
}

/// The versions that must fit those of this command.
pub(super) fn versions(folder: &Path, package: Option<&str>) -> Result<Versions, BuildError> {
    let mut command = cargo(folder);
    command.args(["metadata", "--format-version", "1"]);
    command.args(["--filter-platform", TARGET]);
    let metadata = Metadata::read(&output(&mut command, "cargo metadata")?)?;
    let used = metadata.closure(&metadata.pick(package, folder)?.id);
    let version = |name: &str| {
        let package = used.iter().find(|package| package.name == name)?;
        Some(package.version.clone())
    };
    Ok(Versions {
        stayput: version("stayput"),
        wasm_bindgen: version("wasm-bindgen"),
    })
}

/// The folder of a package of this workspace.
pub(super) fn folder_of(folder: &Path, package: Option<&str>) -> Result<PathBuf, BuildError> {
    let mut command = cargo(folder);
    command.args(["metadata", "--format-version", "1", "--no-deps"]);
    let metadata = Metadata::read(&output(&mut command, "cargo metadata")?)?;
    let mut path = metadata.pick(package, folder)?.manifest_path.clone();
    path.pop();
    Ok(path)
}

/// Compiles the package's library to wasm and says where it is.
pub(super) fn compile(folder: &Path, app: &App) -> Result<PathBuf, BuildError> {
    let mut command = cargo(folder);
    command.args([
        "rustc",
        "--lib",
        "--crate-type",
        "cdylib",
        "--target",
        TARGET,
        "--profile",
        "worker",
    ]);
    command.args([
        "--message-format",
        "json-render-diagnostics",
        "--package",
        &app.package,
    ]);
    if !defines_profile(&app.workspace)? {
        command.args(profile());
    }
    command.args(["--", "-C", &format!("link-arg=-zstack-size={STACK}")]);
    let messages = output(&mut command, "cargo rustc --target wasm32-unknown-unknown")?;
    let of_app = |message: &Message| {
        message.reason == "compiler-artifact" && message.package_id == app.package
    };
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(of_app)
        .flat_map(|message| message.filenames)
        .find(|file| {
            file.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .ok_or_else(|| BuildError::Answer {
            command: "cargo rustc".to_owned(),
            message: "it names no wasm file".to_owned(),
        })
}

impl Metadata {
    fn read(text: &[u8]) -> Result<Self, BuildError> {
        serde_json::from_slice(text).map_err(|fault| BuildError::Answer {
            command: "cargo metadata".to_owned(),
            message: fault.to_string(),
        })
    }

    fn pick(&self, wanted: Option<&str>, folder: &Path) -> Result<&Package, BuildError> {
        let members = || {
            self.packages
                .iter()
                .filter(|package| self.workspace_members.contains(&package.id))
        };
        let missing = |message: String| BuildError::Package { message };
        if let Some(name) = wanted {
            return members()
                .find(|package| package.name == name)
                .ok_or_else(|| missing(format!("there is no package `{name}` in this workspace")));
        }
        let here = folder
            .canonicalize()
            .unwrap_or_else(|_| folder.to_owned())
            .join("Cargo.toml");
        let mut defaults =
            members().filter(|package| self.workspace_default_members.contains(&package.id));
        if let Some(package) = members().find(|package| package.manifest_path == here) {
            return Ok(package);
        }
        match (defaults.next(), defaults.next()) {
            (Some(package), None) => Ok(package),
            _ => Err(missing("the workspace has several packages".to_owned())),
        }
    }

    /// A package and all it depends on.
    fn closure(&self, root: &str) -> Vec<&Package> {
        let nodes = self
            .resolve
            .as_ref()
            .map_or(&[][..], |resolve| &resolve.nodes);
        let mut reached = vec![root];
        let mut next = 0;
        while let Some(id) = reached.get(next).copied() {
            next += 1;
            for dependency in nodes
                .iter()
                .filter(|node| node.id == id)
                .flat_map(|node| &node.dependencies)
            {
                if !reached.contains(&dependency.as_str()) {
                    reached.push(dependency);
                }
            }
        }
        self.packages
            .iter()
            .filter(|package| reached.contains(&package.id.as_str()))
            .collect()
    }
}

impl Package {
    fn has_library(&self) -> bool {
        let kinds = ["lib", "rlib", "cdylib", "dylib"];
        self.targets.iter().any(|target| {
            target
                .kind
                .iter()
                .any(|kind| kinds.contains(&kind.as_str()))
        })
    }
}

/// A target that is not there makes cargo say that it cannot find `core`, which helps nobody.
pub(super) fn require_target(folder: &Path) -> Result<(), BuildError> {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command
        .current_dir(folder)
        .args(["--print", "target-libdir", "--target", TARGET]);
    let folder = output(&mut command, "rustc --print target-libdir")?;
    let there = Path::new(String::from_utf8_lossy(&folder).trim()).is_dir();
    if there {
        Ok(())
    } else {
        Err(BuildError::NoTarget)
    }
}

/// The profile, for an app whose workspace defines none.
fn profile() -> impl Iterator<Item = &'static str> {
    PROFILE.iter().flat_map(|setting| ["--config", *setting])
}

fn defines_profile(workspace: &Path) -> Result<bool, BuildError> {
    Ok(super::read(workspace)?
        .lines()
        .any(|line| line.trim() == "[profile.worker]"))
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// What a program writes to standard output; what it writes to standard error is shown as it comes.
fn output(command: &mut Command, name: &str) -> Result<Vec<u8>, BuildError> {
    let spawn = |source| BuildError::Spawn {
        program: name.to_owned(),
        source,
    };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(spawn)?;
    let mut text = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut text).map_err(spawn)?;
    }
    let status = child.wait().map_err(spawn)?;
    if status.success() {
        Ok(text)
    } else {
        Err(BuildError::Failed {
            command: name.to_owned(),
            status: status.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(package: Option<&str>) -> BuildError {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        match inspect(&workspace, package) {
            Ok(app) => panic!("{} was taken", app.package),
            Err(error) => error,
        }
    }

    #[test]
    fn what_cannot_be_a_worker_is_refused_by_name() {
        let error = refused(Some("nobody"));
        assert!(error.to_string().contains("`nobody`"), "{error}");
        let error = refused(None);
        assert!(error.to_string().contains("several packages"), "{error}");
        let no_library = refused(Some("stayput-macros"));
        assert!(
            matches!(&no_library, BuildError::NoLibrary { package } if package == "stayput-macros")
        );
        let no_runtime = refused(Some("stayput-cli"));
        assert!(
            matches!(&no_runtime, BuildError::NoRuntime { package } if package == "stayput-cli")
        );
    }

    #[test]
    fn the_version_is_that_of_the_runtime() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let pins = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
        assert!(pins.contains(&format!("wasm-bindgen = \"={WASM_BINDGEN}\"")));
        let app = inspect(&workspace, Some("counter")).unwrap();
        assert!(app.shell.is_file(), "{}", app.shell.display());
    }

    #[test]
    fn a_package_has_a_folder() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = folder_of(&workspace, Some("counter")).unwrap();
        assert!(folder.ends_with("examples/counter"), "{}", folder.display());
        assert!(folder_of(&workspace, None).is_err());
    }

    #[test]
    fn cargo_takes_the_profile() {
        let mut command = cargo(Path::new(env!("CARGO_MANIFEST_DIR")));
        command
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .args(profile());
        output(&mut command, "cargo metadata").unwrap();
    }
}
