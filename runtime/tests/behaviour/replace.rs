//! An action that spins without end costs its object only: the shard is replaced.

use std::time::{Duration, Instant};

use stayput::prelude::*;
use stayput::testing;

use crate::support::{Signal, code, fate};

static SPINNING: Signal = Signal::new();
static ENOUGH: Signal = Signal::new();
static ENDED: Signal = Signal::new();

#[durable_object]
pub struct Spinner {
    turns: u64,
}

#[durable_object]
impl Spinner {
    #[action]
    fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    #[action]
    fn spin(&mut self) {
        self.turns += 1_000;
        SPINNING.give();
        ENOUGH.wait();
        ENDED.give();
    }
}

stayput::app!(Spinner);

#[test]
fn a_spinning_action_is_left_behind() {
    testing::run(app(), async |t| {
        let spinner = Spinner::named(t, "spins");
        let others: Vec<_> = (0..10)
            .map(|name| Spinner::named(t, &format!("other {name}")))
            .collect();
        spinner.turn().await.unwrap();
        others[0].turn().await.unwrap();
        let spins = t.spawn(spinner.spin());
        SPINNING.given().await;
        let began = Instant::now();
        let waiting: Vec<_> = others.iter().map(|other| t.spawn(other.turn())).collect();
        let behind = t.spawn(spinner.turn());
        let mut turns = Vec::new();
        for call in waiting {
            turns.push(call.await.unwrap());
        }
        assert_eq!(turns, [2, 1, 1, 1, 1, 1, 1, 1, 1, 1], "each was run once");
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(
            behind.await.unwrap(),
            2,
            "the object itself goes on from what it had committed"
        );
        assert!(!spins.is_finished());

        t.turn(seconds(26));
        assert_eq!(fate(spins.await), ("timeout".to_owned(), true));
        // What the old thread does when it comes to an end is not kept.
        ENOUGH.give();
        ENDED.given().await;
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(spinner.turn().await.unwrap(), 3);
        t.restart().await;
        assert_eq!(code(spinner.turn().await), "ok");
        assert_eq!(spinner.turn().await.unwrap(), 5);
    });
}
