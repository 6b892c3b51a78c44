#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(sleep)]
    fn on(&mut self) {}
}

fn main() {}
