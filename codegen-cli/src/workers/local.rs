//! A Worker on this machine: how `workerd`, the platform's own runtime, is told to serve it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The date whose behaviour of the platform stayput promises.
pub const COMPATIBILITY_DATE: &str = "2026-10-01";

/// The variable that makes whoever calls from this machine the developer.
pub const DEVELOPER: &str = "STAYPUT_DEVELOPER";

/// A configuration of `workerd` for what [`build`](super::build) has written; it belongs beside it. Its socket is called
/// `http`, its folder of data `disk`; the objects' ids are those of the native program.
pub fn config(app: &str, classes: &[(String, String)], variables: &[(String, String)]) -> String {
    let mut namespaces = String::new();
    let mut bindings = String::new();
    // Writing to a String cannot fail.
    for (path, name) in classes {
        let key = format!("stayput:{app}:{path}");
        let _ = writeln!(
            namespaces,
            "    (className = {}, uniqueKey = {}, enableSql = true),",
            literal(name),
            literal(&key)
        );
    }
    for (name, value) in variables {
        let _ = writeln!(
            bindings,
            "    (name = {}, text = {}),",
            literal(name),
            literal(value)
        );
    }
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .main), (name = "disk", disk = (writable = true)) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const main :Workerd.Worker = (
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "shell.js", esModule = embed "shell.js"),
    (name = "glue.js", esModule = embed "glue.js"),
    (name = "app.wasm", wasm = embed "app.wasm"),
  ],
  compatibilityDate = "{COMPATIBILITY_DATE}",
  bindings = [
{bindings}  ],
  durableObjectNamespaces = [
{namespaces}  ],
  durableObjectStorage = (localDisk = "disk"),
);
"#
    )
}

/// A text of Cap'n Proto's schema language: printable ASCII as it is, all other bytes by number.
fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                literal.push('\\');
                literal.push(char::from(byte));
            }
            b' '..=b'~' => literal.push(char::from(byte)),
            _ => {
                let _ = write!(literal, "\\x{byte:02x}");
            }
        }
    }
    literal.push('"');
    literal
}

/// Looks for `workerd`: among the npm packages of a folder and of those above it, then on the `PATH`.
pub fn find_workerd(folder: &Path) -> Option<PathBuf> {
    let near = folder.ancestors().find_map(of_packages);
    near.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(program("workerd")))
            .find(|program| program.is_file())
    })
}

/// The binary itself: what lies in `.bin` is a script that starts it, and would be stopped in its place.
fn of_packages(folder: &Path) -> Option<PathBuf> {
    let packages = folder.join("node_modules/@cloudflare");
    let mut found = std::fs::read_dir(packages).ok()?.flatten();
    found.find_map(|package| {
        let is_workerd = package.file_name().to_str()?.starts_with("workerd-");
        let program = package.path().join("bin").join(program("workerd"));
        (is_workerd && program.is_file()).then_some(program)
    })
}

fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// What `.dev.vars` says: a variable a line, as wrangler reads it.
pub fn variables(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let line = line.trim();
        let (name, value) = line
            .strip_prefix("export ")
            .unwrap_or(line)
            .split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let quoted = ['"', '\'', '`'].iter().find_map(|&quote| {
            value
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote))
        });
        let sound = !name.is_empty() && !name.starts_with('#');
        sound.then(|| (name.to_owned(), quoted.unwrap_or(value).to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_quotes() {
        assert_eq!(literal("a\"b\\c\nä"), r#""a\"b\\c\x0a\xc3\xa4""#);
    }

    #[test]
    fn variables_are_read_as_wrangler_reads_them() {
        let text = "# a comment\n\nTOKEN = abc=def\nexport NAME=\"two words\"\nSINGLE='x'\n=none\n#OFF=1\nnothing\n";
        let read = variables(text);
        let pairs: Vec<_> = read
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(
            pairs,
            [("TOKEN", "abc=def"), ("NAME", "two words"), ("SINGLE", "x")]
        );
    }

    #[test]
    fn the_nearest_workerd_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        let bin = folder
            .path()
            .join("node_modules/@cloudflare/workerd-linux-64/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir_all(
            folder
                .path()
                .join("node_modules/@cloudflare/kv-asset-handler"),
        )
        .unwrap();
        let binary = bin.join(program("workerd"));
        std::fs::write(&binary, "").unwrap();
        assert_eq!(find_workerd(&inner), Some(binary));
    }
}
