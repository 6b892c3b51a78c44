#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {}

struct Other<T>(T);

#[durable_object]
impl<T> Other<T> {}

fn main() {}
