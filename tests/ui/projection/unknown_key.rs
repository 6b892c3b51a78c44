#![allow(unused)]

use stayput::prelude::*;

#[projection(nmae = "totals", events(Paid))]
struct Totals {
    cents: i64,
}

fn main() {}
