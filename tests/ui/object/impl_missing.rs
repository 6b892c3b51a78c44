#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

fn main() {}
