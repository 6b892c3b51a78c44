#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(pattern = "^(?!a)b$")] text: String) {}
}

fn main() {}
