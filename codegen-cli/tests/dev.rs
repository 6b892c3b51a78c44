//! `stayput dev` on a small package: it serves, outlives a broken build, takes the next good one, and ends cleanly.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for a build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// An app as far as the command can tell: it describes itself, listens and answers. `VERSION` stands for what changes.
const PROGRAM: &str = r##"
use std::io::{Read, Write};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).map(String::as_str) == Some("manifest") {
        std::fs::write(&args[2], MANIFEST).unwrap();
        return;
    }
    let listener = std::net::TcpListener::bind(std::env::var("STAYPUT_LISTEN").unwrap()).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nv:VERSION");
    }
}
const MANIFEST: &str = r#"{"stayput":{"manifest":1},"app":{"name":"small","version":"VERSION"},
    "classes":{"thing":{"type":"Thing","actions":{"do_VERSION":{"receiver":"command","auth":{"kind":"public"},"result":true}}}}}"#;
"##;

struct Dev {
    child: Child,
    lines: Receiver<String>,
    address: SocketAddr,
}

impl Dev {
    fn start(folder: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_stayput"))
            .args(["dev", "small", "--client", "web"])
            .current_dir(folder)
            .env("STAYPUT_LISTEN", address.to_string())
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            address,
        }
    }

    /// Waits until a line with this text is printed.
    fn wait_for(&self, text: &str) -> String {
        let begin = Instant::now();
        let mut all = String::new();
        loop {
            let left = PATIENCE.saturating_sub(begin.elapsed());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no `{text}` in:\n{all}")
            };
            if line.contains(text) {
                return line;
            }
            all.push_str(&line);
            all.push('\n');
        }
    }

    fn get(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_package_is_served_through_good_and_bad_builds() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("src")).unwrap();
    let package =
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), package).unwrap();
    let write = |text: &str| std::fs::write(folder.join("src/main.rs"), text).unwrap();
    write(&PROGRAM.replace("VERSION", "1"));

    let mut dev = Dev::start(folder);
    assert!(
        dev.wait_for("serving")
            .ends_with(&format!("serving small 1 on http://{}", dev.address))
    );
    let hint = dev.wait_for("try ");
    assert!(hint.contains("stayput call thing/home do_1"), "{hint}");
    assert!(dev.get().unwrap().ends_with("v:1"));
    let client = folder.join("web/client.ts");
    assert!(std::fs::read_to_string(&client).unwrap().contains("do_1("));

    write("fn main() { broken }");
    dev.wait_for("cannot find value `broken`");
    dev.wait_for("the last good build keeps running");
    assert!(dev.get().unwrap().ends_with("v:1"));

    write(&PROGRAM.replace("VERSION", "2"));
    dev.wait_for("serving small 2");
    assert!(dev.get().unwrap().ends_with("v:2"));
    assert!(std::fs::read_to_string(&client).unwrap().contains("do_2("));

    let pid = rustix::process::Pid::from_child(&dev.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = dev.child.try_wait().unwrap() {
            break status;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
    assert!(dev.get().is_err(), "the program outlived the command");
}
