#![allow(unused)]

use stayput::prelude::*;

#[projection(version = 0)]
struct Totals {
    cents: i64,
}

#[projection(version = "2")]
struct Days {
    cents: i64,
}

fn main() {}
