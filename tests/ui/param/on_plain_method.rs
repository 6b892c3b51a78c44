#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    fn say(&mut self, #[param(min = 1)] by: u8) {}
}

fn main() {}
