#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(one_of = ["a", "b"], example = "c")] text: String) {}
}

fn main() {}
