#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&self) {}

    #[action(name = "say")]
    fn tell(&self) {}
}

fn main() {}
