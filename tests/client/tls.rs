//! The same over TLS: a certificate that the system trusts, and one that it does not.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use stayput::prelude::*;

use support::process::{Launch, scratch};

use crate::room::{Room, Said};
use crate::{client, launch, run};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("client")
}

/// What the system trusts is read from the environment, and a process cannot change its own: so a child looks.
fn look(trusted: &str, url: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["tls::from_within", "--exact", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", folder().join(trusted))
        .env("STAYPUT_TEST_URL", url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{trusted}: {text}"
    );
}

/// Ends with the test, however that ends.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn trusted_certificates_are_taken_and_others_refused() {
    let data = scratch();
    let launch = Launch {
        variables: &[("STAYPUT_HOSTS", "localhost")],
        ..launch(data.path())
    };
    let (server, _) = launch.start();
    let address = server.address();
    let proxy = Command::new("node")
        .arg(folder().join("tls.mjs"))
        .arg(address.port().to_string())
        .stdout(Stdio::piped())
        .spawn();
    let mut proxy = Proxy(proxy.unwrap());
    let mut line = String::new();
    let mut said = BufReader::new(proxy.0.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let url = format!("https://localhost:{}", line.trim());
    look("localhost.pem", &url);
    look("stranger.pem", &url);
}

#[test]
#[ignore = "run by the test above, with its environment"]
fn from_within() {
    let url = std::env::var("STAYPUT_TEST_URL").unwrap();
    let is_trusted = std::env::var("SSL_CERT_FILE")
        .unwrap()
        .ends_with("localhost.pem");
    run(async {
        let client = client(&url);
        let room = Room::named(&client, "r");
        if !is_trusted {
            let error = room.say("x").await.unwrap_err();
            let rejection = error.rejection().unwrap();
            assert_eq!(
                (rejection.code(), rejection.maybe_executed()),
                ("network", false)
            );
            assert!(rejection.message().contains("certificate"), "{rejection}");
            let error = client.connect(&room).await.unwrap_err();
            assert!(error.message().contains("certificate"), "{error}");
            return;
        }
        let live = client.connect(&room).await.unwrap();
        let mut said = live.events::<Said>().await.unwrap();
        room.say("encrypted").await.unwrap();
        assert_eq!(said.next().await.unwrap().unwrap().text, "encrypted");
    });
}
