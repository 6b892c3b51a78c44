use stayput::prelude::*;

#[projection]
struct Totals(i64, u64);

fn main() {}
