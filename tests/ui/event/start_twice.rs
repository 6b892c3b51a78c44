#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(start)]
    fn one(&mut self) {}

    #[event(start)]
    fn two(&mut self) {}
}

fn main() {}
