#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[cfg_attr(all(), action)]
    fn say(&mut self) {}
}

fn main() {}
