#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {
    name: &'static str,
}

#[durable_object]
impl Room {}

fn main() {}
