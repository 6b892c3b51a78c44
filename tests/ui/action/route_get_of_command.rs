#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(get = "/next")]
    fn take_next(&mut self) -> u64 {
        1
    }
}

fn main() {}
