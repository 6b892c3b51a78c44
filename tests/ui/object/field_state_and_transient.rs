#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {
    #[state(default = 1)]
    #[transient]
    value: u64,
}

#[durable_object]
impl Room {}

fn main() {}
