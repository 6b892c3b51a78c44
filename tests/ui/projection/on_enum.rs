use stayput::prelude::*;

#[projection]
enum Totals {
    Day,
    Month,
}

fn main() {}
