//! Objects that went to sleep give their memory back.

use std::thread;
use std::time::Duration;

use serde_json::json;
use support::process::Server;
use support::random::note;

const OBJECTS: usize = 1_000;
const CLIENTS: usize = 8;
/// The platform lets go of an object that was idle for ten seconds.
const ASLEEP: Duration = Duration::from_secs(16);

/// Wakes the same objects again and again, with sleep in between.
pub(crate) fn gives_memory_back(server: &Server, rounds: usize) {
    let mut resident = Vec::new();
    for round in 0..rounds {
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                scope.spawn(move || wake(server, client, round));
            }
        });
        let awake = server.resident().unwrap();
        thread::sleep(ASLEEP);
        let asleep = server.resident().unwrap();
        note(&format!(
            "round {round}: {OBJECTS} objects, {} KiB awake, {} KiB asleep",
            awake >> 10,
            asleep >> 10
        ));
        resident.push(awake);
    }
    // V8 takes its time to collect instances that are gone: two rounds' are there at once, and no more however many
    // rounds there are. If nothing were given back it would be all rounds'.
    let (first, last) = (resident[0], resident[rounds - 1]);
    assert!(last <= first * 3, "grows from round to round: {resident:?}");
}

fn wake(server: &Server, client: usize, round: usize) {
    let mut connection = server.connect();
    for object in (client..OBJECTS).step_by(CLIENTS) {
        let value = connection.call(&format!("shelf/sleeper-{object}"), "memory", &json!({}));
        // It started anew, and its memory is that of nobody before it: it was asleep.
        assert_eq!(value.unwrap(), Ok(json!([1 + 100 * round, 1])));
    }
}
