//! What `cx.env()` shows: the process environment, and `.dev.vars` for what it lacks.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::Code;
use crate::rpc::WireError;

/// The file beside the program with variables for development, the same that Workers are developed with.
pub(super) const DEV_VARS: &str = ".dev.vars";

/// The variables of the process whose names and values are text.
pub(super) fn of_process() -> HashMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Adds what a `.dev.vars` file says and `variables` does not.
///
/// # Errors
///
/// `config.invalid` with the number of a line that is no `NAME=value`. Values are never repeated.
pub(super) fn add_file(
    variables: &mut HashMap<String, String>,
    path: &Path,
) -> Result<(), WireError> {
    let invalid = |reason: String| WireError::framework(Code::ConfigInvalid, reason);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(invalid(format!(
                "{} cannot be read: {error}",
                path.display()
            )));
        }
    };
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            let place = format!("{}, line {}", path.display(), number + 1);
            return Err(invalid(format!("{place}: write NAME=value")));
        };
        let value = value.trim();
        let quoted = ['"', '\'']
            .iter()
            .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        let value = quoted.unwrap_or(value).to_owned();
        variables.entry(name.trim().to_owned()).or_insert(value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_fills_what_the_process_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DEV_VARS);
        let mut variables = HashMap::from([("PORT".to_owned(), "1".to_owned())]);
        add_file(&mut variables, &path).unwrap();
        fs::write(&path, "# secrets\nPORT=2\n\nTOKEN = \"a=b\"\nEMPTY=\n").unwrap();
        add_file(&mut variables, &path).unwrap();
        let get = |name: &str| variables.get(name).map(String::as_str);
        assert_eq!(
            (get("PORT"), get("TOKEN"), get("EMPTY")),
            (Some("1"), Some("a=b"), Some(""))
        );
    }

    #[test]
    fn a_bad_line_is_named_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DEV_VARS);
        fs::write(&path, "A=1\nhunter2\n").unwrap();
        let error = add_file(&mut HashMap::new(), &path).unwrap_err();
        assert!(
            error
                .message
                .ends_with(".dev.vars, line 2: write NAME=value"),
            "{}",
            error.message
        );
        assert!(!error.message.contains("hunter2"));
    }
}
