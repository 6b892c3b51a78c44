#![allow(unused)]

use stayput::prelude::*;

#[projection]
struct Totals<T> {
    sum: T,
}

fn main() {}
