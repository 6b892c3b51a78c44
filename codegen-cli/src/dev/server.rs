//! The running program: started apart from our terminal's signals, stopped by SIGTERM and then by force.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::{http, term};

/// How long it may take to answer `/readyz` before we say that it does not.
const READY: Duration = Duration::from_secs(15);
/// How long it may take to end after SIGTERM.
const DRAIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(30);

/// A running program.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
}

impl Server {
    /// Starts it.
    pub(super) fn start(path: &Path, args: &[String]) -> Result<Self, Error> {
        let mut command = Command::new(path);
        command.args(args).stdin(Stdio::null());
        // Ctrl-C goes to a whole process group; in its own, the program ends when we say so, and once.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().map_err(|source| Error::Spawn {
            program: path.display().to_string(),
            source,
        })?;
        Ok(Self { child })
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(super) fn is_alive(&mut self) -> bool {
        self.ended().is_none()
    }

    /// Waits until it answers; false if it ended, is too slow, or we are told to stop.
    pub(super) fn wait_until_ready(&mut self, url: &str, stop: &AtomicBool) -> bool {
        let url = format!("{url}/readyz");
        let begin = Instant::now();
        while begin.elapsed() < READY {
            std::thread::sleep(POLL);
            if stop.load(Ordering::Relaxed) || !self.is_alive() {
                return false;
            }
            let answer = http::get(&url, &[], Duration::from_secs(1));
            // One that ends now found its address taken, and another program answered.
            if answer.is_ok_and(|answer| answer.status == 200) {
                std::thread::sleep(POLL);
                return self.is_alive();
            }
        }
        term::note(&format!(
            "warning: {url} has not answered 200 within {} s",
            READY.as_secs()
        ));
        false
    }

    /// Asks it to end and waits; a second signal to us, or too long a wait, ends it by force.
    pub(super) fn stop(mut self, again: &AtomicBool) {
        let stopping = again.swap(false, Ordering::Relaxed);
        self.terminate();
        let begin = Instant::now();
        while self.is_alive() {
            if again.load(Ordering::Relaxed) && stopping || begin.elapsed() > DRAIN {
                term::note("the program does not end; it is killed");
                let _ = self.child.kill();
                break;
            }
            std::thread::sleep(POLL);
        }
        let _ = self.child.wait();
        if stopping {
            again.store(true, Ordering::Relaxed);
        }
    }

    #[cfg(unix)]
    fn terminate(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // It may have ended by itself: then there is nothing to tell it.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }

    #[cfg(not(unix))]
    fn terminate(&mut self) {
        let _ = self.child.kill();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // However we end, the program does not outlive us.
        if self.is_alive() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
