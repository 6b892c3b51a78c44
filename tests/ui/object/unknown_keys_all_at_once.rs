#![allow(unused)]

use stayput::prelude::*;

#[durable_object(color = "red", Size, sizes(1))]
struct Room {
    #[state(defualt = 1)]
    value: u64,
}

#[durable_object]
impl Room {}

fn main() {}
