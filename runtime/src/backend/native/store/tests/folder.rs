//! The data folder: whose it is, and what is refused.

use std::fs;

use super::*;

fn open(path: &Path) -> Result<Store, OpenError> {
    Store::open(path, &StoreOptions::new("app"))
}

/// Everything in the folder, but the lock's note of who holds it.
fn contents(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(path)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                fs::read(entry.path()).expect("a file"),
            )
        })
        .filter(|(name, _)| name != "lock")
        .collect();
    all.sort();
    all
}

#[test]
fn a_folder_has_a_fixed_set_of_files() {
    let dir = TempDir::new().expect("a folder");
    let path = dir.path().join("a/b/data");
    drop(open(&path).expect("it opens"));
    let names: Vec<_> = contents(&path).into_iter().map(|(name, _)| name).collect();
    let mut expected: Vec<_> = (0..8)
        .map(|number| format!("objects-{number}.sqlite"))
        .collect();
    expected.push("stayput.json".to_owned());
    assert_eq!(
        names, expected,
        "nothing but the files after a clean end: no logs"
    );
    // The number of files is the folder's, whatever is asked for later.
    let options = StoreOptions {
        files: 3,
        ..StoreOptions::new("app")
    };
    assert_eq!(Store::open(&path, &options).expect("it opens").files(), 8);
}

#[test]
fn one_process_has_the_folder() {
    let rig = Rig::new();
    let started = std::time::Instant::now();
    let error = open(rig.dir.path()).expect_err("it is in use");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(
        matches!(error, OpenError::Locked { holder: Some(pid), .. } if pid == std::process::id()),
        "{error}"
    );
    assert!(error.to_string().contains("STAYPUT_DATA"), "{error}");
    // The first is unharmed, and after its end the folder is free.
    put(&rig.open(&target("a")), "k", "1");
    assert_eq!(rig.settle(), Events::default());
    rig.reopen();
}

#[test]
fn every_start_has_a_later_epoch() {
    let dir = TempDir::new().expect("a folder");
    let mut last = 0;
    for _ in 0..3 {
        let store = open(dir.path()).expect("it opens");
        for _ in 0..2 {
            let epoch = store.next_epoch().expect("few owners");
            assert!(epoch > last, "{epoch} after {last}");
            last = epoch;
        }
    }
}

#[test]
fn a_strange_meta_file_is_refused_and_kept() {
    for (text, part) in [
        ("", "damaged"),
        ("{", "damaged"),
        ("[1]", "damaged"),
        (r#"{"format":1}"#, "damaged"),
        (
            r#"{"format":1,"app":"app","folder":"f","files":0,"boots":1}"#,
            "damaged",
        ),
        (
            r#"{"format":1,"app":"app","folder":"f","files":65,"boots":1}"#,
            "damaged",
        ),
        (
            r#"{"format":1,"app":"app","folder":"f","files":8,"boots":4294967295}"#,
            "damaged",
        ),
        (
            r#"{"format":1,"app":"other","folder":"f","files":8,"boots":1}"#,
            "belongs to the app `other`",
        ),
        (r#"{"format":2,"anything":true}"#, "format 2"),
    ] {
        let dir = TempDir::new().expect("a folder");
        drop(open(dir.path()).expect("it opens"));
        fs::write(dir.path().join("stayput.json"), text).expect("it writes");
        let before = contents(dir.path());
        let error = open(dir.path()).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(
            before == contents(dir.path()),
            "{text}: the folder was changed"
        );
    }
}

#[test]
fn a_lost_or_swapped_file_is_left_alone() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm, &[usize]); 4] = [
        (
            "missing file",
            |dir| fs::remove_file(file_path(dir, 3)).expect("removed"),
            &[3],
        ),
        (
            "empty file",
            |dir| fs::write(file_path(dir, 3), "").expect("written"),
            &[3],
        ),
        (
            "no database",
            |dir| fs::write(file_path(dir, 3), "hello, this is text").expect("written"),
            &[3],
        ),
        (
            "swapped files",
            |dir| {
                fs::rename(file_path(dir, 3), dir.join("x")).expect("renamed");
                fs::rename(file_path(dir, 4), file_path(dir, 3)).expect("renamed");
                fs::rename(dir.join("x"), file_path(dir, 4)).expect("renamed");
            },
            &[3, 4],
        ),
    ];
    for (name, harm, harmed) in harms {
        let rig = Rig::new();
        for number in 0..50 {
            put(&rig.open(&target(&number.to_string())), "k", "1");
        }
        rig.settle();
        let rig = rig.reopen_after(harm);
        let is_harmed = |name: &str| harmed.iter().any(|n| name == format!("objects-{n}.sqlite"));
        let before: Vec<_> = contents(rig.dir.path())
            .into_iter()
            .filter(|(name, _)| is_harmed(name))
            .collect();
        for number in 0..50 {
            let me = target(&number.to_string());
            let opened = rig.shard.open_object(&me);
            if harmed.contains(&rig.store.file_of(me.id)) {
                let fault = opened.map(|_| ()).expect_err(name);
                assert!(
                    matches!(fault, StorageFault::Quarantined(_)),
                    "{name}: {fault}"
                );
                assert!(fault.to_string().contains("--salvage"), "{name}: {fault}");
            } else {
                let (object, _) = opened.expect(name);
                assert_eq!(get(&object, "k").as_deref(), Some("1"), "{name}");
                put(&object, "k", "2");
            }
        }
        assert_eq!(rig.settle(), Events::default(), "{name}");
        assert_eq!(rig.shard.alarms(), Ok(Vec::new()), "{name}");
        let said = rig.store.damaged().expect(name);
        for number in harmed {
            assert!(
                said.contains(&format!("objects-{number}.sqlite")),
                "{name}: {said}"
            );
        }
        let Rig {
            shard, store, dir, ..
        } = rig;
        drop(shard);
        store.close();
        for (file, bytes) in before {
            let now = fs::read(dir.path().join(&file)).expect("it is there");
            assert!(now == bytes, "{name}: {file} was changed");
        }
    }
}

#[test]
fn a_folder_of_damaged_files_only_is_refused() {
    let dir = TempDir::new().expect("a folder");
    drop(open(dir.path()).expect("it opens"));
    for number in 0..8 {
        fs::write(file_path(dir.path(), number), "").expect("written");
    }
    let error = open(dir.path()).expect_err("nothing is left");
    assert!(error.to_string().contains("restore"), "{error}");
    // Without its own file nobody knows what a folder is.
    let dir = TempDir::new().expect("a folder");
    drop(open(dir.path()).expect("it opens"));
    fs::remove_file(dir.path().join("stayput.json")).expect("removed");
    let error = open(dir.path()).expect_err("it does not say what it is");
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

#[test]
fn a_newer_database_file_is_refused() {
    let dir = TempDir::new().expect("a folder");
    drop(open(dir.path()).expect("it opens"));
    let file = rusqlite::Connection::open(file_path(dir.path(), 5)).expect("it opens");
    file.pragma_update(None, "user_version", 2)
        .expect("it writes");
    drop(file);
    assert!(matches!(
        open(dir.path()),
        Err(OpenError::Newer {
            stored: 2,
            known: 1,
            ..
        })
    ));
}

#[test]
fn an_interrupted_making_is_taken_up_again() {
    let dir = TempDir::new().expect("a folder");
    drop(open(dir.path()).expect("it opens"));
    // As if the power had gone while the files were made: some there, one empty, some missing, never booted.
    let meta = dir.path().join("stayput.json");
    let text = fs::read_to_string(&meta)
        .expect("it reads")
        .replace("\"boots\":1", "\"boots\":0");
    fs::write(&meta, text).expect("it writes");
    fs::write(file_path(dir.path(), 3), "").expect("it writes");
    fs::remove_file(file_path(dir.path(), 6)).expect("removed");
    let rig = Rig::at(Rc::new(dir), &StoreOptions::new("app"));
    for number in 0..50 {
        put(&rig.open(&target(&format!("o{number}"))), "k", "1");
    }
    assert_eq!(rig.settle(), Events::default());
}

#[test]
fn sqlite_is_one_without_the_log_reset_bug() {
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}

#[test]
fn an_idle_object_is_small() {
    assert!(
        size_of::<StoredObject>() + 2 * size_of::<usize>() <= 200,
        "{}",
        size_of::<StoredObject>()
    );
}
