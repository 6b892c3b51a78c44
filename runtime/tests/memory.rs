//! What an object costs while it is loaded and idle.

use stayput::prelude::*;
use stayput::testing;

/// A plain object, as most are.
#[durable_object]
struct Counter {
    value: i64,
}

#[durable_object]
impl Counter {
    #[action]
    fn increment(&mut self) -> i64 {
        self.value += 1;
        self.value
    }

    #[action]
    fn value(&self) -> i64 {
        self.value
    }
}

stayput::app!(Counter);

const OBJECTS: usize = 20_000;
/// The most that one may cost, in bytes, with everything that is kept for it.
const BUDGET: usize = 2_048;

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}

#[test]
fn an_idle_object_costs_two_kibibytes_at_most_and_gives_them_back() {
    testing::run(app(), async |t| {
        let load = async |set: &str, objects| {
            for number in 0..objects {
                let counter = Counter::named(t, &format!("{set}-{number}"));
                assert_eq!(counter.value().await.unwrap(), 0);
            }
            t.settle().await;
            resident()
        };
        // Everything that is needed once.
        Counter::named(t, "warm").increment().await.unwrap();
        let empty = load("warm", OBJECTS / 20).await;
        t.evict().await;
        let full = load("first", OBJECTS).await;
        let each = full.saturating_sub(empty) / OBJECTS;
        println!("{each} bytes an idle object");
        assert!(each <= BUDGET, "{each} bytes an idle object");
        t.evict().await;
        let again = load("second", OBJECTS).await;
        let more = again.saturating_sub(full) / OBJECTS;
        println!("{more} bytes more for each of as many others after eviction");
        assert!(
            more <= BUDGET / 10,
            "{more} bytes an object did not come back"
        );
    });
}
