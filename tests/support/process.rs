//! Programs under test: started on a free loopback port, watched, and stopped by their own process id.

#![allow(
    clippy::panic,
    reason = "what cannot be started fails the test that asked for it"
)]

use std::fs;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::http::Connection;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    began: Instant,
}

/// How to start one.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The binary.
    pub program: &'a Path,
    /// Its data folder; its log lies beside it.
    pub data: &'a Path,
    /// Shard threads.
    pub threads: usize,
    /// Further variables.
    pub variables: &'a [(&'a str, &'a str)],
    /// A command that starts the program, such as `taskset -c 0`.
    pub wrapper: &'a [&'a str],
    /// The program's own arguments; `{listen}` stands for the address and `{data}` for the folder.
    pub arguments: &'a [&'a str],
}

impl<'a> Launch<'a> {
    /// A plain start with four threads.
    pub fn new(program: &'a Path, data: &'a Path) -> Self {
        Self {
            program,
            data,
            threads: 4,
            variables: &[],
            wrapper: &[],
            arguments: &[],
        }
    }

    /// Starts the program on a free port, without waiting for it.
    pub fn spawn(&self) -> io::Result<Server> {
        self.spawn_at(free_address()?)
    }

    fn spawn_at(&self, address: SocketAddr) -> io::Result<Server> {
        let log = self.data.with_extension("log");
        let mut command = match self.wrapper {
            [] => Command::new(self.program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(self.program);
                command
            }
        };
        let fill = |argument: &&str| {
            argument
                .replace("{listen}", &address.to_string())
                .replace("{data}", &self.data.to_string_lossy())
        };
        command
            .args(self.arguments.iter().map(fill))
            .env("STAYPUT_LISTEN", address.to_string())
            .env("STAYPUT_DATA", self.data)
            .env("STAYPUT_THREADS", self.threads.to_string())
            .envs(self.variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(fs::File::create(&log)?)
            .stderr(fs::File::create(log.with_extension("err"))?);
        Ok(Server {
            began: Instant::now(),
            child: command.spawn()?,
            address,
            log,
        })
    }

    /// Starts the program and waits until it is ready. Returns how long that took.
    ///
    /// # Panics
    ///
    /// When it ends or is not ready within 30 s; the message holds its log.
    #[track_caller]
    pub fn start(&self) -> (Server, Duration) {
        self.wait(self.spawn())
    }

    /// The same on a port that it had before.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn start_at(&self, address: SocketAddr) -> (Server, Duration) {
        self.wait(self.spawn_at(address))
    }

    #[track_caller]
    fn wait(&self, spawned: io::Result<Server>) -> (Server, Duration) {
        let mut server = match spawned {
            Ok(server) => server,
            Err(fault) => panic!("{} does not start: {fault}", self.program.display()),
        };
        let took = server.wait_ready();
        (server, took)
    }
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A new connection.
    ///
    /// # Panics
    ///
    /// When it is refused.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        match Connection::open(self.address) {
            Ok(connection) => connection,
            Err(fault) => panic!("no connection: {fault}\n{}", self.log()),
        }
    }

    /// Waits for `GET /readyz` to answer 200. Returns the time since the start.
    ///
    /// # Panics
    ///
    /// When the program ends, or after 30 s.
    #[track_caller]
    pub fn wait_ready(&mut self) -> Duration {
        loop {
            let ready =
                Connection::open(self.address).and_then(|mut connection| connection.get("/readyz"));
            if ready.is_ok_and(|response| response.status == 200) {
                return self.began.elapsed();
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!(
                    "ended with {status} instead of getting ready\n{}",
                    self.log()
                );
            }
            assert!(
                self.began.elapsed() < Duration::from_secs(30),
                "not ready after 30 s\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// `kill -9`, and waits until the process is gone.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to end (`SIGTERM`).
    pub fn terminate(&self) -> io::Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.ok_or(io::ErrorKind::InvalidInput)?, Signal::TERM).map_err(io::Error::from)
    }

    /// Waits for the end; `None` when it still runs after `limit`.
    pub fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Everything it has said.
    pub fn log(&self) -> String {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        read(&self.log) + &read(&self.log.with_extension("err"))
    }

    /// What it has said on standard error.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.log.with_extension("err")).unwrap_or_default()
    }

    /// Resident memory in bytes, without file pages that the kernel may drop.
    pub fn resident(&self) -> io::Result<u64> {
        let mut text = String::new();
        fs::File::open(format!("/proc/{}/status", self.child.id()))?.read_to_string(&mut text)?;
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line
            .and_then(|rest| rest.trim().strip_suffix(" kB"))
            .and_then(|number| number.parse::<u64>().ok());
        Ok(kib.ok_or(io::ErrorKind::InvalidData)? * 1024)
    }

    /// Processor time used so far.
    pub fn processor(&self) -> Duration {
        processor(self.child.id())
    }

    fn end(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Processor time that a process has used so far; zero when it is gone.
pub fn processor(process: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Fields 14 and 15, counted behind the parenthesised name; a tick is 10 ms.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// A loopback address nobody listens on.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// A new folder on the disk that holds the build, which unlike `/tmp` is a real one everywhere. Removed when dropped.
///
/// # Panics
///
/// When it cannot be made.
pub fn scratch() -> tempfile::TempDir {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(Path::to_path_buf));
    let made = tempfile::Builder::new()
        .prefix("stayput-")
        .tempdir_in(beside.unwrap_or_else(std::env::temp_dir));
    match made {
        Ok(folder) => folder,
        Err(fault) => panic!("no scratch folder: {fault}"),
    }
}
