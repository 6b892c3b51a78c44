#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    #[param(min = 1)]
    fn say(&mut self) {}
}

fn main() {}
