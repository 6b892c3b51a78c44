#![allow(unused)]

use stayput::prelude::*;

#[durable_object(impls(moderation))]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
