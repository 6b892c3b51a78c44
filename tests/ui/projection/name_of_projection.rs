#![allow(unused)]

use stayput::prelude::*;

#[projection(name = "Order Totals")]
struct Totals {
    cents: i64,
}

#[projection(name = "")]
struct Nameless {
    cents: i64,
}

fn main() {}
