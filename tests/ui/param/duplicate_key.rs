#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(min = 1, min = 2)] text: u8) {}
}

fn main() {}
