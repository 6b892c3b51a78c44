//! Backups one after the other, beside a server that writes and is killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::json;
use support::process::{Launch, scratch};
use support::random::note;

use crate::moving::{ask, command, done, refused};
use crate::{alone, amount, program};

/// A program that follows, ended with this value.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(data: &Path, target: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(program())
            .arg("backup")
            .arg(target)
            .args(["--follow", "--every", "1"])
            .args(more)
            .env("STAYPUT_DATA", data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines() {
                if sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// What it says next: the backup, how many files of it were copied, how many it has.
    fn next(&self) -> (PathBuf, u64, u64) {
        let line = self.lines.recv_timeout(Duration::from_mins(1)).unwrap();
        let (path, rest) = line.split_once(": ").unwrap();
        let words: Vec<&str> = rest.split(' ').collect();
        (
            PathBuf::from(path),
            words[0].parse().unwrap(),
            words[2].parse().unwrap(),
        )
    }

    /// The last backup that comes until it has nothing to do any more.
    fn last(&self) -> Option<PathBuf> {
        let line = self.settled().pop()?;
        Some(PathBuf::from(line.split_once(": ").unwrap().0))
    }

    /// What it has said by the time that it has nothing to do any more.
    fn settled(&self) -> Vec<String> {
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(3)) {
            said.push(line);
        }
        said
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn backups_follow_the_data() {
    let _alone = alone();
    let folder = scratch();
    let [data, copies, new] = ["data", "copies", "new"].map(|name| folder.path().join(name));
    let (server, _) = Launch::new(program(), &data).start();
    let mut connection = server.connect();
    for name in ["a", "b", "c"] {
        let title = json!({"title": "one"});
        ask(&mut connection, &format!("museum/{name}"), "add", &title);
    }
    let done_with = folder.path().join("done-with");
    let then = format!("echo \"$STAYPUT_BACKUP\" >> '{}'", done_with.display());
    let follower = Follower::start(&data, &copies, &["--keep", "2", "--then", &then]);
    let (first, anew, all) = follower.next();
    assert_eq!((anew, all), (11, 11), "all of it");
    assert_eq!(
        fs::canonicalize(copies.join("latest")).unwrap(),
        fs::canonicalize(&first).unwrap()
    );
    // What SQLite still does with its log, and when idle objects close theirs, looks like a change.
    let first = follower.last().unwrap_or(first);
    assert_eq!(follower.settled(), [""; 0], "nothing has changed");

    // One object with a file of its own: that file, and the shared one that knows of it.
    ask(&mut connection, "museum/b", "add", &json!({"title": "two"}));
    let (second, anew, all) = follower.next();
    assert_eq!((anew, all), (2, 11));
    let inode = |backup: &Path, name: &str| fs::metadata(backup.join(name)).unwrap().ino();
    let museums = crate::backup::museums(&data);
    let shared = museums
        .iter()
        .filter(|name| inode(&first, name) == inode(&second, name));
    assert_eq!(shared.count(), 2, "{museums:?}");

    // A commit that nothing but the log's own counter tells of.
    let mut told = 0;
    for n in 0..amount("STAYPUT_FOLLOW_COMMITS", 200) as u64 {
        ask(
            &mut connection,
            "ledger/x",
            "add",
            &json!({"op": format!("{n}"), "n": 1}),
        );
        told += 1;
    }
    let (newest, ..) = follower.next();
    let newest = follower.last().unwrap_or(newest);
    server.kill();
    drop(follower);

    // Nothing but what is kept, and each of them is whole.
    let names = entries(&copies);
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names[2], "latest");
    for name in &names[..2] {
        let copy = copies.join(name);
        assert!(done(&command(&copy, &["verify"])).ends_with(b" 0 faults\n"));
        let said = refused(&command_serve(&copy), 1);
        assert!(said.contains("restore"), "{said}");
    }
    let passed = fs::read_to_string(&done_with).unwrap();
    assert!(
        passed.lines().any(|line| Path::new(line) == newest),
        "{passed}"
    );

    let began = Instant::now();
    let latest = copies.join("latest");
    done(&command(&new, &["restore", &latest.to_string_lossy()]));
    let (restored, _) = Launch::new(program(), &new).start();
    let mut connection = restored.connect();
    let totals = ask(&mut connection, "ledger/x", "totals", &json!({}));
    note(&format!("restored and answered in {:?}", began.elapsed()));
    assert_eq!(totals["total"], told);
    let pieces = ask(&mut connection, "museum/b", "pieces", &json!({}));
    assert!(pieces.as_u64().unwrap() >= 2, "{pieces}");
}

/// Serves the folder, which is to be refused.
fn command_serve(data: &Path) -> std::process::Output {
    command(data, &["--listen", "127.0.0.1:0"])
}

#[test]
fn what_a_killed_follower_left_is_cleared_away_and_others_are_kept_out() {
    let _alone = alone();
    let folder = scratch();
    let [data, copies] = ["data", "copies"].map(|name| folder.path().join(name));
    let (server, _) = Launch::new(program(), &data).start();
    ask(
        &mut server.connect(),
        "museum/a",
        "add",
        &json!({"title": "one"}),
    );
    let follower = Follower::start(&data, &copies, &[]);
    let (first, ..) = follower.next();
    let target = copies.to_string_lossy().into_owned();
    let words = ["backup", &target, "--follow"];
    let said = refused(&command(&data, &words), 1);
    assert!(said.contains("another process"), "{said}");
    drop(follower);
    let partial = copies.join("000000000000001.partial-1");
    fs::create_dir(&partial).unwrap();
    fs::write(partial.join("objects-0.sqlite"), "half").unwrap();
    let follower = Follower::start(&data, &copies, &[]);
    let (second, anew, all) = follower.next();
    assert_eq!(anew, all, "who follows anew knows nothing of those before");
    assert!(first.exists() && second.exists() && !partial.exists());
    drop(follower);
    fs::write(copies.join("photo.jpg"), "").unwrap();
    let said = refused(&command(&data, &words), 1);
    assert!(said.contains("photo.jpg"), "{said}");
    for wrong in [&["--every", "0"][..], &["--keep", "x"], &["more"]] {
        let words = [&words[..], wrong].concat();
        let said = refused(&command(&data, &words), 2);
        assert!(said.contains("--"), "{said}");
    }
}
