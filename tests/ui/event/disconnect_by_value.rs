#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(disconnect)]
    fn on(self) {}
}

fn main() {}
