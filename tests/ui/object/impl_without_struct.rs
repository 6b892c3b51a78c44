#![allow(unused)]

use stayput::prelude::*;

struct Room {}

#[durable_object]
impl Room {}

fn main() {}
