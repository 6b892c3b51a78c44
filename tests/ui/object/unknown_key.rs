#![allow(unused)]

use stayput::prelude::*;

#[durable_object(clas = "room")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
