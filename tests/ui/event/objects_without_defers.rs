#![allow(unused)]

use stayput::prelude::*;

#[event(durable, objects)]
struct Renamed;

#[durable_object(events(Renamed))]
struct User {}

#[durable_object]
impl User {}

fn main() {}
