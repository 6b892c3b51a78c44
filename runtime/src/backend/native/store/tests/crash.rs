//! A process that is killed while it writes: what it acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;

const FOLDER: &str = "STAYPUT_TEST_FOLDER";

/// The process that gets killed: 16 objects, each counting up in two records, every released gate told on stdout.
#[test]
#[ignore = "runs as a child of the test below"]
fn writer_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Store::open(Path::new(&folder), &StoreOptions::new("app")).expect("it opens");
    let (shard, notices) = attach(&store, 0, 1);
    let objects: Vec<_> = (0..16).map(|number| shard.open_object(&target(&number.to_string())).expect("opens").0).collect();
    loop {
        for (number, object) in objects.iter().enumerate() {
            let next = (object.seq() + 1).to_string();
            let seq = object.commit(commit(&[("a", &next), ("b", &next)], &[])).expect("accepted");
            let tell = move |result: Result<(), StorageFault>| {
                result.expect("the commit is on disk");
                println!("ack {number} {seq}");
            };
            object.gate(seq, Box::new(tell));
        }
        shard.flush();
        shard.on_notice(notices.recv().expect("a notice"));
        while let Ok(notice) = notices.try_recv() {
            shard.on_notice(notice);
        }
        std::io::stdout().flush().expect("stdout");
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--nocapture", "--exact", "backend::native::store::tests::crash::writer_until_killed"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there() {
    let dir = Rc::new(TempDir::new().expect("a folder"));
    let mut acknowledged = [0_u64; 16];
    for round in 0..6_u64 {
        let mut child = start(dir.path());
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut note = |line: &str| {
            let mut words = line.split(' ');
            if let (Some("ack"), Some(number), Some(seq)) = (words.next(), words.next(), words.next()) {
                let (number, seq): (usize, u64) = (number.parse().expect("a number"), seq.parse().expect("a number"));
                acknowledged[number] = acknowledged[number].max(seq);
                return true;
            }
            false
        };
        let mut count = 0;
        while count < 300 + 97 * round {
            count += u64::from(note(&lines.next().expect("it goes on").expect("text")));
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        // What it said before it died counts too; only a last line may be cut short.
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        for line in rest.iter().take(rest.len().saturating_sub(1)) {
            note(line);
        }

        let rig = Rig::at(Rc::clone(&dir), &StoreOptions::new("app"));
        for (number, least) in acknowledged.iter().enumerate() {
            let (object, found) = rig.shard.open_object(&target(&number.to_string())).expect("it opens");
            let Found::Born { seq, .. } = found else { panic!("object {number} is gone") };
            assert!(seq >= *least, "object {number}: commit {least} was acknowledged, {seq} is the last there");
            assert_eq!(get(&object, "a"), Some(seq.to_string()), "object {number}");
            assert_eq!(get(&object, "b"), Some(seq.to_string()), "object {number}: half a commit");
        }
    }
    assert!(acknowledged.iter().sum::<u64>() >= 1_800);
}
