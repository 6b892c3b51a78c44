#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(connect)]
    fn one(&mut self) {}

    #[event(connect)]
    fn two(&mut self) {}
}

fn main() {}
