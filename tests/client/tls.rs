//! The same over TLS, and requests of processes: a certificate that the system trusts, and one that it does not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use stayput::prelude::*;

use support::process::{Launch, Server, scratch};

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

/// A server that speaks TLS only, and its URL by name.
fn encrypted(data: &Path) -> (Server, String) {
    let file = |name: &str| folder().join(name).to_string_lossy().into_owned();
    let (cert, key) = (file("localhost.pem"), file("localhost.key"));
    let variables = [("STAYPUT_TLS_CERT", &*cert), ("STAYPUT_TLS_KEY", &*key)];
    let launch = Launch {
        variables: &variables,
        ..launch(data)
    };
    let server = launch.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while !server.log().contains("listens on https://") {
        assert!(Instant::now() < until, "{}", server.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    let url = format!("https://localhost:{}", server.address().port());
    (server, url)
}

/// What a process of a server that trusts this certificate is told by others.
fn asked(trusted: &str, allowed: &str, url: &str) -> String {
    let data = scratch();
    let trusted = folder().join(trusted).to_string_lossy().into_owned();
    let variables = [
        ("SSL_CERT_FILE", &*trusted),
        ("STAYPUT_OUTBOUND_ALLOW", allowed),
    ];
    let launch = Launch {
        variables: &variables,
        ..launch(data.path())
    };
    let (server, _) = launch.start();
    let told = server
        .connect()
        .call("room/r", "ask", &serde_json::json!({ "url": url }));
    let told = told.unwrap().unwrap();
    told.as_str().unwrap().to_owned()
}

#[test]
fn processes_ask_only_whom_the_system_trusts() {
    let data = scratch();
    let (server, url) = encrypted(data.path());
    let page = format!("{url}/healthz");
    assert_eq!(asked("localhost.pem", "localhost", &page), "200");
    let told = asked("stranger.pem", "localhost", &page);
    assert!(told.starts_with("http.connect: "), "{told}");
    assert!(told.contains("certificate"), "{told}");
    // The certificate is for a name, and the address is not it.
    let page = format!("https://{}/healthz", server.address());
    let told = asked("localhost.pem", "127.0.0.1", &page);
    assert!(told.starts_with("http.connect: "), "{told}");
    assert!(told.contains("certificate"), "{told}");
}

#[test]
fn trusted_certificates_are_taken_and_others_refused() {
    let data = scratch();
    let (_server, url) = encrypted(data.path());
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
        // More than one record of TLS, and more than the socket takes at once.
        let long = "x".repeat(900_000);
        let of = Room::named(&live, "r");
        of.say(long.clone()).await.unwrap();
        assert_eq!(said.next().await.unwrap().unwrap().text.len(), long.len());
        live.close(1000, "").unwrap();
        assert_eq!(live.closed().await.0, 1000);
    });
}
