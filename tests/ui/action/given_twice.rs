#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(public)]
    #[action]
    fn say(&mut self) {}
}

fn main() {}
