#![allow(unused)]

use stayput::prelude::*;

#[durable_object(impls(a::b))]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
