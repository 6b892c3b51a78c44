//! How fast commits become durable, as a multiple of what the disk can sync in the same minute.
//!
//! `cargo test --release -p stayput store::tests::speed -- --ignored --nocapture`

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

use super::*;

const TIME: Duration = Duration::from_secs(2);

/// Syncs a second of one thread that overwrites a page and syncs it.
fn syncs(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("sync")).expect("a file");
    file.write_all(&vec![1; 1 << 20]).and_then(|()| file.sync_all()).expect("written");
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < TIME / 2 {
        file.seek(SeekFrom::Start(u64::from(count % 256) * 4_096)).expect("seek");
        file.write_all(&[2; 4_096]).and_then(|()| file.sync_data()).expect("written");
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// Commits a second with `outstanding` at a time over `count` objects, one after the other, each writing one counter.
fn commits(count: usize, outstanding: usize) -> (f64, StoreStats) {
    let rig = Rig::new();
    let objects: Vec<_> = (0..count).map(|number| rig.open(&target(&format!("o{number}")))).collect();
    for object in &objects {
        put(object, "f/count", "0");
    }
    rig.settle();
    let released = Rc::new(Cell::new(0_u64));
    let (before, started) = (rig.store.stats(), Instant::now());
    let (mut sent, mut waiting) = (0_u64, VecDeque::new());
    while started.elapsed() < TIME {
        while sent - released.get() < outstanding as u64 {
            let object = &objects[usize::try_from(sent).expect("small") % count];
            let seq = put(object, "f/count", &sent.to_string());
            let released = Rc::clone(&released);
            object.gate(seq, Box::new(move |_| released.set(released.get() + 1)));
            sent += 1;
        }
        rig.shard.flush();
        waiting.push_back(rig.notices.recv().expect("a notice"));
        waiting.extend(rig.notices.try_iter());
        for notice in waiting.drain(..) {
            rig.shard.on_notice(notice);
        }
    }
    rig.settle();
    let (after, seconds) = (rig.store.stats(), started.elapsed().as_secs_f64());
    let stats = StoreStats {
        batches: after.batches - before.batches,
        transactions: after.transactions - before.transactions,
        commits: after.commits - before.commits,
        resets: 0,
    };
    (f64::from(u32::try_from(stats.commits).expect("fits")) / seconds, stats)
}

#[test]
#[ignore = "measures; its figures mean something in a release build on a quiet machine"]
fn commits_against_syncs() {
    let dir = TempDir::new().expect("a folder");
    for (objects, outstanding) in [(1, 1), (1, 64), (64, 64), (1_000, 64), (1_000, 1_000)] {
        let before = syncs(dir.path());
        let (rate, stats) = commits(objects, outstanding);
        let syncs = f64::midpoint(before, syncs(dir.path()));
        println!(
            "{objects:5} objects, {outstanding:5} outstanding: {rate:8.0} commits/s = {:5.2} x {syncs:6.0} syncs/s; {stats:?}",
            rate / syncs
        );
    }
}

#[test]
#[ignore = "measures; its figures mean something in a release build on a quiet machine"]
fn a_hundred_thousand_objects() {
    const COUNT: u32 = 100_000;
    let rig = Rig::new();
    let names: Vec<Target> = (0..COUNT).map(|number| target(&format!("o{number}"))).collect();
    let started = Instant::now();
    for some in names.chunks(1_000) {
        for name in some {
            put(&rig.open(name), "f/count", "0");
        }
        rig.settle();
    }
    println!("born: {:.0}/s", f64::from(COUNT) / started.elapsed().as_secs_f64());
    let started = Instant::now();
    let rig = rig.reopen();
    println!("closed and opened: {:?}", started.elapsed());
    let started = Instant::now();
    assert_eq!(rig.shard.alarms(), Ok(vec![]));
    println!("no alarms: {:?}", started.elapsed());
    let resident = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0) * 1_024
    };
    let (before, started) = (resident(), Instant::now());
    let live: Vec<_> = names.iter().map(|name| rig.open(name)).collect();
    let rate = f64::from(COUNT) / started.elapsed().as_secs_f64();
    let bytes = resident().saturating_sub(before) / u64::from(COUNT);
    println!("loaded: {rate:.0}/s, about {bytes} bytes each of {} in the struct", size_of::<StoredObject>());
    let started = Instant::now();
    assert!(live.iter().all(|object| get(object, "f/count").is_some()));
    println!("read: {:.0}/s", f64::from(COUNT) / started.elapsed().as_secs_f64());
    let files = std::fs::read_dir(rig.dir.path()).expect("a folder").count();
    println!("{files} files in the folder");
}
