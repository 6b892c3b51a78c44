//! Damage of every kind at many places of a real file: nobody panics, nobody else notices, and the file stays as it is.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::backend::Scan;

const ALL: Scan<'static> = Scan {
    start: "",
    end: None,
    reverse: false,
    limit: usize::MAX,
};

type Contents = BTreeMap<String, Vec<Record>>;

/// A closed folder of two files with objects in both, and what each of them holds.
fn sample() -> (Rc<TempDir>, Contents) {
    let options = StoreOptions {
        files: 2,
        ..StoreOptions::new("app")
    };
    let rig = Rig::with(&options);
    let mut contents = Contents::new();
    for number in 0..24 {
        let me = target(&number.to_string());
        let object = rig.open(&me);
        let puts: Vec<(String, String)> = (0..20)
            .map(|item| (format!("c/items/{item:03}"), "v".repeat(number * 9 + item)))
            .collect();
        let puts: Vec<(&str, &str)> = puts.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let mut first = commit(&puts, &[]);
        first.alarm = Some(AlarmChange::Set(Timestamp::from_millis(1)));
        contents.insert(number.to_string(), first.puts.clone());
        object.commit(first).expect("accepted");
    }
    rig.settle();
    let Rig {
        shard, store, dir, ..
    } = rig;
    drop(shard);
    store.close();
    (dir, contents)
}

fn copy(from: &Path) -> Rc<TempDir> {
    let to = TempDir::new().expect("a folder");
    for entry in fs::read_dir(from).expect("it reads") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.path().join(entry.file_name())).expect("copied");
    }
    Rc::new(to)
}

/// Opens the folder, reads and writes every object, and closes it. How many objects of the harmed file were refused, and
/// how many were not what they had been.
fn live(dir: &Rc<TempDir>, contents: &Contents, harmed: usize) -> (usize, usize) {
    let rig = Rig::at(Rc::clone(dir), &StoreOptions::new("app"));
    rig.shard.alarms().expect("whoever is sound has alarms");
    let (mut refused, mut strange) = (0, 0);
    for round in 0..2 {
        for (name, expected) in contents {
            let me = target(name);
            let read = rig
                .shard
                .open_object(&me)
                .and_then(|(object, _)| Ok((object.scan(&ALL)?, object)));
            if rig.store.file_of(me.id) != harmed {
                let (found, object) = read.expect("the other file is sound");
                assert_eq!(&found, expected, "{name}");
                // Without a change of what it holds.
                object.commit(commit(&[], &["gone"])).expect("accepted");
                continue;
            }
            match read {
                Err(StorageFault::Quarantined(_)) => refused += round,
                Err(other) => panic!("{name}: {other}"),
                Ok((found, object)) => {
                    strange += usize::from(&found != expected);
                    // If it is born no more, that is a first commit, which the file may refuse.
                    object.commit(commit(&[], &["gone"])).ok();
                }
            }
        }
        let lost = rig.settle().lost;
        let is_harmed = |lost: &Lost| match lost {
            Lost::Object(id) => rig.store.file_of(*id) == harmed,
            Lost::File(file) | Lost::Taken(file) => *file == harmed,
        };
        assert!(lost.iter().all(is_harmed), "{lost:?}");
    }
    let in_file = contents
        .keys()
        .filter(|name| rig.store.file_of(target(name).id) == harmed);
    let in_file = in_file.count();
    assert!(
        refused == 0 || refused == in_file,
        "{refused} of {in_file} are refused"
    );
    assert_eq!(refused > 0, rig.store.damaged().is_some());
    let Rig { shard, store, .. } = rig;
    drop(shard);
    store.close();
    (refused, strange)
}

#[test]
fn a_cut_file_is_left_alone_wherever_it_was_cut() {
    let (dir, contents) = sample();
    let length = fs::metadata(file_path(dir.path(), 0))
        .expect("a file")
        .len();
    for cut in (0..length)
        .step_by(1_777)
        .chain([1, 99, 100, 4_095, 4_096, length - 1])
    {
        let copy = copy(dir.path());
        let path = file_path(copy.path(), 0);
        let file = fs::File::options()
            .write(true)
            .open(&path)
            .expect("it opens");
        file.set_len(cut).expect("cut");
        drop(file);
        let before = fs::read(&path).expect("it reads");
        let (refused, _) = live(&copy, &contents, 0);
        assert!(refused > 0, "cut at {cut}: nobody noticed");
        assert!(
            fs::read(&path).expect("it reads") == before,
            "cut at {cut}: it was changed"
        );
    }
}

#[test]
fn changed_bytes_harm_nobody_else() {
    let (dir, contents) = sample();
    let sound = fs::read(file_path(dir.path(), 0)).expect("it reads");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).expect("small")
    };
    let (mut found, mut silent) = (0, 0);
    for round in 0..120 {
        let copy = copy(dir.path());
        let path = file_path(copy.path(), 0);
        let mut bytes = sound.clone();
        match round % 3 {
            // One byte anywhere, ..
            0 => {
                let at = draw(bytes.len());
                bytes[at] ^= 1 << draw(8);
            }
            // .. one where pages say what is in them, ..
            1 => {
                let at = draw(bytes.len() / 4096) * 4096 + draw(40);
                bytes[at] = bytes[at].wrapping_add(1);
            }
            // .. or a whole page, which another one was written over.
            _ => {
                let (from, to) = (draw(bytes.len() / 4096), draw(bytes.len() / 4096));
                bytes.copy_within(from * 4096..(from + 1) * 4096, to * 4096);
            }
        }
        fs::write(&path, &bytes).expect("written");
        let lived = catch_unwind(AssertUnwindSafe(|| live(&copy, &contents, 0)));
        let Ok((refused, strange)) = lived else {
            panic!("round {round}: somebody panicked, or was wrong");
        };
        found += usize::from(refused > 0);
        silent += usize::from(refused == 0 && strange > 0);
    }
    // What SQLite cannot see: a byte within a value.
    assert!(
        found > 30 && silent < 60,
        "{found} were found, {silent} were not"
    );
    println!("{found} of 120 were found, {silent} changed what was read");
}

#[test]
fn damage_that_is_met_late_closes_the_file_as_it_is() {
    let (dir, contents) = sample();
    let path = file_path(dir.path(), 0);
    let mut bytes = fs::read(&path).expect("it reads");
    // Every page but the first two: it opens, and is found out by who reads it.
    for page in bytes.chunks_mut(4096).skip(2) {
        page.fill(0xa5);
    }
    fs::write(&path, &bytes).expect("written");
    let (refused, _) = live(&dir, &contents, 0);
    assert!(refused > 0);
    assert!(
        fs::read(&path).expect("it reads") == bytes,
        "it was changed"
    );
}
