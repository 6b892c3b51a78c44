//! `stayput dev --workers`: an app as a Worker on this machine, by one command.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use support::http::Connection;
use support::process::{free_address, scratch};
use support::workers::{native, workerd};

/// The command, ended with the test.
struct Dev(Child);

impl Drop for Dev {
    fn drop(&mut self) {
        // Asked to end, so that it ends what it started; both fail only when it is gone already.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

#[test]
fn an_example_is_served_as_a_worker() {
    let stayput = native("stayput-cli").with_file_name("stayput");
    let folder = scratch();
    let address = free_address().unwrap();
    let tools = workerd();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", tools.parent().unwrap().display());
    let dev = Command::new(stayput)
        .args(["dev", "counter", "--workers"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("PATH", path)
        .env("STAYPUT_DATA", folder.path())
        .env("STAYPUT_LISTEN", address.to_string())
        .stdin(Stdio::null())
        .spawn();
    let _dev = Dev(dev.unwrap());
    let begun = Instant::now();
    let mut connection = loop {
        let ready = Connection::open(address)
            .and_then(|mut connection| connection.get("/readyz").map(|_| connection));
        match ready {
            Ok(connection) => break connection,
            Err(fault) => assert!(begun.elapsed() < Duration::from_mins(10), "{fault}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let value = connection.call("counter/home", "increment", &json!({"by": 2}));
    assert_eq!(value.unwrap(), Ok(json!(2)));
    let manifest = connection.get("/manifest.json").unwrap().json().unwrap();
    assert_eq!(manifest["app"]["name"], "counter");
    assert!(folder.path().join("workers/data").is_dir());
}
