use stayput::prelude::*;

#[data]
enum Happened {
    Paid,
}

#[data]
enum Otherwise {
    Lost,
}

#[projection]
struct Totals {
    count: u64,
}

impl Projection for Totals {
    type Event = Otherwise;
    type Data = u64;

    fn apply(&mut self, _: &Recorded<Otherwise>) {
        self.count += 1;
    }

    fn data(&self) -> u64 {
        self.count
    }
}

#[durable_object]
struct Shop {
    events: EventStore<Happened, (Totals,)>,
}

#[durable_object]
impl Shop {}

fn main() {}
