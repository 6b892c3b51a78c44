//! Many objects that do nothing: quick to start with, small while loaded, gone when idle, and no file more.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use support::bounds::Baseline;
use support::http::Connection;
use support::process::{Launch, scratch};
use support::random::note;

use crate::{alone, amount, files, program};

const CONNECTIONS: usize = 16;

#[test]
fn idle_objects_cost_next_to_nothing() {
    let _alone = alone();
    let objects = amount("STAYPUT_IDLE_OBJECTS", 10_000);
    let baseline = Baseline::take();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    touch(server.address(), "increment", 0..1);
    let before = files::count(&data);
    let began = Instant::now();
    touch(server.address(), "increment", 1..objects);
    note(&format!("{objects} objects made in {:?}", began.elapsed()));
    assert_eq!(files::count(&data), before, "the file count grew");
    server.kill();

    let variables = [
        ("STAYPUT_RESIDENTS", "1000000"),
        ("STAYPUT_IDLE_MS", "5000"),
    ];
    let (server, ready) = Launch {
        variables: &variables,
        ..Launch::new(program(), &data)
    }
    .start();
    baseline.assert_within(
        "ready with that many objects",
        ready,
        Duration::from_secs(2),
    );
    // The first tenth fills what does not depend on the number of objects: connections and page caches.
    let first = objects / 10;
    touch(server.address(), "value", 0..first);
    let loaded_before = server.resident().unwrap();
    touch(server.address(), "value", first..objects);
    let loaded = server.resident().unwrap();
    let each = loaded.saturating_sub(loaded_before) / (objects - first) as u64;
    note(&format!(
        "{loaded_before} bytes with a tenth loaded, {loaded} with all: {each} bytes an object"
    ));
    assert!(each <= 2_048, "a loaded object costs {each} bytes");
    std::thread::sleep(Duration::from_secs(12));
    let evicted = server.resident().unwrap();
    touch(server.address(), "value", 0..objects);
    let again = server.resident().unwrap();
    note(&format!(
        "{evicted} bytes after eviction, {again} with all loaded again"
    ));
    assert!(
        evicted <= loaded_before + (loaded - loaded_before) / 2,
        "{evicted} bytes after eviction, {loaded} before: memory is not given back"
    );
    assert!(
        again <= loaded + loaded / 8,
        "{again} bytes when loaded again, {loaded} at first: eviction leaks"
    );
    assert_eq!(files::count(&data), before, "the file count grew");
}

/// Calls `action` once on each object; it must answer 1.
fn touch(address: SocketAddr, action: &'static str, objects: std::ops::Range<usize>) {
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let mine = objects.clone().skip(number).step_by(CONNECTIONS);
            std::thread::spawn(move || {
                let mut connection = Connection::open(address).unwrap();
                for object in mine {
                    let value = connection
                        .call(&format!("counter/idle-{object}"), action, &json!({}))
                        .unwrap();
                    assert_eq!(value, Ok(json!(1)), "counter/idle-{object}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
