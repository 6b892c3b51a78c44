#![allow(unused)]

use stayput::prelude::*;

#[data]
struct Point {
    x: u64,
}

#[durable_object]
struct Room {
    point: Point,
}

#[durable_object]
impl Room {}

fn main() {}
