#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(colour = "red")]
    fn say(&self) {}
}

fn main() {}
