#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {
    #[action]
    value: u64,
}

#[durable_object]
impl Room {}

fn main() {}
