//! A program without an authenticator does not open itself to the network.

use std::process::{Command, Stdio};
use std::time::Duration;

use support::process::{Launch, scratch};

use crate::{alone, program};

#[test]
fn no_open_listener_without_authenticator() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8787"] {
        let variables = [("STAYPUT_LISTEN", listen)];
        let mut server = Launch {
            variables: &variables,
            ..Launch::new(program(), &data)
        }
        .spawn()
        .unwrap();
        let status = server.wait(Duration::from_secs(10)).unwrap();
        let said = server.errors();
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(2),
            "{listen}: {status:?} {said}"
        );
        assert!(
            said.contains("authenticator"),
            "{listen}: does not say why: {said}"
        );
        assert!(
            !data.join("stayput.json").exists(),
            "{listen}: a data folder was made all the same"
        );
    }
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let _alone = alone();
    let folder = scratch();
    let cases = [
        ("STAYPUT_LISTEN", "nowhere"),
        ("STAYPUT_THREADS", "0"),
        ("STAYPUT_THREADS", "many"),
        ("STAYPUT_OUTBOUND_ALLOW", "10.0.0.0/33"),
    ];
    for (variable, value) in cases {
        let output = Command::new(program())
            .env("STAYPUT_DATA", folder.path().join("data"))
            .env("STAYPUT_LISTEN", "127.0.0.1:0")
            .env(variable, value)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {said}");
        assert!(
            said.contains(variable),
            "{variable}={value} is not named: {said}"
        );
        assert!(!said.contains("panicked"), "{variable}={value}: {said}");
    }
}
