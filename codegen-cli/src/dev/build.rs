//! Building by cargo, and which program came of it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::args::DevArgs;
use crate::error::Error;
use crate::load;

/// A built program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Builds; cargo shows its progress and the compiler's messages on standard error.
pub(super) fn build(args: &DevArgs) -> Result<Program, Error> {
    let mut command = Command::new(load::cargo());
    command.args(["build", "--message-format=json-render-diagnostics"]);
    if let Some(package) = &args.package {
        command.args(["-p", package]);
    }
    match &args.bin {
        Some(bin) => command.args(["--bin", bin]),
        None => command.arg("--bins"),
    };
    if args.release {
        command.arg("--release");
    }
    let spawn = |source| Error::Spawn {
        program: "cargo".into(),
        source,
    };
    let mut cargo = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(spawn)?;
    let mut programs = Vec::new();
    if let Some(stdout) = cargo.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            programs.extend(
                serde_json::from_str::<Value>(&line)
                    .ok()
                    .as_ref()
                    .and_then(program),
            );
        }
    }
    let status = cargo.wait().map_err(spawn)?;
    if !status.success() {
        return Err(Error::Failed {
            command: "cargo build".into(),
            status: status.to_string(),
        });
    }
    choose(programs, args)
}

fn program(message: &Value) -> Option<Program> {
    let target = message.get("target")?;
    let is_bin = target
        .get("kind")?
        .as_array()?
        .iter()
        .any(|kind| kind == "bin");
    if message.get("reason")? != "compiler-artifact" || !is_bin {
        return None;
    }
    let name = target.get("name")?.as_str()?.to_owned();
    Some(Program {
        name,
        path: message.get("executable")?.as_str()?.into(),
    })
}

fn choose(mut programs: Vec<Program>, args: &DevArgs) -> Result<Program, Error> {
    if programs.len() > 1
        && let Some(package) = &args.package
        && let Some(index) = programs.iter().position(|program| program.name == *package)
    {
        return Ok(programs.swap_remove(index));
    }
    if let [_] = programs.as_slice()
        && let Some(program) = programs.pop()
    {
        return Ok(program);
    }
    let names = programs
        .iter()
        .map(|program| program.name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Err(Error::Programs {
        package: args
            .package
            .clone()
            .unwrap_or_else(|| "of this folder".into()),
        count: programs.len(),
        names: if names.is_empty() {
            names
        } else {
            format!(": {names}")
        },
    })
}

impl Program {
    /// Has the program describe itself: the text of its manifest.
    pub(super) fn manifest(&self) -> Result<String, Error> {
        let folder = tempfile::tempdir().map_err(|source| Error::Write {
            path: std::env::temp_dir(),
            source,
        })?;
        let file = folder.path().join("manifest.json");
        let status = Command::new(&self.path)
            .arg("manifest")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(|source| Error::Spawn {
                program: self.path.display().to_string(),
                source,
            })?;
        if !status.success() {
            let command = format!("{} manifest FILE", self.name);
            return Err(Error::Failed {
                command,
                status: status.to_string(),
            });
        }
        std::fs::read_to_string(&file).map_err(|source| Error::Read { path: file, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(names: &[&str]) -> Vec<Program> {
        names
            .iter()
            .map(|&name| Program {
                name: name.into(),
                path: name.into(),
            })
            .collect()
    }

    fn args(package: Option<&str>) -> DevArgs {
        DevArgs {
            package: package.map(str::to_owned),
            bin: None,
            release: false,
            client: None,
            bigint: false,
            workers: false,
            rest: Vec::new(),
        }
    }

    #[test]
    fn only_a_clear_choice_is_made() {
        assert_eq!(choose(programs(&["a"]), &args(None)).unwrap().name, "a");
        assert_eq!(
            choose(programs(&["b", "a"]), &args(Some("a")))
                .unwrap()
                .name,
            "a"
        );
        for (names, package) in [
            (&[][..], None),
            (&["a", "b"], None),
            (&["b", "c"], Some("a")),
        ] {
            assert!(matches!(
                choose(programs(names), &args(package)),
                Err(Error::Programs { .. })
            ));
        }
    }

    #[test]
    fn a_program_is_read_from_cargo_s_messages() {
        let message =
            |text: &str| program(&serde_json::from_str(text).unwrap()).map(|program| program.name);
        let bin = r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"app"},"executable":"/t/app"}"#;
        assert_eq!(message(bin).as_deref(), Some("app"));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"app"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ] {
            assert_eq!(message(other), None);
        }
    }
}
