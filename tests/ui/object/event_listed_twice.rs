#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[durable_object(events(Said, Said))]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
