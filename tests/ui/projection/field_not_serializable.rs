#![allow(unused)]

use stayput::prelude::*;

#[derive(Default)]
struct Opaque;

#[projection]
struct Totals {
    value: Opaque,
}

fn main() {}
