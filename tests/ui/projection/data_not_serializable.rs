#![allow(unused)]

use stayput::prelude::*;

#[data]
enum Moved {
    Paid { cents: i64 },
}

struct Sum(i64);

#[projection]
struct Totals {
    cents: i64,
}

impl Projection for Totals {
    type Event = Moved;
    type Data = Sum;

    fn apply(&mut self, event: &Recorded<Moved>) {}

    fn data(&self) -> Sum {
        Sum(self.cents)
    }
}

fn main() {}
