#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(min = 5, max = 1)] text: u8) {}
}

fn main() {}
