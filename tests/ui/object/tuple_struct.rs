#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room(u64);

fn main() {}
