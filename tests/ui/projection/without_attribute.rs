#![allow(unused)]

use stayput::prelude::*;

#[data]
enum Moved {
    Paid { cents: i64 },
}

struct Totals {
    cents: i64,
}

impl Projection for Totals {
    type Event = Moved;
    type Data = i64;

    fn apply(&mut self, event: &Recorded<Moved>) {}

    fn data(&self) -> i64 {
        self.cents
    }
}

fn main() {}
