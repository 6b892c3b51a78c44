//! 100,000 pending schedules in one node: how fast they are registered, what they take while nothing happens, and how soon a
//! node with them is up again. `cargo bench -p stayput --bench schedules`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench prints its figures, and what goes wrong in it ends it"
)]

use std::time::Instant;

use stayput::prelude::*;
use stayput_memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

const OBJECTS: u64 = 100;
const EACH: u64 = 1_000;

#[durable_object(defers)]
struct Diary {
    rung: u64,
}

#[durable_object]
impl Diary {
    #[action]
    fn plan(&mut self, cx: &mut Context<Self>, count: u64) {
        for number in 0..count {
            let me = cx.me();
            me.ring(number).after(cx, days(1 + number % 300));
        }
    }

    #[action]
    fn ring(&mut self, number: u64) {
        self.rung += number;
    }
}

stayput::app!(Diary);

fn main() {
    stayput::testing::run(app(), async |t| {
        let before = ALLOCATOR.bytes();
        let began = Instant::now();
        for number in 0..OBJECTS {
            Diary::named(t, &number.to_string())
                .plan(EACH)
                .await
                .unwrap();
        }
        let took = began.elapsed();
        let all = OBJECTS * EACH;
        println!(
            "registered {all} in {} ms: {:.0} a second",
            took.as_millis(),
            all as f64 / took.as_secs_f64()
        );
        t.evict().await;
        let held = ALLOCATOR.bytes().saturating_sub(before);
        println!(
            "held while idle: {:.1} bytes each",
            held as f64 / all as f64
        );
        let began = Instant::now();
        t.restart().await;
        println!("a restart, both ways: {} ms", began.elapsed().as_millis());
        let began = Instant::now();
        t.advance(days(1)).await;
        println!(
            "a day on, {} of them run in {} ms",
            OBJECTS * (EACH / 300 + 1),
            began.elapsed().as_millis()
        );
    });
}
