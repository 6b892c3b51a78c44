#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(max = 18446744073709551616)] count: u64) {}
}

fn main() {}
