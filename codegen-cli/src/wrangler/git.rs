//! What a file said when it was last committed.

use std::path::Path;
use std::process::{Command, Stdio};

/// The committed text of a file. None without git, outside of a repository, and for a file that is new there.
pub(super) fn committed(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let output = Command::new("git")
        .current_dir(folder)
        .args(["show", &format!("HEAD:./{name}")])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}
