#![allow(unused)]

use stayput::prelude::*;

#[derive(Default)]
struct Opaque;

#[durable_object]
struct Room {
    value: Opaque,
}

#[durable_object]
impl Room {}

fn main() {}
