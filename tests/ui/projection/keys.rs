use stayput::prelude::*;

#[projection(name = "Order Totals", version = 0, events = "all")]
struct OrderTotals {
    count: u64,
}

#[projection]
enum Kind {
    A,
}

fn main() {}
