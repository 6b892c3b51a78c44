#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    const unsafe extern "C" fn say(&mut self) {}
}

fn main() {}
