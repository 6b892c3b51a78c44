#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
enum Room {
    Open,
}

fn main() {}
