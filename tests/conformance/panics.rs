//! Many panics among many calls: each hurts the call it happened in and nothing else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::bounds::Baseline;
use support::http::Connection;
use support::process::Server;
use support::random::note;

const CLIENTS: u64 = 8;
const OBJECTS: u64 = 40;
/// One call in so many panics.
const EVERY: u64 = 10;

/// What one object's calls came to.
#[derive(Default)]
struct Sum {
    /// Answered with success.
    sure: AtomicU64,
    /// Not known: the object was reset while they were under way.
    maybe: AtomicU64,
}

pub(crate) fn many(server: &Server, calls: u64) {
    let baseline = Baseline::take();
    let sums: Vec<Sum> = (0..OBJECTS).map(|_| Sum::default()).collect();
    let slowest: Vec<Duration> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let sums = &sums;
                scope.spawn(move || client_of(server, client, calls / CLIENTS, sums))
            })
            .collect();
        clients.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let slowest = slowest.into_iter().max().unwrap();
    let (mut sure, mut maybe) = (0, 0);
    for (object, sum) in sums.iter().enumerate() {
        let value = ask(server, &format!("tally/panics-{object}"), "value");
        let value = value.unwrap().as_u64().unwrap();
        let (known, unknown) = (
            sum.sure.load(Ordering::Relaxed),
            sum.maybe.load(Ordering::Relaxed),
        );
        assert!(
            (known..=known + unknown).contains(&value),
            "object {object}: {value}, {known} answered and {unknown} not known"
        );
        (sure, maybe) = (sure + known, maybe + unknown);
    }
    note(&format!(
        "{} panics among {calls} calls: {sure} others answered, {maybe} reset; slowest panic {slowest:?}",
        calls / EVERY
    ));
    // A bystander whose object panics under it is rare: it must be under way at that moment.
    assert!(maybe * 10 <= sure, "{maybe} of {sure} were reset");
    baseline.assert_within("the answer to a panic", slowest, Duration::from_millis(100));
}

fn client_of(server: &Server, client: u64, calls: u64, sums: &[Sum]) -> Duration {
    let mut connection = Connection::open(server.address()).unwrap();
    let mut slowest = Duration::ZERO;
    for n in 0..calls {
        let number = n * CLIENTS + client;
        let object = number * 7 % OBJECTS;
        let path = format!("tally/panics-{object}");
        let sum = &sums[usize::try_from(object).unwrap()];
        if n % EVERY == 0 {
            let begun = Instant::now();
            let error = connection
                .call(&path, "panic_after_write", &json!({"by": 1_000_000}))
                .unwrap()
                .unwrap_err();
            slowest = slowest.max(begun.elapsed());
            match error["data"]["code"].as_str() {
                Some("internal") => assert!(error["data"]["request_id"].is_string(), "{error}"),
                // Another one panicked first.
                Some("object_reset") => {}
                _ => panic!("a panic answers {error}"),
            }
            continue;
        }
        match connection.call(&path, "increment", &json!({})).unwrap() {
            Ok(_) => sum.sure.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                assert_eq!(error["data"]["code"], "object_reset", "{error}");
                assert_eq!(error["data"]["retryable"], true, "{error}");
                sum.maybe.fetch_add(1, Ordering::Relaxed)
            }
        };
    }
    slowest
}

fn ask(server: &Server, object: &str, action: &str) -> Result<Value, Value> {
    server.connect().call(object, action, &json!({})).unwrap()
}
