use stayput::prelude::*;

#[projection]
struct OrderTotals {
    #[transient]
    count: u64,
}

fn main() {}
