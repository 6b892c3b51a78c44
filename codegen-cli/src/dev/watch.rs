//! What a build depends on, and whether it changed. Times are polled: it works on every file system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;

use crate::error::Error;
use crate::load;

/// Files that are source wherever they lie in a package.
const EXTENSIONS: &[&str] = &["rs", "sql", "toml"];
/// Folders that hold no source.
const SKIPPED: &[&str] = &["node_modules", "target"];
/// A tree deeper than this is walked no further: a link may lead back into itself.
const DEPTH: usize = 24;

/// Each file's time and length.
pub(super) type Stamp = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Where to look.
#[derive(Debug)]
pub(super) struct Sources {
    folders: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Sources {
    /// The packages of the workspace we are in.
    pub(super) fn of_workspace() -> Result<Self, Error> {
        let output = Command::new(load::cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(std::process::Stdio::inherit())
            .output()
            .map_err(|source| Error::Spawn {
                program: "cargo".into(),
                source,
            })?;
        if !output.status.success() {
            let status = output.status.to_string();
            return Err(Error::Failed {
                command: "cargo metadata".into(),
                status,
            });
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let mut sources = Self {
            folders: BTreeSet::new(),
            files: BTreeSet::new(),
        };
        if let Some(root) = metadata["workspace_root"].as_str().map(Path::new) {
            sources
                .files
                .extend([root.join("Cargo.toml"), root.join("Cargo.lock")]);
        }
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let manifest = package["manifest_path"].as_str().map(Path::new);
            sources
                .folders
                .extend(manifest.and_then(Path::parent).map(Path::to_owned));
        }
        Ok(sources)
    }

    /// Adds what the compiler read for this program, packages outside the workspace included.
    pub(super) fn add_dependencies(&mut self, program: &Path) {
        if let Ok(text) = std::fs::read_to_string(program.with_extension("d")) {
            self.files.extend(dependencies(&text));
        }
    }

    /// The state of all of it.
    pub(super) fn stamp(&self) -> Stamp {
        let mut stamp = Stamp::new();
        for file in &self.files {
            add(&mut stamp, file.clone());
        }
        for folder in &self.folders {
            walk(&mut stamp, folder, DEPTH);
        }
        stamp
    }
}

/// The right side of a Makefile rule; a space in a name is escaped by a backslash.
fn dependencies(rule: &str) -> Vec<PathBuf> {
    let Some((_, list)) = rule.lines().next().unwrap_or_default().split_once(": ") else {
        return Vec::new();
    };
    let joined = list.replace("\\ ", "\0");
    joined
        .split_whitespace()
        .map(|name| PathBuf::from(name.replace('\0', " ")))
        .collect()
}

fn add(stamp: &mut Stamp, file: PathBuf) {
    let data = std::fs::metadata(&file).ok();
    let state = data.map_or((None, 0), |data| (data.modified().ok(), data.len()));
    stamp.insert(file, state);
}

fn walk(stamp: &mut Stamp, folder: &Path, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || SKIPPED.contains(&name.as_ref()) {
            continue;
        }
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(stamp, &path, depth);
        } else if path
            .extension()
            .and_then(|text| text.to_str())
            .is_some_and(|text| EXTENSIONS.contains(&text))
        {
            add(stamp, path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_lists_what_was_read() {
        let rule = "/t/app: /src/main.rs /src/a\\ b.rs\n\n/src/main.rs:\n";
        assert_eq!(
            dependencies(rule),
            [PathBuf::from("/src/main.rs"), PathBuf::from("/src/a b.rs")]
        );
        assert_eq!(dependencies(""), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_changed_a_new_and_a_removed_file_are_seen_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("src/lib.rs", "a");
        let sources = Sources {
            folders: [folder.path().to_owned()].into(),
            files: BTreeSet::new(),
        };
        let first = sources.stamp();
        write("target/x.rs", "x");
        write("src/.#lib.rs", "x");
        write("web/client.ts", "x");
        assert_eq!(sources.stamp(), first);
        write("src/lib.rs", "ab");
        let changed = sources.stamp();
        assert_ne!(changed, first);
        write("src/new.rs", "");
        let grown = sources.stamp();
        assert_ne!(grown, changed);
        std::fs::remove_file(folder.path().join("src/new.rs")).unwrap();
        assert_eq!(sources.stamp(), changed);
    }
}
