#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room<T> {
    value: T,
}

fn main() {}
