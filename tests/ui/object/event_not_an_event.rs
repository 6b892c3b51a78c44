#![allow(unused)]

use stayput::prelude::*;

struct Said;

#[durable_object(events(Said))]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
