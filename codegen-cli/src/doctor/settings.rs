//! The settings of the native program: where it keeps what it stores, and who can reach it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;

use super::Finding;

/// Looks at them, as they are in this environment.
pub(super) fn look(variable: &dyn Fn(&str) -> Option<String>) -> Vec<Finding> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let data = set("STAYPUT_DATA").unwrap_or_else(|| ".stayput".to_owned());
    let listen = set("STAYPUT_LISTEN").unwrap_or_else(|| "127.0.0.1:8787".to_owned());
    vec![folder(Path::new(&data)), address(&listen)]
}

fn folder(path: &Path) -> Finding {
    let (shown, check) = (path.display(), "data folder");
    let help = "name a folder that the program may write with STAYPUT_DATA";
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => {
            Finding::fault(check, format!("{shown} is no folder"), help)
        }
        Ok(_) => match tempfile::tempfile_in(path) {
            Ok(_) => Finding::ok(check, format!("{shown} can be written")),
            Err(error) => {
                Finding::fault(check, format!("{shown} cannot be written: {error}"), help)
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let near = parent
                .unwrap_or(Path::new("."))
                .ancestors()
                .find(|folder| folder.is_dir());
            match tempfile::tempfile_in(near.unwrap_or(Path::new("."))) {
                Ok(_) => Finding::ok(check, format!("{shown} will be made at the first start")),
                Err(error) => {
                    Finding::fault(check, format!("{shown} cannot be made: {error}"), help)
                }
            }
        }
        Err(error) => Finding::fault(check, format!("{shown} cannot be read: {error}"), help),
    }
}

fn address(listen: &str) -> Finding {
    let check = "address";
    let host = listen.rsplit_once(':').map_or("", |(host, _)| host);
    let parsed = listen.parse::<SocketAddr>();
    let is_loopback = host == "localhost"
        || parsed
            .as_ref()
            .is_ok_and(|address| address.ip().is_loopback());
    if is_loopback {
        return Finding::ok(check, format!("{listen} is reached from this machine only"));
    }
    if parsed.is_err() && host.is_empty() {
        let message = format!("STAYPUT_LISTEN is {listen:?}, which is no address and port");
        return Finding::fault(check, message, "write one such as 127.0.0.1:8787");
    }
    Finding::warning(
        check,
        format!(
            "{listen} is reached from other machines: without an authenticator the program does not start"
        ),
        "listen on 127.0.0.1:8787 behind a proxy of yours, or see that the app has an authenticator",
    )
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (listen, state) in [
            ("127.0.0.1:8787", State::Ok),
            ("[::1]:80", State::Ok),
            ("localhost:1", State::Ok),
            ("0.0.0.0:8787", State::Warning),
            ("example.org:80", State::Warning),
            ("8787", State::Fault),
        ] {
            assert_eq!(address(listen).state, state, "{listen}");
        }
    }

    #[test]
    fn a_data_folder_is_one_that_can_be_written() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(folder(scratch.path()).state, State::Ok);
        assert_eq!(folder(&scratch.path().join("a/b")).state, State::Ok);
        assert_eq!(folder(&file).state, State::Fault);
        assert_eq!(folder(&file.join("below")).state, State::Fault);
        assert!(std::fs::read_dir(scratch.path()).unwrap().count() == 1);
    }
}
