#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(max_length = 5)]
    fn say(&self) {}
}

fn main() {}
