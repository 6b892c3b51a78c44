#![allow(unused)]

use stayput::prelude::*;

#[derive(Default)]
struct Porter;

#[durable_object(middleware(Porter))]
struct Room {}

#[durable_object]
impl Room {
    #[action(middleware(Porter))]
    fn say(&self) {}
}

fn main() {}
