#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(min_length = 5, max_length = 1)] text: String) {}
}

fn main() {}
